//! Erased files: [`AnyFile`] and [`AnyReadDir`], one box an object.
//!
//! Polls cost one virtual call and no box; an operation that is a future costs one box.

use std::any::Any;
use std::fmt;
use std::fs::TryLockError;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::AnyRuntime;
use crate::fs::{
    AsyncFs, FileTimes, Metadata, OpenFlags, Permissions, RawDirEntry, RawFile, RawReadDir,
};
use crate::io::{Direction, RawObject, Wait};

/// A file of any backend.
pub struct AnyFile {
    erased: Box<dyn ErasedFile>,
}

impl AnyFile {
    /// Erases a backend's file, in one box; an erased file stays as it is.
    pub fn new<F: RawFile>(file: F) -> Self {
        let mut file = Some(file);
        let same = (&mut file as &mut dyn Any).downcast_mut::<Option<AnyFile>>();
        if let Some(erased) = same.and_then(Option::take) {
            return erased;
        }
        AnyFile {
            erased: Box::new(file.expect("it is taken out only where it was erased already")),
        }
    }

    /// The backend's file, if it is an `F`.
    ///
    /// # Errors
    ///
    /// The file itself, if it is of another backend.
    pub fn downcast<F: RawFile>(self) -> Result<F, AnyFile> {
        if self.erased.as_any().is::<F>() {
            let file = self.erased.into_any().downcast();
            return Ok(*file.expect("the line above asked for its type"));
        }
        Err(self)
    }
}

impl fmt::Debug for AnyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

impl RawObject for AnyFile {
    fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.erased.cancel_wait(direction, wait);
    }
}

impl RawFile for AnyFile {
    #[inline]
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_read(cx, wait, buf)
    }

    #[inline]
    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_read_vectored(cx, wait, bufs)
    }

    #[inline]
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_write(cx, wait, buf)
    }

    #[inline]
    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.erased.poll_write_vectored(cx, wait, bufs)
    }

    async fn write_owned(&self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        self.erased.write_owned(bytes).await
    }

    fn poll_flush(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>> {
        self.erased.poll_flush(cx, wait)
    }

    fn poll_seek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        self.erased.poll_seek(cx, wait, to)
    }

    #[inline]
    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        self.erased.try_read_at(buf, offset)
    }

    async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.erased.read_at(buf, offset).await
    }

    async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.erased.write_at(buf, offset).await
    }

    async fn file_metadata(&self) -> io::Result<Metadata> {
        self.erased.file_metadata().await
    }

    async fn set_len(&self, len: u64) -> io::Result<()> {
        self.erased.set_len(len).await
    }

    async fn sync(&self, data_only: bool) -> io::Result<()> {
        self.erased.sync(data_only).await
    }

    async fn set_file_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.erased.set_file_permissions(permissions).await
    }

    async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.erased.set_times(times).await
    }

    async fn lock(&self, exclusive: bool) -> io::Result<()> {
        self.erased.lock(exclusive).await
    }

    async fn try_lock(&self, exclusive: bool) -> Result<(), TryLockError> {
        self.erased.try_lock(exclusive).await
    }

    async fn unlock(&self) -> io::Result<()> {
        self.erased.unlock().await
    }

    async fn try_clone_file(&self) -> io::Result<Self> {
        self.erased.try_clone_file().await
    }
}

/// The entries of a folder of any backend.
pub struct AnyReadDir {
    erased: Box<dyn RawReadDir>,
}

impl AnyReadDir {
    /// Erases a backend's folder, in one box; an erased one stays as it is.
    pub fn new<D: RawReadDir>(dir: D) -> Self {
        let mut dir = Some(dir);
        let same = (&mut dir as &mut dyn Any).downcast_mut::<Option<AnyReadDir>>();
        if let Some(erased) = same.and_then(Option::take) {
            return erased;
        }
        AnyReadDir {
            erased: Box::new(dir.expect("it is taken out only where it was erased already")),
        }
    }
}

impl fmt::Debug for AnyReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

impl RawReadDir for AnyReadDir {
    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<RawDirEntry>>> {
        self.erased.poll_next_entry(cx)
    }
}

/// One line an operation: borrowed arguments, then `;` and those that are given by value.
///
/// Writes [`ErasedFs`], its implementation for every backend, and `AsyncFs for AnyRuntime`.
macro_rules! erase_fs {
    ($($name:ident($($by_ref:ident: &$ref_type:ty),+ $(; $($value:ident: $value_type:ty),+)?)
        -> $out:ty $(, $wrap:path)?;)+
    ) => {
        /// What an erased backend does for files.
        pub(super) trait ErasedFs: Send + Sync {
            $(fn $name<'a>(
                &'a self,
                $($by_ref: &'a $ref_type,)+
                $($($value: $value_type,)+)?
            ) -> Boxed<'a, io::Result<$out>>;)+
        }

        impl<R: AsyncFs> ErasedFs for R {
            $(fn $name<'a>(
                &'a self,
                $($by_ref: &'a $ref_type,)+
                $($($value: $value_type,)+)?
            ) -> Boxed<'a, io::Result<$out>> {
                Box::pin(async move {
                    let made = AsyncFs::$name(self, $($by_ref,)+ $($($value,)+)?).await;
                    $(let made = made.map($wrap);)?
                    made
                })
            })+
        }

        impl AsyncFs for AnyRuntime {
            type File = AnyFile;
            type ReadDir = AnyReadDir;

            $(async fn $name(
                &self,
                $($by_ref: &$ref_type,)+
                $($($value: $value_type,)+)?
            ) -> io::Result<$out> {
                self.files()?.$name($($by_ref,)+ $($($value,)+)?).await
            })+
        }
    };
}

