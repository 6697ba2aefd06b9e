//! The bytes of one file, as they are and as they would be after a power cut: [`Data`].
//!
//! Knows nothing of names, handles and time.

use std::io::{self, ErrorKind, Read};

use crate::ensure;
use crate::entropy::Stream;

/// The longest file.
const LONGEST: u64 = 1 << 30;

/// A file's bytes, those of them that are on the disk, and the changes between the two.
#[derive(Debug, Default)]
pub(crate) struct Data {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Len(usize),
}

impl Data {
    pub(crate) fn len(&self) -> u64 {
        self.now.len() as u64
    }

    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut left = self.now.get(offset as usize..).unwrap_or_default();
        left.read(buf)
    }

    /// Writes, and says where the bytes end.
    pub(crate) fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<u64> {
        let end = offset.saturating_add(bytes.len() as u64);
        ensure(end <= LONGEST, ErrorKind::FileTooLarge)?;
        self.change(Change::Write(offset as usize, bytes.to_vec()));
        Ok(end)
    }

    pub(crate) fn set_len(&mut self, len: u64) -> io::Result<()> {
        ensure(len <= LONGEST, ErrorKind::FileTooLarge)?;
        self.change(Change::Len(len as usize));
        Ok(())
    }

    /// Everything up to here is on the disk.
    pub(crate) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// The power is cut: of the changes since the last sync a prefix is left, and of the first one
    /// that is not a prefix of its bytes.
    pub(crate) fn power_cut(&mut self, chance: &Stream) {
        let n_kept = chance.up_to(self.unsynced.len());
        let mut lost = self.unsynced.split_off(n_kept).into_iter();
        if let Some(Change::Write(offset, mut bytes)) = lost.next() {
            bytes.truncate(chance.up_to(bytes.len()));
            self.unsynced.push(Change::Write(offset, bytes));
        }
        self.sync();
        self.now.clone_from(&self.durable);
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(_, new) if new.is_empty() => {}
            Change::Write(offset, new) => {
                let end = offset + new.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*offset..end].copy_from_slice(new);
            }
            Change::Len(len) => bytes.resize(*len, 0),
        }
    }
}
