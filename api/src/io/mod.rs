//! Reading and writing: futures-io's traits, futures-lite's extensions, and what we add to them.
//!
//! The traits are futures-io's, under its names, so that every crate outside tokio's world fits;
//! the extension traits and adapters are futures-lite's. Ours are [`BufWriter`] (whose `into_inner`
//! flushes), [`copy_bidirectional`], [`duplex`] and [`timeout`]. Knows nothing of sockets or files.
//!
//! `read_to_string` and `read_line` of the extension traits want an empty `String`: what it holds
//! is replaced, and in a debug build they panic. The methods of our streams and files append, as
//! std's do.
//!
//! # Cancel safety
//!
//! `read`, `write`, `read_vectored`, `write_vectored`, `fill_buf` and `flush` are safe: dropping
//! them loses nothing. `read_exact`, `read_to_end`, `read_to_string`, `read_line`, `read_until`,
//! `write_all` and `copy` are not: what they have done so far is known to their future alone.

mod buf_writer;
mod copy;
mod duplex;
mod operation;
mod stream;
mod timeout;
mod wait;

pub use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Result, SeekFrom};

pub use buf_writer::{BufWriter, IntoInnerError};
pub use copy::copy_bidirectional;
pub use duplex::{DuplexStream, duplex};
pub use futures_io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
pub use futures_lite::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, Bytes, Chain, Cursor,
    Empty, Lines, ReadHalf, Repeat, Sink, Split, Take, WriteHalf, copy, empty, repeat, sink, split,
};
pub(crate) use operation::{leave, operation, waiting};
pub use stream::RawStream;
pub use timeout::{timeout, timeout_in};
pub use wait::{Direction, RawObject, Wait};

/// Text as std's `read_to_string` takes it.
pub(crate) fn into_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| {
        let text = "stream did not contain valid UTF-8";
        Error::new(ErrorKind::InvalidData, text)
    })
}
