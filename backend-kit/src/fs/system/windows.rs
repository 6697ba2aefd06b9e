//! Windows: no modes; positional reads and writes move the cursor, which is put back.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::os::windows::fs::{FileExt, symlink_dir, symlink_file};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::path::Path;

use anyrt_api::Core;
use anyrt_api::fs::OpenFlags;

use super::Until;
use crate::fs::OsFile;

impl<R: Core> AsHandle for OsFile<R> {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.as_std().as_handle()
    }
}

pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    keeping_the_cursor(file, || file.seek_read(buf, offset))
}

pub(crate) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    keeping_the_cursor(file, || file.seek_write(buf, offset))
}

fn keeping_the_cursor(
    mut file: &File,
    call: impl FnOnce() -> io::Result<usize>,
) -> io::Result<usize> {
    let at = file.stream_position()?;
    let answer = call();
    file.seek(SeekFrom::Start(at))?;
    answer
}

/// Files of Windows do not answer `WouldBlock`; if one does, that is its error.
pub(crate) fn wait_until_ready(_: &File, _: Until, error: io::Error) -> io::Result<()> {
    Err(error)
}

pub(crate) fn permissions(_mode: u32) -> Option<fs::Permissions> {
    None
}

pub(crate) fn set_dir_mode(_: &mut fs::DirBuilder, _: Option<u32>) {}

pub(crate) fn set_open_flags(_: &mut fs::OpenOptions, _: &OpenFlags) {}

pub(crate) fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    let target = link.parent().unwrap_or(Path::new("")).join(original);
    if target.is_dir() {
        return symlink_dir(original, link);
    }
    symlink_file(original, link)
}

pub(crate) fn ino(_: &fs::DirEntry) -> Option<u64> {
    None
}
