//! The operations on paths: [`AsyncFs`](anyrt_api::AsyncFs), one call of std on the pool each.
//!
//! A backend forwards to them, by [`forward_fs!`](crate::forward_fs). Opening and reading a small
//! regular file need no thread where the page cache has all of it (on Linux).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyrt_api::Core;
use anyrt_api::fs::{Metadata, OpenFlags, Permissions};

use super::call::call;
use super::inline::{self, Whole};
use super::{OsFile, OsReadDir, system};

/// [`std::fs::OpenOptions::open`].
///
/// # Errors
///
/// std's.
pub async fn open_file<R: Core>(rt: &R, path: &Path, flags: &OpenFlags) -> io::Result<OsFile<R>> {
    let file = match inline::open(path, flags) {
        Some(file) => file,
        None => {
            let (path, options) = (path.to_owned(), std_options(flags));
            call(rt, move || options.open(path)).await?
        }
    };
    Ok(OsFile::new(file, rt))
}

/// [`std::fs::read`].
///
/// # Errors
///
/// std's.
pub async fn read_file<R: Core>(rt: &R, path: &Path) -> io::Result<Vec<u8>> {
    match inline::read_whole(path) {
        Whole::Read(bytes) => Ok(bytes),
        Whole::Begun(rest) => call(rt, move || rest.read()).await,
        Whole::Untouched => {
            let path = path.to_owned();
            call(rt, move || fs::read(path)).await
        }
    }
}

/// [`std::fs::write`].
///
/// # Errors
///
/// std's.
pub async fn write_file<R: Core>(rt: &R, path: &Path, contents: Vec<u8>) -> io::Result<()> {
    let path = path.to_owned();
    call(rt, move || fs::write(path, contents)).await
}

/// [`std::fs::copy`].
///
/// # Errors
///
/// std's.
pub async fn copy_file<R: Core>(rt: &R, from: &Path, to: &Path) -> io::Result<u64> {
    let (from, to) = (from.to_owned(), to.to_owned());
    call(rt, move || fs::copy(from, to)).await
}

/// [`std::fs::rename`].
///
/// # Errors
///
/// std's.
pub async fn rename<R: Core>(rt: &R, from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (from.to_owned(), to.to_owned());
    call(rt, move || fs::rename(from, to)).await
}

/// [`std::fs::remove_file`].
///
/// # Errors
///
/// std's.
pub async fn remove_file<R: Core>(rt: &R, path: &Path) -> io::Result<()> {
    let path = path.to_owned();
    call(rt, move || fs::remove_file(path)).await
}

/// [`std::fs::DirBuilder::create`].
///
/// # Errors
///
/// std's.
pub async fn create_dir<R: Core>(
    rt: &R,
    path: &Path,
    recursive: bool,
    mode: Option<u32>,
) -> io::Result<()> {
    let path = path.to_owned();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(recursive);
    system::set_dir_mode(&mut builder, mode);
    call(rt, move || builder.create(path)).await
}

/// [`std::fs::remove_dir`].
///
/// # Errors
///
/// std's.
pub async fn remove_dir<R: Core>(rt: &R, path: &Path) -> io::Result<()> {
    let path = path.to_owned();
    call(rt, move || fs::remove_dir(path)).await
}

/// [`std::fs::remove_dir_all`].
///
/// # Errors
///
/// std's.
pub async fn remove_dir_all<R: Core>(rt: &R, path: &Path) -> io::Result<()> {
    let path = path.to_owned();
    call(rt, move || fs::remove_dir_all(path)).await
}

/// [`std::fs::read_dir`], with the first batch of entries.
///
/// # Errors
///
/// std's.
pub async fn open_dir<R: Core>(rt: &R, path: &Path) -> io::Result<OsReadDir<R>> {
    OsReadDir::open(rt, path).await
}

/// [`std::fs::metadata`], or [`std::fs::symlink_metadata`].
///
/// # Errors
///
/// std's.
pub async fn path_metadata<R: Core>(rt: &R, path: &Path, follow: bool) -> io::Result<Metadata> {
    let path = path.to_owned();
    let ask = move || match follow {
        true => fs::metadata(path),
        false => fs::symlink_metadata(path),
    };
    call(rt, move || ask().map(Metadata::from)).await
}

/// [`std::fs::set_permissions`].
///
/// # Errors
///
/// std's.
pub async fn set_path_permissions<R: Core>(
    rt: &R,
    path: &Path,
    permissions: Permissions,
) -> io::Result<()> {
    let path = path.to_owned();
    let set = move || {
        let std = std_permissions(&permissions, || fs::metadata(&path))?;
        fs::set_permissions(&path, std)
    };
    call(rt, set).await
}

/// [`std::fs::hard_link`].
///
/// # Errors
///
/// std's.
pub async fn hard_link<R: Core>(rt: &R, original: &Path, link: &Path) -> io::Result<()> {
    let (original, link) = (original.to_owned(), link.to_owned());
    call(rt, move || fs::hard_link(original, link)).await
}

/// `std::os::unix::fs::symlink`; on Windows the one for folders if `original` is one.
///
/// # Errors
///
/// std's.
pub async fn symlink<R: Core>(rt: &R, original: &Path, link: &Path) -> io::Result<()> {
    let (original, link) = (original.to_owned(), link.to_owned());
    call(rt, move || system::symlink(&original, &link)).await
}

/// [`std::fs::read_link`].
///
/// # Errors
///
/// std's.
pub async fn read_link<R: Core>(rt: &R, path: &Path) -> io::Result<PathBuf> {
    let path = path.to_owned();
    call(rt, move || fs::read_link(path)).await
}

/// [`std::fs::canonicalize`].
///
/// # Errors
///
/// std's.
pub async fn canonicalize<R: Core>(rt: &R, path: &Path) -> io::Result<PathBuf> {
    let path = path.to_owned();
    call(rt, move || fs::canonicalize(path)).await
}

/// Permissions as std's: from the mode, or, where there is none, those of `now` with the one bit.
pub(super) fn std_permissions(
    permissions: &Permissions,
    now: impl FnOnce() -> io::Result<fs::Metadata>,
) -> io::Result<fs::Permissions> {
    if let Some(std) = permissions.mode().and_then(system::permissions) {
        return Ok(std);
    }
    let mut std = now()?.permissions();
    #[allow(
        clippy::permissions_set_readonly_false,
        reason = "the caller asked for just that"
    )]
    std.set_readonly(permissions.readonly());
    Ok(std)
}

fn std_options(flags: &OpenFlags) -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options
        .read(flags.read)
        .write(flags.write)
        .append(flags.append)
        .truncate(flags.truncate)
        .create(flags.create)
        .create_new(flags.create_new);
    system::set_open_flags(&mut options, flags);
    options
}
