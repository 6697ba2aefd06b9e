//! The file itself: found or made, locked, for nobody else's eyes.
//!
//! It knows nothing of what stands in it. The engine calls it when it opens.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};

/// The file's name in the store's directory.
const NAME: &str = "appendonly.aof";

/// Opens the log in `dir` to read and append, and makes both if they are not there.
///
/// # Errors
/// What the system says of a directory that cannot be made or written, with its path;
/// `WouldBlock` if another process serves this directory.
pub(crate) async fn open<R: Runtime>(dir: &Path, rt: &R) -> io::Result<(File<R>, PathBuf)> {
    let path = dir.join(NAME);
    let opened = async {
        match fs::create_dir_in(dir, rt).await {
            Ok(()) => sync_dir(parent(dir), rt).await?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let file = private(OpenOptions::new().read(true).append(true))
            .open_in(&path, rt)
            .await?;
        match file.try_lock().await {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = "another process is using it";
                return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        sync_dir(dir, rt).await?;
        Ok(file)
    };
    match opened.await {
        Ok(file) => Ok((file, path)),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("{}: {error}", path.display()),
        )),
    }
}

/// Makes a file that is not there, readable and writable by its owner alone.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.create(true).mode(0o600)
}

/// Makes sure that a new file in `dir` is still there after a power cut.
pub(super) async fn sync_dir<R: Runtime>(dir: &Path, rt: &R) -> io::Result<()> {
    // Elsewhere a directory cannot be opened as a file, and its entries need no sync of their own.
    if cfg!(unix) {
        File::open_in(dir, rt).await?.sync_all().await?;
    }
    Ok(())
}

/// The directory that holds `path`.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
