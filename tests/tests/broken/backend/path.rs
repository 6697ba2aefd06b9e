//! Operations on paths, one line each.

use std::io;
use std::path::{Path, PathBuf};

use anyrt_api::AsyncFs;
use anyrt_api::fs::{Metadata, OpenFlags, Permissions};

use super::{File, Folder, Sick};

/// Operations that go through a hook.
macro_rules! operations {
    ($($name:ident($($arg:ident: $type:ty),+) -> $out:ty => $hook:ident;)+) => {
        $(async fn $name(&self, $($arg: $type),+) -> io::Result<$out> {
            self.mutant().$hook(self, $($arg),+).await
        })+
    };
}

impl AsyncFs for Sick {
    type File = File;
    type ReadDir = Folder;

    operations! {
        open_file(path: &Path, flags: &OpenFlags) -> File => open_file;
        read_file(path: &Path) -> Vec<u8> => read_file;
        write_file(path: &Path, contents: Vec<u8>) -> () => write_file;
        copy_file(from: &Path, to: &Path) -> u64 => copy_file;
        rename(from: &Path, to: &Path) -> () => rename;
        remove_file(path: &Path) -> () => remove_file;
        create_dir(path: &Path, recursive: bool, mode: Option<u32>) -> () => create_dir;
        remove_dir(path: &Path) -> () => remove_dir;
        open_dir(path: &Path) -> Folder => open_dir;
        path_metadata(path: &Path, follow: bool) -> Metadata => path_metadata;
    }

    async fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.native.remove_dir_all(path).await
    }

    async fn set_path_permissions(&self, path: &Path, set: Permissions) -> io::Result<()> {
        self.native.set_path_permissions(path, set).await
    }

    async fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.native.hard_link(original, link).await
    }

    async fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.native.symlink(original, link).await
    }

    async fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.native.read_link(path).await
    }

    async fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.native.canonicalize(path).await
    }
}
