//! An open file: [`File`]. How it is made and given away stands here; its reads and writes in
//! `cursor.rs` and `positional.rs`, the rest in `whole.rs`.

mod cursor;
mod positional;
mod whole;

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;

use super::{OpenOptions, RawFile};
use crate::any::AnyFile;
use crate::budget::charged;
use crate::current::Late;
use crate::io::{Direction, Wait, leave};
use crate::os::OsHandles;
use crate::{AnyRuntime, AsyncFs};

/// An open file: [`std::fs::File`], async, with std's meaning.
///
/// A write resolves when its bytes are in the file, with its own error; nothing is buffered, so
/// nothing has to be flushed and a drop loses nothing. It is used by value, through `&File` and
/// through clones ([`try_clone`](Self::try_clone)), by any number of tasks at once; those that use
/// the cursor are served one after the other. Dropping the last of them closes the file.
///
/// ```no_run
/// use anyrt_api::fs::File;
/// use anyrt_api::{AsyncFs, io};
///
/// async fn first_byte<R: AsyncFs>(rt: &R) -> io::Result<u8> {
///     let file = File::open_in("data", rt).await?;
///     let mut byte = [0];
///     file.read_exact(&mut byte).await?;
///     Ok(byte[0])
/// }
/// ```
pub struct File<R: AsyncFs = AnyRuntime> {
    /// `None` once `into_raw` took it.
    raw: Option<R::File>,
    reading: Wait,
    writing: Wait,
}

