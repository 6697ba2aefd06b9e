//! Open files and folders.

use std::fmt;
use std::fs::TryLockError;
use std::io::{self, SeekFrom};
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::AsyncFs;
use anyrt_api::fs::{FileTimes, Metadata, Permissions, RawDirEntry, RawFile, RawReadDir};
use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_native::Native;

use super::tcp::hooked;
use super::{Notes, Sick, Turn};

/// A file of the native runtime.
type RawOne = <Native as AsyncFs>::File;

/// An open file.
pub(crate) struct File {
    /// `None` once it was given out.
    raw: Option<RawOne>,
    pub(crate) rt: Sick,
    /// Shared by its clones.
    pub(crate) notes: Arc<Notes>,
}

impl File {
    pub(crate) fn new(raw: RawOne, rt: &Sick) -> Self {
        File {
            raw: Some(raw),
            rt: rt.clone(),
            notes: Arc::default(),
        }
    }

    /// A clone of this file.
    pub(crate) fn another(&self, raw: RawOne) -> Self {
        File {
            raw: Some(raw),
            rt: self.rt.clone(),
            notes: self.notes.clone(),
        }
    }

    pub(crate) fn raw(&self) -> &RawOne {
        self.raw
            .as_ref()
            .expect("it is there until it is given out")
    }

    /// The file as std's, with the same cursor.
    pub(crate) fn std(&self) -> &std::fs::File {
        self.raw().as_std()
    }

    /// The native file, by value.
    pub(super) fn into_raw(mut self) -> RawOne {
        self.raw.take().expect("it is there until it is given out")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if self.raw.is_some() {
            self.rt.mutant().file_dropped(self);
        }
    }
}

impl RawObject for File {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.rt.mutant().file_left(self, direction, wait);
    }
}

impl RawFile for File {
    hooked! {
        poll_read(buf: &mut [u8]) -> usize => file_read;
        poll_write(buf: &[u8]) -> usize => file_write;
        poll_flush() -> () => file_flush;
        poll_seek(to: SeekFrom) -> u64 => file_seek;
    }

    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        self.rt.mutant().file_try_read_at(self, buf, offset)
    }

    async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.rt.mutant().file_read_at(self, buf, offset).await
    }

    async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.rt.mutant().file_write_at(self, buf, offset).await
    }

    async fn file_metadata(&self) -> io::Result<Metadata> {
        self.rt.mutant().file_metadata(self).await
    }

    async fn set_len(&self, len: u64) -> io::Result<()> {
        self.rt.mutant().file_set_len(self, len).await
    }

    async fn sync(&self, data_only: bool) -> io::Result<()> {
        self.rt.mutant().file_sync(self, data_only).await
    }

    async fn try_clone_file(&self) -> io::Result<Self> {
        self.rt.mutant().file_clone(self).await
    }

    async fn set_file_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.raw().set_file_permissions(permissions).await
    }

    async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.raw().set_times(times).await
    }

    async fn lock(&self, exclusive: bool) -> io::Result<()> {
        self.raw().lock(exclusive).await
    }

    async fn try_lock(&self, exclusive: bool) -> Result<(), TryLockError> {
        self.raw().try_lock(exclusive).await
    }

    async fn unlock(&self) -> io::Result<()> {
        self.raw().unlock().await
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

/// What a folder answers.
pub(crate) type Entry = Poll<Option<io::Result<RawDirEntry>>>;

/// An open folder.
pub(crate) struct Folder {
    /// `None` once a mutant took it.
    pub(crate) raw: Option<<Native as AsyncFs>::ReadDir>,
    pub(crate) rt: Sick,
    pub(crate) notes: Notes,
}

impl Folder {
    pub(crate) fn new(raw: <Native as AsyncFs>::ReadDir, rt: &Sick) -> Self {
        Folder {
            raw: Some(raw),
            rt: rt.clone(),
            notes: Notes::default(),
        }
    }

    /// The native folder's next entry.
    pub(crate) fn poll_raw(&mut self, cx: &mut Context<'_>) -> Entry {
        let raw = self.raw.as_mut().expect("it is there until it is dropped");
        raw.poll_next_entry(cx)
    }
}

impl RawReadDir for Folder {
    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Entry {
        let mutant = self.rt.mutant();
        mutant.next_entry(self, cx)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.rt.mutant().folder_dropped(self);
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}
