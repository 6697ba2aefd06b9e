//! Files: the counterpart of [`std::fs`], with std's meaning.
//!
//! A write resolves when its bytes are in the file, with its own error; nothing is buffered behind
//! the caller's back, but by [`WriteBehind`], which says so. Knows nothing of threads or system
//! calls: those are the backend's.

mod dir;
mod file;
mod flags;
mod metadata;
mod ops;
mod options;
mod provided;
mod raw;
#[cfg(test)]
mod tests;
mod write_behind;

pub use std::fs::TryLockError;

pub use dir::{DirEntry, ReadDir};
pub use file::File;
pub use flags::OpenFlags;
pub use metadata::{FileTimes, FileType, Metadata, Permissions, UnixMetadata};
pub use ops::{
    canonicalize, canonicalize_in, copy, copy_in, create_dir, create_dir_all, create_dir_all_in,
    create_dir_in, exists, exists_in, hard_link, hard_link_in, metadata, metadata_in, read,
    read_dir, read_dir_in, read_in, read_link, read_link_in, read_to_string, read_to_string_in,
    remove_dir, remove_dir_all, remove_dir_all_in, remove_dir_in, remove_file, remove_file_in,
    rename, rename_in, set_permissions, set_permissions_in, symlink, symlink_in, symlink_metadata,
    symlink_metadata_in, write, write_in,
};
pub use options::{DirBuilder, OpenOptions};
pub use raw::{AsyncFs, RawDirEntry, RawFile, RawReadDir};
pub use write_behind::WriteBehind;