impl File {
    /// Opens a file to read, on the current runtime: [`std::fs::File::open`].
    ///
    /// # Errors
    ///
    /// The system's (`NotFound`, `PermissionDenied`, ..).
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    ///
    /// # Cancel safety
    ///
    /// Safe: the file is closed.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(path: P) -> impl Future<Output = io::Result<Self>> + Send + use<P> {
        to_open().begin(path.as_ref(), Late::here())
    }

    /// Opens a file to write and empties it, or makes it, on the current runtime:
    /// [`std::fs::File::create`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// As [`open`](File::open).
    ///
    /// # Cancel safety
    ///
    /// The file is closed; it may have been made or emptied.
    #[track_caller]
    pub fn create<P: AsRef<Path>>(
        path: P,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<P> {
        to_create().begin(path.as_ref(), Late::here())
    }

    /// Makes a file to read and write, on the current runtime: [`std::fs::File::create_new`].
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if it is there; the system's others.
    ///
    /// # Panics
    ///
    /// As [`open`](File::open).
    ///
    /// # Cancel safety
    ///
    /// The file is closed; it may have been made.
    #[track_caller]
    pub fn create_new<P: AsRef<Path>>(
        path: P,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<P> {
        to_create_new().begin(path.as_ref(), Late::here())
    }

    /// Options to open a file with: [`std::fs::File::options`].
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// From std's file, on the current runtime.
    ///
    /// # Errors
    ///
    /// Those of the backend; `Unsupported` if it has no operating system.
    ///
    /// # Panics
    ///
    /// If no runtime is current.
    #[track_caller]
    pub fn from_std(file: std::fs::File) -> io::Result<Self> {
        File::from_std_in(file, &AnyRuntime::current())
    }

    /// As std's file, whose cursor is this one's, by the current runtime. Waits for the operation
    /// in flight. If clones of it are left, it is a duplicate that shares their cursor.
    ///
    /// # Errors
    ///
    /// The error of a dropped write (`L200`), or of a file that cannot seek and holds bytes of a
    /// dropped read; `InvalidInput` for another backend's file.
    ///
    /// # Panics
    ///
    /// As [`open`](File::open).
    ///
    /// # Cancel safety
    ///
    /// Safe: the file is closed.
    #[track_caller]
    pub fn into_std(self) -> impl Future<Output = io::Result<std::fs::File>> + Send {
        self.give_out(Late::here())
    }
}

impl<R: AsyncFs> File<R> {
    /// Opens a file to read, on `rt`: as [`open`](File::open). The future does not borrow `rt`.
    ///
    /// # Errors
    ///
    /// As [`open`](File::open).
    ///
    /// # Cancel safety
    ///
    /// Safe: the file is closed.
    pub fn open_in<P: AsRef<Path>>(
        path: P,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<P, R> {
        to_open().begin(path.as_ref(), Late::now(rt.clone()))
    }

    /// Opens a file to write and empties it, or makes it, on `rt`: as [`create`](File::create).
    ///
    /// # Errors
    ///
    /// As [`create`](File::create).
    ///
    /// # Cancel safety
    ///
    /// As [`create`](File::create).
    pub fn create_in<P: AsRef<Path>>(
        path: P,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<P, R> {
        to_create().begin(path.as_ref(), Late::now(rt.clone()))
    }

    /// Makes a file to read and write, on `rt`: as [`create_new`](File::create_new).
    ///
    /// # Errors
    ///
    /// As [`create_new`](File::create_new).
    ///
    /// # Cancel safety
    ///
    /// As [`create_new`](File::create_new).
    pub fn create_new_in<P: AsRef<Path>>(
        path: P,
        rt: &R,
    ) -> impl Future<Output = io::Result<Self>> + Send + use<P, R> {
        to_create_new().begin(path.as_ref(), Late::now(rt.clone()))
    }

    /// From a backend's file.
    pub fn from_raw(raw: R::File) -> Self {
        File {
            raw: Some(raw),
            reading: Wait::new(),
            writing: Wait::new(),
        }
    }

    /// The backend's file.
    pub fn as_raw(&self) -> &R::File {
        self.raw.as_ref().expect("only `into_raw` takes it out")
    }

    /// The backend's file, by value.
    pub fn into_raw(mut self) -> R::File {
        self.leave();
        self.raw.take().expect("only `into_raw` takes it out")
    }

    /// The same file without its backend in the type. One allocation.
    #[must_use]
    pub fn erase(self) -> File {
        File::from_raw(AnyFile::new(self.into_raw()))
    }

    /// Another handle that shares the file and its cursor: [`std::fs::File::try_clone`].
    ///
    /// # Errors
    ///
    /// Those of the backend.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn try_clone(&self) -> io::Result<Self> {
        let raw = charged(self.as_raw().try_clone_file()).await?;
        Ok(File::from_raw(raw))
    }

    fn leave(&mut self) {
        if let Some(raw) = &self.raw {
            leave(raw, Direction::Read, &mut self.reading);
            leave(raw, Direction::Write, &mut self.writing);
        }
    }
}

/// From and to std's files, on backends over an operating system.
impl<R: OsHandles> File<R> {
    /// From std's file, on `rt`.
    ///
    /// # Errors
    ///
    /// Those of the backend.
    pub fn from_std_in(file: std::fs::File, rt: &R) -> io::Result<Self> {
        rt.file_from_std(file).map(File::from_raw)
    }

    /// As std's file, by `rt`, which is the runtime that it was made on: as
    /// [`into_std`](File::into_std).
    ///
    /// # Errors
    ///
    /// As [`into_std`](File::into_std).
    ///
    /// # Cancel safety
    ///
    /// Safe: the file is closed.
    pub fn into_std_in(
        self,
        rt: &R,
    ) -> impl Future<Output = io::Result<std::fs::File>> + Send + use<R> {
        self.give_out(Late::now(rt.clone()))
    }

    fn give_out(
        self,
        mut late: Late<R>,
    ) -> impl Future<Output = io::Result<std::fs::File>> + Send + use<R> {
        let raw = self.into_raw();
        charged(async move { late.runtime().file_into_std(raw).await })
    }
}

impl<R: AsyncFs> Drop for File<R> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<R: AsyncFs> fmt::Debug for File<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(self.as_raw()).finish()
    }
}

fn to_open() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

fn to_create() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options
}

fn to_create_new() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    options
}
