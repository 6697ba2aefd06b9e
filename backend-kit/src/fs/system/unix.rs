//! Unix: modes, flags, positional reads and writes.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, DirEntryExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyrt_api::Core;
use anyrt_api::fs::OpenFlags;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::Until;
use crate::fs::OsFile;

impl<R: Core> AsFd for OsFile<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_std().as_fd()
    }
}

pub(crate) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buf, offset)
}

pub(crate) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(buf, offset)
}

/// Returns when the file that answered `WouldBlock` is ready.
pub(crate) fn wait_until_ready(file: &File, until: Until, _: io::Error) -> io::Result<()> {
    let event = match until {
        Until::Readable => PollFlags::IN,
        Until::Writable => PollFlags::OUT,
    };
    match poll(&mut [PollFd::new(file, event)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn permissions(mode: u32) -> Option<fs::Permissions> {
    Some(fs::Permissions::from_mode(mode))
}

pub(crate) fn set_dir_mode(builder: &mut fs::DirBuilder, mode: Option<u32>) {
    if let Some(mode) = mode {
        builder.mode(mode);
    }
}

pub(crate) fn set_open_flags(options: &mut fs::OpenOptions, flags: &OpenFlags) {
    options.custom_flags(flags.custom_flags);
    if let Some(mode) = flags.mode {
        options.mode(mode);
    }
}

pub(crate) fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(original, link)
}

pub(crate) fn ino(entry: &fs::DirEntry) -> Option<u64> {
    Some(entry.ino())
}
