//! The functions of [`std::fs`], each in two forms: on the current runtime, and on a given one.
//!
//! A path is kept as it was given, and read at the first poll: most of the time it is a borrowed
//! one, and a copy would be an allocation for each call. Knows nothing of open files.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use super::{DirBuilder, Metadata, Permissions, ReadDir};
use crate::AsyncFs;
use crate::budget::charged;
use crate::current::Late;
use crate::io::into_text;

/// Writes both forms of an operation on paths: `name`, then `name_in`. The body is an expression of
/// the runtime and the paths.
macro_rules! operations {
    ($(
        $(#[$doc:meta])*
        $name:ident / $name_in:ident:
            ($($path:ident: $Path:ident),+ $(; $value:ident: $type:ty)?) -> $out:ty,
            |$rt:ident| $body:expr;
    )+) => { $(
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// At the first poll, if no runtime was current at this call and none is then.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future after its first poll leaves the operation done in full or not at
        /// all, and leaks nothing (`L153`).
        #[track_caller]
        pub fn $name<$($Path: AsRef<Path> + Send),+>(
            $($path: $Path,)+ $($value: $type,)?
        ) -> impl Future<Output = io::Result<$out>> + Send + use<$($Path),+> {
            let mut late = Late::here();
            charged(async move {
                let $rt = late.runtime();
                $(let $path = $path.as_ref();)+
                $body
            })
        }

        #[doc = concat!("On `rt`: as [`", stringify!($name), "`].")]
        /// The future does not borrow `rt`.
        ///
        /// # Errors
        ///
        #[doc = concat!("As [`", stringify!($name), "`].")]
        ///
        /// # Cancel safety
        ///
        #[doc = concat!("As [`", stringify!($name), "`].")]
        pub fn $name_in<$($Path: AsRef<Path> + Send,)+ R: AsyncFs>(
            $($path: $Path,)+ $($value: $type,)? rt: &R,
        ) -> impl Future<Output = io::Result<$out>> + Send + use<$($Path,)+ R> {
            let rt = rt.clone();
            charged(async move {
                let $rt = &rt;
                $(let $path = $path.as_ref();)+
                $body
            })
        }
    )+ };
}

operations! {
    /// Reads a whole file: [`std::fs::read`].
    ///
    /// A small file that the system has in its cache needs no thread, on Linux.
    ///
    /// # Errors
    ///
    /// The system's (`NotFound`, `PermissionDenied`, `IsADirectory`, ..).
    read / read_in: (path: P) -> Vec<u8>, |rt| rt.read_file(path).await;

    /// Reads a whole file as text: [`std::fs::read_to_string`].
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is not UTF-8; else as [`read`].
    read_to_string / read_to_string_in: (path: P) -> String,
        |rt| rt.read_file(path).await.and_then(into_text);

    /// Copies a file's bytes and permissions, replacing `to`; the number of bytes:
    /// [`std::fs::copy`].
    ///
    /// # Errors
    ///
    /// The system's.
    copy / copy_in: (from: P, to: Q) -> u64, |rt| rt.copy_file(from, to).await;

    /// Renames a file or folder, replacing a file at `to`: [`std::fs::rename`].
    ///
    /// # Errors
    ///
    /// The system's.
    rename / rename_in: (from: P, to: Q) -> (), |rt| rt.rename(from, to).await;

    /// Removes a file: [`std::fs::remove_file`].
    ///
    /// # Errors
    ///
    /// The system's.
    remove_file / remove_file_in: (path: P) -> (), |rt| rt.remove_file(path).await;

    /// Removes an empty folder: [`std::fs::remove_dir`].
    ///
    /// # Errors
    ///
    /// `DirectoryNotEmpty`; the system's others.
    remove_dir / remove_dir_in: (path: P) -> (), |rt| rt.remove_dir(path).await;

    /// Removes a folder and all that is in it, following no symbolic link:
    /// [`std::fs::remove_dir_all`].
    ///
    /// # Errors
    ///
    /// The system's; some of it may be removed then.
    remove_dir_all / remove_dir_all_in: (path: P) -> (), |rt| rt.remove_dir_all(path).await;

    /// Makes a folder: [`std::fs::create_dir`]. [`DirBuilder`] gives it a mode.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, `NotFound` without its parent; the system's others.
    create_dir / create_dir_in: (path: P) -> (),
        |rt| DirBuilder::new().make(path, rt).await;

    /// Makes a folder and its parents, if they are not there: [`std::fs::create_dir_all`].
    ///
    /// # Errors
    ///
    /// The system's; some of them may be made then.
    create_dir_all / create_dir_all_in: (path: P) -> (),
        |rt| DirBuilder::new().recursive(true).make(path, rt).await;

    /// Gives a file a second name: [`std::fs::hard_link`].
    ///
    /// # Errors
    ///
    /// The system's.
    hard_link / hard_link_in: (original: P, link: Q) -> (),
        |rt| rt.hard_link(original, link).await;

    /// Makes a symbolic link: `std::os::unix::fs::symlink`. On Windows it is one to a folder if
    /// `original` is one.
    ///
    /// # Errors
    ///
    /// The system's.
    symlink / symlink_in: (original: P, link: Q) -> (),
        |rt| rt.symlink(original, link).await;

    /// What a symbolic link points to: [`std::fs::read_link`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is none; the system's others.
    read_link / read_link_in: (path: P) -> PathBuf, |rt| rt.read_link(path).await;

    /// The absolute path, without symbolic links: [`std::fs::canonicalize`].
    ///
    /// # Errors
    ///
    /// The system's.
    canonicalize / canonicalize_in: (path: P) -> PathBuf, |rt| rt.canonicalize(path).await;

    /// What is known of a file, or of what a symbolic link points to: [`std::fs::metadata`].
    ///
    /// # Errors
    ///
    /// The system's.
    metadata / metadata_in: (path: P) -> Metadata, |rt| rt.path_metadata(path, true).await;

    /// What is known of a file, or of a symbolic link itself: [`std::fs::symlink_metadata`].
    ///
    /// # Errors
    ///
    /// The system's.
    symlink_metadata / symlink_metadata_in: (path: P) -> Metadata,
        |rt| rt.path_metadata(path, false).await;

    /// Sets who may do what with a file: [`std::fs::set_permissions`].
    ///
    /// # Errors
    ///
    /// The system's.
    set_permissions / set_permissions_in: (path: P; permissions: Permissions) -> (),
        |rt| rt.set_path_permissions(path, permissions).await;

    /// True if the path leads to something: [`std::fs::exists`].
    ///
    /// # Errors
    ///
    /// The system's, where it cannot say (`PermissionDenied` on the way); a link that leads nowhere
    /// is `Ok(false)`.
    exists / exists_in: (path: P) -> bool, |rt| match rt.path_metadata(path, true).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
}

/// Makes or replaces a whole file: [`std::fs::write`]. The bytes are copied at the call.
///
/// # Errors
///
/// The system's; the file may hold a part of the bytes then.
///
/// # Panics
///
/// At the first poll, if no runtime was current at this call and none is then.
///
/// # Cancel safety
///
/// Dropping the future after its first poll leaves the file written in full or untouched.
#[track_caller]
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(
    path: P,
    contents: C,
) -> impl Future<Output = io::Result<()>> + Send + use<P, C> {
    put(path.as_ref(), contents.as_ref(), Late::here())
}

/// On `rt`: as [`write()`]. The future does not borrow `rt`.
///
/// # Errors
///
/// As [`write()`].
///
/// # Cancel safety
///
/// As [`write()`].
pub fn write_in<P: AsRef<Path>, C: AsRef<[u8]>, R: AsyncFs>(
    path: P,
    contents: C,
    rt: &R,
) -> impl Future<Output = io::Result<()>> + Send + use<P, C, R> {
    put(path.as_ref(), contents.as_ref(), Late::now(rt.clone()))
}

fn put<R: AsyncFs>(
    path: &Path,
    contents: &[u8],
    mut late: Late<R>,
) -> impl Future<Output = io::Result<()>> + Send + use<R> {
    let (path, contents) = (path.to_owned(), contents.to_owned());
    charged(async move { late.runtime().write_file(&path, contents).await })
}

/// The entries of a folder: [`std::fs::read_dir`].
///
/// # Errors
///
/// `NotFound`, `NotADirectory`; the system's others.
///
/// # Panics
///
/// At the first poll, if no runtime was current at this call and none is then.
///
/// # Cancel safety
///
/// Safe: it changes nothing.
#[track_caller]
pub fn read_dir<P: AsRef<Path>>(
    path: P,
) -> impl Future<Output = io::Result<ReadDir>> + Send + use<P> {
    open_dir(path.as_ref(), Late::here())
}

/// On `rt`: as [`read_dir`]. The future does not borrow `rt`.
///
/// # Errors
///
/// As [`read_dir`].
///
/// # Cancel safety
///
/// Safe: it changes nothing.
pub fn read_dir_in<P: AsRef<Path>, R: AsyncFs>(
    path: P,
    rt: &R,
) -> impl Future<Output = io::Result<ReadDir<R>>> + Send + use<P, R> {
    open_dir(path.as_ref(), Late::now(rt.clone()))
}

fn open_dir<R: AsyncFs>(
    path: &Path,
    mut late: Late<R>,
) -> impl Future<Output = io::Result<ReadDir<R>>> + Send + use<R> {
    let path = path.to_owned();
    charged(async move {
        let rt = late.runtime();
        let raw = rt.open_dir(&path).await?;
        Ok(ReadDir::new(raw, path, rt.clone()))
    })
}
