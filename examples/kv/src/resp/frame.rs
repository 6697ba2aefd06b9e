//! Where a request ends, and whether it is within the limits.
//!
//! The framer walks the headers of a request, resumes where it stopped when more bytes have come,
//! and allocates nothing. A request is an array of bulk strings or a line of words; anything nested
//! is refused, so a parser behind it never recurses. [`Input`](super::Input) calls it.

use crate::number::parse_integer;
use crate::resp::ProtocolError;

/// What a request may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of a whole request, its headers included.
    pub(crate) request_max_bytes: usize,
    /// Arguments of a request, the command's name included.
    pub(crate) arguments_max: usize,
}

/// The longest line of words, in bytes.
const INLINE_MAX_BYTES: usize = 64 * 1024;

/// The longest header line, `*` or `$` and its number, in bytes.
const HEADER_MAX_BYTES: usize = 32;

/// A request that stands in the buffer from its first byte to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Says nothing: an empty line, or an array without elements.
    Empty { len: usize },
    /// A line of words, as a person at a terminal writes.
    Inline { len: usize },
    /// An array of bulk strings, as every client library writes.
    Array { len: usize },
}

impl Whole {
    /// Its length in bytes.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Empty { len } | Self::Inline { len } | Self::Array { len } => len,
        }
    }
}

/// How far the request at the start of the buffer has been walked.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    /// Everything before this offset has been found good.
    scanned: usize,
    /// Elements still to come; `None` before the array's header has been read.
    elements_left: Option<usize>,
}

impl Framer {
    /// Looks for the end of the request that starts at `buf[0]`; `None` if more bytes are needed.
    ///
    /// `buf` must begin with the bytes of the last call until a whole request was answered.
    pub(crate) fn scan(
        &mut self,
        buf: &[u8],
        limits: &Limits,
    ) -> Result<Option<Whole>, ProtocolError> {
        let found = match buf.first() {
            None => None,
            Some(b'*') => self.scan_array(buf, limits)?,
            Some(_) => self.scan_line(buf)?,
        };
        if found.is_some() {
            *self = Self::default();
        }
        Ok(found)
    }

    fn scan_line(&mut self, buf: &[u8]) -> Result<Option<Whole>, ProtocolError> {
        let end = buf[self.scanned..].iter().position(|&byte| byte == b'\n');
        let len = end.map_or(buf.len(), |end| self.scanned + end + 1);
        if len > INLINE_MAX_BYTES {
            return Err(ProtocolError::new("too big inline request"));
        }
        self.scanned = len;
        Ok(end.map(|_| {
            let is_blank = buf[..len].iter().all(u8::is_ascii_whitespace);
            if is_blank {
                Whole::Empty { len }
            } else {
                Whole::Inline { len }
            }
        }))
    }

    fn scan_array(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<Whole>, ProtocolError> {
        let mut left = match self.elements_left {
            Some(left) => left,
            None => {
                let Some((count, next)) = header(buf, 0, "invalid multibulk length")? else {
                    return Ok(None);
                };
                let count = match usize::try_from(count) {
                    Err(_) | Ok(0) => return Ok(Some(Whole::Empty { len: next })),
                    Ok(count) if count > limits.arguments_max => {
                        return Err(ProtocolError::new("invalid multibulk length"));
                    }
                    Ok(count) => count,
                };
                self.scanned = next;
                self.elements_left = Some(count);
                count
            }
        };
        while left > 0 {
            let Some(next) = self.scan_bulk(buf, limits)? else {
                return Ok(None);
            };
            left -= 1;
            self.scanned = next;
            self.elements_left = Some(left);
        }
        Ok(Some(Whole::Array { len: self.scanned }))
    }

    /// Walks over one bulk string; answers the offset behind it.
    fn scan_bulk(&self, buf: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        match buf.get(self.scanned) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(&byte) => {
                let byte = char::from(byte).escape_default();
                return Err(ProtocolError(format!("expected '$', got '{byte}'")));
            }
        }
        let Some((length, start)) = header(buf, self.scanned, "invalid bulk length")? else {
            return Ok(None);
        };
        let length =
            usize::try_from(length).map_err(|_| ProtocolError::new("invalid bulk length"))?;
        let end = start.checked_add(length).and_then(|end| end.checked_add(2));
        let Some(end) = end.filter(|end| *end <= limits.request_max_bytes) else {
            let max = limits.request_max_bytes;
            return Err(ProtocolError(format!(
                "the request is larger than {max} bytes"
            )));
        };
        match buf.get(end - 2..end) {
            None => Ok(None),
            Some(b"\r\n") => Ok(Some(end)),
            Some(_) => Err(ProtocolError::new("a bulk string is not followed by CRLF")),
        }
    }
}

/// Reads the number of the header line at `at`; answers it and the offset behind the line.
fn header(buf: &[u8], at: usize, complaint: &str) -> Result<Option<(i64, usize)>, ProtocolError> {
    let window = &buf[at + 1..buf.len().min(at + HEADER_MAX_BYTES)];
    let Some(end) = window.iter().position(|&byte| byte == b'\n') else {
        return if at + HEADER_MAX_BYTES <= buf.len() {
            Err(ProtocolError::new(complaint))
        } else {
            Ok(None)
        };
    };
    let digits = window[..end].strip_suffix(b"\r");
    let number = digits.and_then(parse_integer);
    match number {
        Some(number) => Ok(Some((number, at + 1 + end + 1))),
        None => Err(ProtocolError::new(complaint)),
    }
}
