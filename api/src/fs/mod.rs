//! Files: the counterpart of [`std::fs`], with std's meaning.
//!
//! A write resolves when its bytes are in the file, with its own error; nothing is buffered behind
//! the caller's back. Knows nothing of threads or system calls: those are the backend's.

mod flags;
mod metadata;
mod raw;

pub use flags::OpenFlags;
pub use metadata::{FileTimes, FileType, Metadata, Permissions, UnixMetadata};
pub use raw::{AsyncFs, RawDirEntry, RawFile, RawReadDir};
