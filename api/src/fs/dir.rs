//! The entries of a folder: [`ReadDir`], [`DirEntry`].

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_lite::StreamExt;

use super::{FileType, Metadata, RawDirEntry, RawReadDir};
use crate::any::AnyReadDir;
use crate::budget::{self, charged};
use crate::{AnyRuntime, AsyncFs, Core};

/// The entries of a folder, in no particular order: [`std::fs::ReadDir`], as a [`Stream`].
///
/// Made by [`fs::read_dir`](super::read_dir). Dropping it closes the folder.
#[must_use = "a stream does nothing unless polled"]
pub struct ReadDir<R: AsyncFs = AnyRuntime> {
    raw: R::ReadDir,
    dir: Arc<Path>,
    rt: R,
}

impl<R: AsyncFs> ReadDir<R> {
    pub(super) fn new(raw: R::ReadDir, dir: PathBuf, rt: R) -> Self {
        let dir = dir.into();
        ReadDir { raw, dir, rt }
    }

    /// The next entry, or `None` at the end.
    ///
    /// # Errors
    ///
    /// The system's, for one entry; the next call goes on.
    ///
    /// # Cancel safety
    ///
    /// Safe: no entry is lost.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry<R>>> {
        self.next().await.transpose()
    }
}

impl<R: AsyncFs + Core> ReadDir<R> {
    /// The same folder without its backend in the type. Two allocations: folder and runtime.
    pub fn erase(self) -> ReadDir {
        ReadDir {
            raw: AnyReadDir::new(self.raw),
            dir: self.dir,
            rt: AnyRuntime::new(self.rt),
        }
    }
}

impl<R: AsyncFs> Stream for ReadDir<R> {
    type Item = io::Result<DirEntry<R>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let next = ready!(budget::poll(cx, |cx| this.raw.poll_next_entry(cx)));
        let entry = |raw| DirEntry {
            raw,
            dir: Arc::clone(&this.dir),
            rt: this.rt.clone(),
        };
        Poll::Ready(next.map(|next| next.map(entry)))
    }
}

impl<R: AsyncFs> fmt::Debug for ReadDir<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadDir").field(&self.dir).finish()
    }
}

/// One entry of a folder: [`std::fs::DirEntry`]. It stays usable when the folder is closed.
pub struct DirEntry<R: AsyncFs = AnyRuntime> {
    raw: RawDirEntry,
    dir: Arc<Path>,
    rt: R,
}

impl<R: AsyncFs> DirEntry<R> {
    /// The folder's path, as it was given, with the entry's name: [`std::fs::DirEntry::path`].
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.join(&self.raw.file_name)
    }

    /// The name inside the folder: [`std::fs::DirEntry::file_name`].
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.raw.file_name.clone()
    }

    /// The name inside the folder, borrowed.
    #[must_use]
    pub fn file_name_ref(&self) -> &OsStr {
        &self.raw.file_name
    }

    /// The kind of file, following no symbolic link: [`std::fs::DirEntry::file_type`]. Most folders
    /// have said it already, and nothing is asked.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn file_type(&self) -> io::Result<FileType> {
        match self.raw.file_type {
            Some(known) => Ok(known),
            None => self.metadata().await.map(|it| it.file_type()),
        }
    }

    /// What is known of the file, following no symbolic link: [`std::fs::DirEntry::metadata`].
    ///
    /// # Errors
    ///
    /// The system's; `NotFound` if it was removed meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let path = self.path();
        charged(self.rt.path_metadata(&path, false)).await
    }

    /// The inode number, where there is one: `std::os::unix::fs::DirEntryExt::ino`.
    #[must_use]
    pub fn ino(&self) -> Option<u64> {
        self.raw.ino
    }
}

impl<R: AsyncFs + Core> DirEntry<R> {
    /// The same entry without its backend in the type. One allocation.
    #[must_use]
    pub fn erase(self) -> DirEntry {
        DirEntry {
            raw: self.raw,
            dir: self.dir,
            rt: AnyRuntime::new(self.rt),
        }
    }
}

impl<R: AsyncFs> fmt::Debug for DirEntry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.path()).finish()
    }
}
