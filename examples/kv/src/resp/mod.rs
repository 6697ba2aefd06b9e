//! The wire format: whole requests out of bytes, replies into bytes.
//!
//! ```text
//!   bytes -> Input -> Framer: where does the request end, is it within the limits
//!                        |
//!                     parse: redis-protocol's parser, or a line of words -> arguments
//!
//!   replies -> Output: bounded
//! ```
//!
//! The limits are checked on the announced lengths, before anything is allocated for them. It knows
//! no command. The server feeds it from sockets, the recovery from the log.

mod frame;
mod inline;
mod input;
mod output;

use redis_protocol::resp2::decode::decode_range;
use redis_protocol::resp2::types::RangeFrame;

pub(crate) use self::frame::{Limits, Whole};
pub(crate) use self::input::Input;
pub(crate) use self::output::{Output, write_command};

/// Why bytes are not a request. Its text is what the client is told after `ERR Protocol error: `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtocolError(pub(crate) String);

impl ProtocolError {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// The arguments of one whole request.
#[derive(Debug)]
pub(crate) enum Arguments<'a> {
    /// They stand in the buffer.
    Borrowed(Vec<&'a [u8]>),
    /// They were quoted on a line, and had to be written out.
    Owned(Vec<Vec<u8>>),
}

impl Arguments<'_> {
    /// Calls `f` with the arguments as slices.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&[&[u8]]) -> T) -> T {
        match self {
            Self::Borrowed(arguments) => f(arguments),
            Self::Owned(arguments) => f(&arguments.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        }
    }
}

/// Parses `bytes`, which [`Framer`](frame::Framer) found to be one whole request of this form.
pub(crate) fn parse(bytes: &[u8], whole: Whole) -> Result<Arguments<'_>, ProtocolError> {
    match whole {
        Whole::Empty { .. } => Ok(Arguments::Borrowed(Vec::new())),
        Whole::Inline { .. } => inline::split(bytes).map(Arguments::Owned),
        Whole::Array { .. } => match decode_range(bytes) {
            Ok(Some((RangeFrame::Array(frames), _))) => frames
                .iter()
                .map(|frame| match frame {
                    RangeFrame::BulkString((start, end)) => Ok(&bytes[*start..*end]),
                    _ => Err(ProtocolError::new("expected '$'")),
                })
                .collect::<Result<_, _>>()
                .map(Arguments::Borrowed),
            Ok(_) => Err(ProtocolError::new("expected an array of bulk strings")),
            Err(error) => Err(ProtocolError(error.to_string())),
        },
    }
}

#[cfg(test)]
mod tests;