erase_fs! {
    open_file(path: &Path, flags: &OpenFlags) -> AnyFile, AnyFile::new;
    read_file(path: &Path) -> Vec<u8>;
    write_file(path: &Path; contents: Vec<u8>) -> ();
    copy_file(from: &Path, to: &Path) -> u64;
    rename(from: &Path, to: &Path) -> ();
    remove_file(path: &Path) -> ();
    create_dir(path: &Path; recursive: bool, mode: Option<u32>) -> ();
    remove_dir(path: &Path) -> ();
    remove_dir_all(path: &Path) -> ();
    open_dir(path: &Path) -> AnyReadDir, AnyReadDir::new;
    path_metadata(path: &Path; follow: bool) -> Metadata;
    set_path_permissions(path: &Path; permissions: Permissions) -> ();
    hard_link(original: &Path, link: &Path) -> ();
    symlink(original: &Path, link: &Path) -> ();
    read_link(path: &Path) -> PathBuf;
    canonicalize(path: &Path) -> PathBuf;
}

impl AnyRuntime {
    fn files(&self) -> io::Result<&dyn ErasedFs> {
        self.erased.fs().ok_or_else(|| self.lacks("files"))
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`RawFile`] with its futures boxed; the polls are the same.
trait ErasedFile: RawObject {
    fn as_any(&self) -> &dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>>;
    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>>;
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;
    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;
    fn write_owned(&self, bytes: Vec<u8>) -> Boxed<'_, io::Result<Vec<u8>>>;
    fn poll_flush(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>>;
    fn poll_seek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>>;
    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>>;
    fn read_at<'a>(&'a self, buf: &'a mut [u8], offset: u64) -> Boxed<'a, io::Result<usize>>;
    fn write_at<'a>(&'a self, buf: &'a [u8], offset: u64) -> Boxed<'a, io::Result<usize>>;
    fn file_metadata(&self) -> Boxed<'_, io::Result<Metadata>>;
    fn set_len(&self, len: u64) -> Boxed<'_, io::Result<()>>;
    fn sync(&self, data_only: bool) -> Boxed<'_, io::Result<()>>;
    fn set_file_permissions(&self, permissions: Permissions) -> Boxed<'_, io::Result<()>>;
    fn set_times(&self, times: FileTimes) -> Boxed<'_, io::Result<()>>;
    fn lock(&self, exclusive: bool) -> Boxed<'_, io::Result<()>>;
    fn try_lock(&self, exclusive: bool) -> Boxed<'_, Result<(), TryLockError>>;
    fn unlock(&self) -> Boxed<'_, io::Result<()>>;
    fn try_clone_file(&self) -> Boxed<'_, io::Result<AnyFile>>;
}

impl<F: RawFile> ErasedFile for F {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    #[inline]
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        RawFile::poll_read(self, cx, wait, buf)
    }

    #[inline]
    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        RawFile::poll_read_vectored(self, cx, wait, bufs)
    }

    #[inline]
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        RawFile::poll_write(self, cx, wait, buf)
    }

    #[inline]
    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        RawFile::poll_write_vectored(self, cx, wait, bufs)
    }

    fn write_owned(&self, bytes: Vec<u8>) -> Boxed<'_, io::Result<Vec<u8>>> {
        Box::pin(RawFile::write_owned(self, bytes))
    }

    fn poll_flush(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>> {
        RawFile::poll_flush(self, cx, wait)
    }

    fn poll_seek(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        RawFile::poll_seek(self, cx, wait, to)
    }

    #[inline]
    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        RawFile::try_read_at(self, buf, offset)
    }

    fn read_at<'a>(&'a self, buf: &'a mut [u8], offset: u64) -> Boxed<'a, io::Result<usize>> {
        Box::pin(RawFile::read_at(self, buf, offset))
    }

    fn write_at<'a>(&'a self, buf: &'a [u8], offset: u64) -> Boxed<'a, io::Result<usize>> {
        Box::pin(RawFile::write_at(self, buf, offset))
    }

    fn file_metadata(&self) -> Boxed<'_, io::Result<Metadata>> {
        Box::pin(RawFile::file_metadata(self))
    }

    fn set_len(&self, len: u64) -> Boxed<'_, io::Result<()>> {
        Box::pin(RawFile::set_len(self, len))
    }

    fn sync(&self, data_only: bool) -> Boxed<'_, io::Result<()>> {
        Box::pin(RawFile::sync(self, data_only))
    }

    fn set_file_permissions(&self, permissions: Permissions) -> Boxed<'_, io::Result<()>> {
        Box::pin(RawFile::set_file_permissions(self, permissions))
    }

    fn set_times(&self, times: FileTimes) -> Boxed<'_, io::Result<()>> {
        Box::pin(RawFile::set_times(self, times))
    }

    fn lock(&self, exclusive: bool) -> Boxed<'_, io::Result<()>> {
        Box::pin(RawFile::lock(self, exclusive))
    }

    fn try_lock(&self, exclusive: bool) -> Boxed<'_, Result<(), TryLockError>> {
        Box::pin(RawFile::try_lock(self, exclusive))
    }

    fn unlock(&self) -> Boxed<'_, io::Result<()>> {
        Box::pin(RawFile::unlock(self))
    }

    fn try_clone_file(&self) -> Boxed<'_, io::Result<AnyFile>> {
        Box::pin(async move { RawFile::try_clone_file(self).await.map(AnyFile::new) })
    }
}
