//! Files over std's, on a runtime's blocking threads: [`OsFile`], [`OsReadDir`] and a function for
//! each operation on a path.
//!
//! Backends do not use the files of the runtime they stand on: those buffer what was written and
//! lose its errors. Here a write resolves when its bytes are in the file, with its own error, and
//! the system's cursor is the file's cursor. [`forward_fs!`](crate::forward_fs) writes a backend's
//! whole `impl AsyncFs`. Knows nothing of any backend but that it runs blocking closures.
//!
//! ```text
//!   file.rs   polls    -> shared.rs  steps, under one lock -> state.rs  bookkeeping
//!             calls    -> call.rs    tickets                  locks.rs, waiters.rs
//!   paths.rs, dir.rs   -> call.rs    one closure each
//!   inline/            reads and opens that need no thread; system/ what differs between systems
//! ```

mod call;
mod dir;
mod file;
mod forward;
mod inline;
mod locks;
mod paths;
mod positional;
mod shared;
mod state;
mod system;
#[cfg(test)]
mod tests;

pub use dir::OsReadDir;
pub use file::OsFile;
pub use paths::{
    canonicalize, copy_file, create_dir, hard_link, open_dir, open_file, path_metadata, read_file,
    read_link, remove_dir, remove_dir_all, remove_file, rename, set_path_permissions, symlink,
    write_file,
};
