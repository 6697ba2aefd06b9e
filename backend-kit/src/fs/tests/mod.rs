//! Files against std's, on a runtime whose blocking calls run when the test says so.

mod cancelled;
mod contract;
mod model;
mod owned;
mod runtime;
mod shared;
mod streams;

use std::path::PathBuf;

use anyrt_api::fs::{File, OpenOptions};
use tempfile::TempDir;

use runtime::Calls;

/// A folder with one file of these bytes in it.
fn folder_with(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).expect("room for the file");
    (folder, path)
}

/// Opens a file to read and write, whose reads all go to the pool.
fn open_pooled(rt: &Calls, path: &std::path::Path) -> File<Calls> {
    let file = open(rt, path);
    file.as_raw().refuse_inline();
    file
}

fn open(rt: &Calls, path: &std::path::Path) -> File<Calls> {
    let mut options = OpenOptions::new();
    let opening = options.read(true).write(true).open_in(path, rt);
    rt.block_on(opening).expect("the file is there")
}

/// A file from std's.
fn take_in(rt: &Calls, file: impl Into<std::fs::File>) -> File<Calls> {
    File::from_raw(super::OsFile::new(file.into(), rt))
}
