//! Bytes that have come and have not been answered.
//!
//! A buffer with the framer of its first request. It grows with what arrives, never with what a
//! header announces, and gives its memory back after a large request. It knows nothing of where
//! bytes come from. A connection and the recovery own one each.

use crate::resp::frame::{Framer, Limits, Whole};
use crate::resp::{Arguments, ProtocolError, parse};

/// Room that is offered to one read, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;

/// A buffer larger than this is given back when it has been emptied.
const KEEP_MAX_BYTES: usize = 256 * 1024;

/// A buffer of requests.
#[derive(Debug)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    /// Everything before has been taken.
    start: usize,
    /// Everything from here on is room for the next read.
    end: usize,
    framer: Framer,
    limits: Limits,
}

impl Input {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
            framer: Framer::default(),
            limits,
        }
    }

    /// Room to read into; tell [`Input::filled`] how much of it was used.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > KEEP_MAX_BYTES {
                self.bytes = Vec::new();
            }
        }
        if self.bytes.len() - self.end < CHUNK_BYTES {
            // What was taken makes room first, unless moving the rest would cost more than it wins.
            if self.start >= self.end - self.start {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            if self.bytes.len() - self.end < CHUNK_BYTES {
                let grown = (self.bytes.len() * 2).max(self.end + CHUNK_BYTES);
                self.bytes.resize(grown, 0);
            }
        }
        &mut self.bytes[self.end..]
    }

    /// `n` bytes of the room hold data now.
    pub(crate) fn filled(&mut self, n: usize) {
        self.end += n;
        debug_assert!(self.end <= self.bytes.len());
    }

    /// The next whole request, if it has come. [`Input::take`] goes past it.
    pub(crate) fn next_request(&mut self) -> Result<Option<Whole>, ProtocolError> {
        self.framer
            .scan(&self.bytes[self.start..self.end], &self.limits)
    }

    /// The arguments of the request that [`Input::next_request`] has just found.
    pub(crate) fn arguments(&self, whole: Whole) -> Result<Arguments<'_>, ProtocolError> {
        parse(&self.bytes[self.start..self.start + whole.len()], whole)
    }

    /// Goes past a request.
    pub(crate) fn take(&mut self, whole: Whole) {
        self.start += whole.len();
        debug_assert!(self.start <= self.end);
    }

    /// Bytes that have come and have not been taken.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }
}
