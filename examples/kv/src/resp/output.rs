//! Replies that wait to be sent, bounded.
//!
//! RESP2 alone. A reply that would pass the bound is not written, and the buffer says so. It knows
//! no command and no socket. Commands write into it, a connection sends it.

use std::fmt::Write;

/// A buffer of replies that never holds more than its bound.
#[derive(Debug)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    max_bytes: usize,
    is_over: bool,
}

/// A buffer larger than this is given back when it has been sent.
const KEEP_MAX_BYTES: usize = 256 * 1024;

impl Output {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            bytes: Vec::new(),
            max_bytes,
            is_over: false,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether something had to be left out since the last [`Output::truncate`].
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Bytes that still fit.
    pub(crate) fn room(&self) -> usize {
        self.max_bytes.saturating_sub(self.bytes.len())
    }

    /// Cuts back to `len`, to a place between two replies.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
        self.is_over = false;
    }

    /// Forgets what has been sent.
    pub(crate) fn clear(&mut self) {
        self.truncate(0);
        if self.bytes.capacity() > KEEP_MAX_BYTES {
            self.bytes = Vec::new();
        }
    }

    /// Says that the reply does not fit, as if it had been written.
    pub(crate) fn overflow(&mut self) {
        self.is_over = true;
    }

    /// Replies that are written out already, and were within the bound.
    pub(crate) fn raw(&mut self, replies: &[u8]) {
        self.bytes.extend_from_slice(replies);
    }

    /// `+text`.
    pub(crate) fn simple(&mut self, text: &str) {
        self.line('+', text);
    }

    /// `-text`, on one line whatever it holds.
    pub(crate) fn error(&mut self, text: &str) {
        self.line('-', text.replace(['\r', '\n'], " "));
    }

    /// `-text`, even if the bound is passed by it.
    pub(crate) fn last_words(&mut self, text: &str) {
        self.max_bytes = self.max_bytes.max(self.bytes.len() + text.len() + 3);
        self.error(text);
    }

    pub(crate) fn integer(&mut self, number: i64) {
        self.line(':', number);
    }

    /// The number of elements that follow.
    pub(crate) fn array(&mut self, len: usize) {
        self.line('*', len);
    }

    pub(crate) fn bulk(&mut self, bytes: &[u8]) {
        if self.fits(bytes.len() + 24) {
            self.line('$', bytes.len());
            self.bytes.extend_from_slice(bytes);
            self.bytes.extend_from_slice(b"\r\n");
        }
    }

    /// The bulk string that is not there.
    pub(crate) fn null(&mut self) {
        self.line('$', -1);
    }

    /// The array that is not there.
    pub(crate) fn null_array(&mut self) {
        self.line('*', -1);
    }

    fn line(&mut self, kind: char, content: impl std::fmt::Display) {
        let start = self.bytes.len();
        let written = write!(Appender(&mut self.bytes), "{kind}{content}\r\n");
        debug_assert!(written.is_ok(), "a vector takes everything");
        if self.is_over || self.bytes.len() > self.max_bytes {
            self.bytes.truncate(start);
            self.is_over = true;
        }
    }

    fn fits(&mut self, n: usize) -> bool {
        if self.is_over || n > self.room() {
            self.is_over = true;
        }
        !self.is_over
    }
}

/// Writes a command as an array of bulk strings, the form of a request and of a record of the log.
pub(crate) fn write_command(bytes: &mut Vec<u8>, arguments: &[&[u8]]) {
    let written = write!(Appender(bytes), "*{}\r\n", arguments.len());
    debug_assert!(written.is_ok(), "a vector takes everything");
    for argument in arguments {
        let written = write!(Appender(bytes), "${}\r\n", argument.len());
        debug_assert!(written.is_ok(), "a vector takes everything");
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
}

/// Text into bytes: it cannot fail.
struct Appender<'a>(&'a mut Vec<u8>);

impl Write for Appender<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
