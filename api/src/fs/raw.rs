//! What a backend brings for files: [`AsyncFs`] and its objects, with std's meaning.
//!
//! Primitives only: resolved paths, plain flags. What can be written over them (`read_to_string`,
//! `exists`, the loops of `read_exact_at`) is written once, beside this file; what a system does
//! better by itself is a provided method, whose body stands in `provided.rs`.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::TryLockError;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use super::{FileTimes, FileType, Metadata, OpenFlags, Permissions, provided};
use crate::io::{RawObject, Wait};

/// Files and folders, each operation as [`std::fs`] has it.
///
/// # Contract
///
/// - `L141` Any sequence of operations gives the results and error kinds that `std::fs` gives.
/// - `L142` An error keeps the system's error number.
/// - `L153` An operation on a path that is dropped half-way took full effect or none, and leaks
///   nothing.
/// - `L156` Paths that are not UTF-8 work; a NUL inside a path is `InvalidInput`; the kinds of
///   other bad paths are std's.
/// - `L158` `create_new` succeeds for one of many at once; `rename` replaces atomically.
/// - `L162` Ten thousand opens at once succeed, take no more threads than may block, and leak no
///   descriptor.
///
/// # Implementation notes
///
/// The provided methods are for files that never wait once they are open, as those in memory. Where
/// a step of a file may wait, each costs a wait a step, and a `write_file` or `copy_file` that is
/// dropped between two of them breaks `L153`: override them there, by one call on one thread.
///
/// The recursive operations are primitives: in steps they would break `L153`, and a removal by
/// paths could be led astray by a link that somebody puts in its way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no files",
    label = "not a runtime with files",
    note = "in generic code, add the bound `{Self}: anyrt_api::AsyncFs` (or `Runtime`)",
    note = "pass the handle of a backend, as `native::Runtime::handle()` returns it",
    note = "a raw `tokio::runtime::Handle` is wrapped by `anyrt::tokio::Tokio::try_from_handle`"
)]
pub trait AsyncFs: Clone + Debug + Send + Sync + Unpin + 'static {
    /// An open file.
    type File: RawFile;
    /// The entries of a folder.
    type ReadDir: RawReadDir;

    /// Opens a file. The flags have been checked ([`OpenFlags::check`]).
    fn open_file(
        &self,
        path: &Path,
        flags: &OpenFlags,
    ) -> impl Future<Output = io::Result<Self::File>> + Send;
    /// A whole file's bytes.
    ///
    /// By default opens it and reads to its end. Over threads, override it: one trip, or none, in
    /// place of four.
    fn read_file(&self, path: &Path) -> impl Future<Output = io::Result<Vec<u8>>> + Send {
        provided::read_file(self, path)
    }
    /// Makes or replaces a whole file. Takes the bytes by value, so that a thread can have them.
    ///
    /// By default opens it, emptied, and writes: see the trait for when that will do.
    fn write_file(
        &self,
        path: &Path,
        contents: Vec<u8>,
    ) -> impl Future<Output = io::Result<()>> + Send {
        provided::write_file(self, path, contents)
    }
    /// Copies bytes and permissions; the number of bytes. `InvalidInput` if `from` is no file.
    ///
    /// By default opens both, `to` emptied and with the permissions of `from`, and moves the bytes
    /// through 64 KiB of memory: see the trait for when that will do.
    fn copy_file(&self, from: &Path, to: &Path) -> impl Future<Output = io::Result<u64>> + Send {
        provided::copy_file(self, from, to)
    }
    /// Renames, replacing `to`.
    fn rename(&self, from: &Path, to: &Path) -> impl Future<Output = io::Result<()>> + Send;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;
    /// Makes a folder: with `recursive` its parents too, `mode` on Unix (`0o777` by default).
    fn create_dir(
        &self,
        path: &Path,
        recursive: bool,
        mode: Option<u32>,
    ) -> impl Future<Output = io::Result<()>> + Send;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;
    /// Removes a folder and all in it; follows no symbolic link.
    fn remove_dir_all(&self, path: &Path) -> impl Future<Output = io::Result<()>> + Send;
    /// Opens a folder to read its entries.
    fn open_dir(&self, path: &Path) -> impl Future<Output = io::Result<Self::ReadDir>> + Send;
    /// Metadata; with `follow` that of a symbolic link's target.
    fn path_metadata(
        &self,
        path: &Path,
        follow: bool,
    ) -> impl Future<Output = io::Result<Metadata>> + Send;
    /// Sets permissions.
    fn set_path_permissions(
        &self,
        path: &Path,
        permissions: Permissions,
    ) -> impl Future<Output = io::Result<()>> + Send;
    /// A second name for a file.
    fn hard_link(
        &self,
        original: &Path,
        link: &Path,
    ) -> impl Future<Output = io::Result<()>> + Send;
    /// A symbolic link. On Windows it is one to a folder if `original` is one.
    fn symlink(&self, original: &Path, link: &Path) -> impl Future<Output = io::Result<()>> + Send;
    /// What a symbolic link points to.
    fn read_link(&self, path: &Path) -> impl Future<Output = io::Result<PathBuf>> + Send;
    /// The absolute path without links.
    fn canonicalize(&self, path: &Path) -> impl Future<Output = io::Result<PathBuf>> + Send;
}

