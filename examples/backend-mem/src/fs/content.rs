//! The bytes of one file, as they are and as they would be after a power cut: [`Data`].
//!
//! Knows nothing of names, handles and time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::entropy::Stream;

const PAGE: u64 = 4096;

/// Unsynced bytes that a file may have before the oldest go to the disk by themselves.
const DIRTY: usize = 1 << 20;

/// A file's bytes, sparse: what was never written is zero and takes no memory.
#[derive(Debug, Clone, Default)]
struct Content {
    len: u64,
    pages: BTreeMap<u64, Arc<[u8; PAGE as usize]>>,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Len(u64),
}

/// A file's bytes, those of them that are on the disk, and the changes between the two.
#[derive(Debug, Default)]
pub(crate) struct Data {
    now: Content,
    durable: Content,
    unsynced: VecDeque<Change>,
    n_dirty: usize,
}

impl Data {
    pub(crate) fn len(&self) -> u64 {
        self.now.len
    }

    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> usize {
        self.now.read(buf, offset)
    }

    pub(crate) fn write(&mut self, bytes: &[u8], offset: u64) {
        self.change(Change::Write(offset, bytes.to_vec()));
    }

    pub(crate) fn set_len(&mut self, len: u64) {
        if len != self.now.len {
            self.change(Change::Len(len));
        }
    }

    /// Everything up to here is on the disk.
    pub(crate) fn sync(&mut self) {
        self.settle(self.unsynced.len());
    }

    /// The power is cut: of the changes since the last sync a prefix is left, and of the first one
    /// that is not a prefix of its bytes.
    pub(crate) fn power_cut(&mut self, chance: &Stream) {
        self.settle(chance.below(self.unsynced.len() + 1));
        if let Some(Change::Write(offset, bytes)) = self.unsynced.pop_front() {
            let torn = chance.below(bytes.len() + 1);
            self.durable.write(&bytes[..torn], offset);
        }
        *self = Data {
            now: self.durable.clone(),
            durable: std::mem::take(&mut self.durable),
            ..Data::default()
        };
    }

    fn change(&mut self, change: Change) {
        self.n_dirty += change.weight();
        self.now.apply(&change);
        self.unsynced.push_back(change);
        while self.n_dirty > DIRTY {
            self.settle(1);
        }
    }

    /// The oldest changes reach the disk.
    fn settle(&mut self, n_changes: usize) {
        for change in self.unsynced.drain(..n_changes) {
            self.n_dirty -= change.weight();
            self.durable.apply(&change);
        }
    }
}

impl Change {
    fn weight(&self) -> usize {
        match self {
            Change::Write(_, bytes) => 64 + bytes.len(),
            Change::Len(_) => 64,
        }
    }
}

impl Content {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Write(offset, bytes) => self.write(bytes, *offset),
            Change::Len(len) => self.set_len(*len),
        }
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> usize {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n_read = buf.len().min(left);
        for (page, at, piece) in pieces(offset, n_read) {
            let to = &mut buf[piece];
            match self.pages.get(&page) {
                Some(page) => to.copy_from_slice(&page[at..at + to.len()]),
                None => to.fill(0),
            }
        }
        n_read
    }

    fn write(&mut self, bytes: &[u8], offset: u64) {
        for (page, at, piece) in pieces(offset, bytes.len()) {
            let from = &bytes[piece];
            let page = self
                .pages
                .entry(page)
                .or_insert_with(|| Arc::new([0; PAGE as usize]));
            Arc::make_mut(page)[at..at + from.len()].copy_from_slice(from);
        }
        if !bytes.is_empty() {
            self.len = self.len.max(offset + bytes.len() as u64);
        }
    }

    fn set_len(&mut self, len: u64) {
        self.len = len;
        self.pages.split_off(&len.div_ceil(PAGE));
        if let Some(page) = self.pages.get_mut(&(len / PAGE)) {
            Arc::make_mut(page)[(len % PAGE) as usize..].fill(0);
        }
    }
}

/// A range of a file cut at the borders of pages: page, place in the page, range in the buffer.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = ((offset + done as u64) % PAGE) as usize;
        let n = (PAGE as usize - at).min(len - done);
        let piece = ((offset + done as u64) / PAGE, at, done..done + n);
        done += n;
        (n > 0).then_some(piece)
    })
}
