//! Systems that cannot say whether a read would wait: the pool answers all.

use std::fs::File;
use std::io;
use std::path::Path;

use anyrt_api::fs::OpenFlags;

use super::Whole;

#[derive(Debug, Default)]
pub(crate) struct Inline;

impl Inline {
    #[cfg(test)]
    pub(crate) fn refuse(&self) {}

    pub(crate) fn read(
        &self,
        _file: &File,
        _buf: &mut [u8],
        _offset: Option<u64>,
    ) -> Option<io::Result<usize>> {
        None
    }
}

/// There is never one.
#[derive(Debug)]
pub(crate) enum Rest {}

impl Rest {
    pub(crate) fn read(self) -> io::Result<Vec<u8>> {
        match self {}
    }
}

pub(crate) fn open(_path: &Path, _flags: &OpenFlags) -> Option<File> {
    None
}

pub(crate) fn read_whole(_path: &Path) -> Whole {
    Whole::Untouched
}