/// A backend's open file: std's file, unbuffered, with one cursor that is the system's cursor.
///
/// # Contract
///
/// - `L143` When a write resolves to `Ok(n)`, those bytes are in the file.
/// - `L144` A write's error is returned by that write.
/// - `L145` `Ok` of a sync means that every acknowledged byte reached the file.
/// - `L146` An error once reported is not followed by a success that pretends the data arrived.
/// - `L147` Dropping a file loses no acknowledged byte.
/// - `L148` Dropping a file does not block.
/// - `L149` At rest the system's cursor is the file's cursor.
/// - `L150` Reads, writes, appends and seeks mix as in std.
/// - `L151` A cancelled read moves no cursor; the next read returns those bytes.
/// - `L152` A cancelled write leaves a prefix of its bytes, and later operations come after it.
/// - `L154` A read at the end is `Ok(0)`; after the file grew it returns the new bytes.
/// - `L155` Offsets beyond 4 GiB work; a seek before the start is `InvalidInput`, and the cursor
///   stays.
/// - `L160` A read that waits, as of a pipe that nobody writes to, blocks no worker, and holds up
///   no shutdown beyond its limit.
/// - `L161` What was acknowledged before the runtime shut down is in the file. A write that was
///   begun is waited for by a shutdown that has the time.
/// - `L200` The result of a dropped write is never taken for the next one's: that one's `Ok(n)`
///   means its own bytes. The error of a dropped write is returned by the next write, flush or
///   sync.
///
/// # Implementation notes
///
/// Poll methods of several tasks are served one after the other, each by its own `Wait`; the
/// direction of a file's waiters is `Read` for reads and seeks, `Write` for writes and flushes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's file",
    note = "a backend implements `RawFile` for its own file; \
            libraries use the types over it"
)]
pub trait RawFile: RawObject {
    /// Reads at the cursor.
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>>;
    /// Reads into several buffers; by default into the first that is not empty.
    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter_mut().find(|buf| !buf.is_empty());
        self.poll_read(cx, wait, first.map_or(&mut [], |buf| buf))
    }
    /// Writes at the cursor, or at the end of a file that was opened to append.
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;
    /// Writes several buffers; by default the first that is not empty.
    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, wait, first.map_or(&[], |buf| buf))
    }
    /// Writes all of `bytes` at the cursor, and gives their memory back. Takes them by value, so
    /// that a thread can have them.
    ///
    /// By default by [`poll_write`](Self::poll_write), again and again. Where that copies the bytes
    /// for a thread, override it: no copy, and one trip for all of them.
    ///
    /// # Errors
    ///
    /// The system's, `WriteZero` if the file takes no more, and that of a write whose future was
    /// dropped (`L200`). A part of the bytes may be in the file then, and their memory is gone.
    ///
    /// # Cancel safety
    ///
    /// Not safe: none, some or all of the bytes are written. Operations that come later wait for
    /// what is still under way (`L152`), and the next write, flush or sync has its error (`L200`).
    fn write_owned(&self, bytes: Vec<u8>) -> impl Future<Output = io::Result<Vec<u8>>> + Send
    where
        Self: Sized,
    {
        provided::write_owned(self, bytes)
    }
    /// Waits for a write whose future was dropped, and returns its error (`L200`). Nothing is
    /// buffered, so there is nothing else to do.
    ///
    /// By default `Ok`: right where a write never answers `Pending`, so that none goes on without
    /// its future.
    fn poll_flush(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>> {
        let _ = (cx, wait);
        Poll::Ready(Ok(()))
    }
    /// Moves the cursor.
    fn poll_seek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>>;
    /// Reads at `offset` if that needs no waiting (a page-cache hit), else `None`. Moves no cursor.
    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        let _ = (buf, offset);
        None
    }
    /// Reads at `offset`; moves no cursor.
    fn read_at(
        &self,
        buf: &mut [u8],
        offset: u64,
    ) -> impl Future<Output = io::Result<usize>> + Send;
    /// Writes at `offset`; moves no cursor.
    fn write_at(&self, buf: &[u8], offset: u64) -> impl Future<Output = io::Result<usize>> + Send;
    /// The file's metadata, after all acknowledged writes.
    fn file_metadata(&self) -> impl Future<Output = io::Result<Metadata>> + Send;
    /// Truncates or extends.
    fn set_len(&self, len: u64) -> impl Future<Output = io::Result<()>> + Send;
    /// Waits until the data, and the metadata unless `data_only`, is on the device.
    fn sync(&self, data_only: bool) -> impl Future<Output = io::Result<()>> + Send;
    /// Sets permissions.
    fn set_file_permissions(
        &self,
        permissions: Permissions,
    ) -> impl Future<Output = io::Result<()>> + Send;
    /// Sets the times that are given.
    fn set_times(&self, times: FileTimes) -> impl Future<Output = io::Result<()>> + Send;
    /// Waits for the file's advisory lock, shared or exclusive. If the future is dropped, a lock
    /// that is granted later is released at once.
    fn lock(&self, exclusive: bool) -> impl Future<Output = io::Result<()>> + Send;
    /// Takes the lock if it is free.
    fn try_lock(&self, exclusive: bool) -> impl Future<Output = Result<(), TryLockError>> + Send;
    /// Releases the lock.
    fn unlock(&self) -> impl Future<Output = io::Result<()>> + Send;
    /// A second handle that shares the cursor.
    fn try_clone_file(&self) -> impl Future<Output = io::Result<Self>> + Send
    where
        Self: Sized;
}

/// A backend's open folder.
///
/// # Contract
///
/// - `L157` Neither `.` nor `..`; every entry that is there throughout comes exactly once; deleting
///   entries meanwhile is no error; dropping it closes the folder.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's reader of a directory",
    note = "a backend implements `RawReadDir` for its own reader of a directory; \
            libraries use the types over it"
)]
pub trait RawReadDir: Debug + Unpin + Send + Sync + 'static {
    /// The next entry.
    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<RawDirEntry>>>;
}

/// What a folder says of an entry.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RawDirEntry {
    /// The name inside the folder.
    pub file_name: OsString,
    /// The kind, where the folder says it; `None` means that it has to be asked for.
    pub file_type: Option<FileType>,
    /// The inode number, where there is one.
    pub ino: Option<u64>,
}

impl RawDirEntry {
    /// An entry of this name of which nothing else is known.
    #[must_use]
    pub fn new(file_name: OsString) -> Self {
        RawDirEntry {
            file_name,
            file_type: None,
            ino: None,
        }
    }
}
