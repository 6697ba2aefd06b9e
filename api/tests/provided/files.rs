//! Files of the tests: `Plain` with the primitives alone, `OwnFile` with every provided method
//! replaced by one that says its name.

use std::collections::BTreeMap;
use std::fs::TryLockError;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use anyrt_api::AsyncFs;
use anyrt_api::fs::{
    FileTimes, FileType, Metadata, OpenFlags, Permissions, RawDirEntry, RawFile, RawReadDir,
};
use anyrt_api::io::{Direction, RawObject, Wait};

use crate::sockets::{Polled, object, own, unasked};

/// The most bytes that one read or write moves.
const STEP: usize = 700;

/// Files in memory that never wait and move few bytes at a time. There is a `folder`, and a file of
/// the name `full` takes nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plain(Arc<Mutex<BTreeMap<PathBuf, Arc<Mutex<Node>>>>>);

#[derive(Debug, Default)]
struct Node {
    bytes: Vec<u8>,
    mode: u32,
    is_full: bool,
}

#[derive(Debug)]
pub(crate) struct PlainFile {
    /// None is the folder.
    node: Option<Arc<Mutex<Node>>>,
    cursor: Mutex<usize>,
}

#[derive(Debug)]
pub(crate) struct OwnFile;

#[derive(Debug)]
pub(crate) struct NoFolder;

object!(PlainFile, OwnFile);

/// Operations that no test calls.
macro_rules! unasked_ops {
    ($(fn $name:ident($($type:ty),*) -> $out:ty;)+) => { $(
        async fn $name(&self, $(_: $type),*) -> $out {
            unreachable!("no test asks for this")
        }
    )+ };
}
pub(crate) use unasked_ops;

/// The operations on paths that no test calls.
macro_rules! unasked_paths {
    () => {
        unasked_ops! {
            fn rename(&Path, &Path) -> io::Result<()>;
            fn remove_file(&Path) -> io::Result<()>;
            fn create_dir(&Path, bool, Option<u32>) -> io::Result<()>;
            fn remove_dir(&Path) -> io::Result<()>;
            fn remove_dir_all(&Path) -> io::Result<()>;
            fn open_dir(&Path) -> io::Result<NoFolder>;
            fn hard_link(&Path, &Path) -> io::Result<()>;
            fn symlink(&Path, &Path) -> io::Result<()>;
            fn read_link(&Path) -> io::Result<PathBuf>;
            fn canonicalize(&Path) -> io::Result<PathBuf>;
        }
    };
}
pub(crate) use unasked_paths;

/// The operations on files that no test calls.
macro_rules! unasked_of_files {
    () => {
        unasked! { fn poll_seek(&mut Context<'_>, &mut Wait, SeekFrom) -> Polled<u64>; }
        unasked_ops! {
            fn set_len(u64) -> io::Result<()>;
            fn sync(bool) -> io::Result<()>;
            fn set_times(FileTimes) -> io::Result<()>;
            fn lock(bool) -> io::Result<()>;
            fn try_lock(bool) -> Result<(), TryLockError>;
            fn unlock() -> io::Result<()>;
            fn try_clone_file() -> io::Result<Self>;
        }
    };
}

impl AsyncFs for Plain {
    type File = PlainFile;
    type ReadDir = NoFolder;

    async fn open_file(&self, path: &Path, flags: &OpenFlags) -> io::Result<PlainFile> {
        flags.check().expect("options that std would take");
        let cursor = Mutex::default();
        if path == Path::new("folder") {
            return Ok(PlainFile { node: None, cursor });
        }
        let mut files = self.0.lock().expect("no test panics with it");
        if flags.create {
            let is_full = path == Path::new("full");
            let node = Node {
                is_full,
                ..Node::default()
            };
            let made = || Arc::new(Mutex::new(node));
            files.entry(path.to_owned()).or_insert_with(made);
        }
        let node = files.get(path).ok_or(ErrorKind::NotFound)?.clone();
        if flags.truncate {
            node.lock().expect("no test panics with it").bytes.clear();
        }
        let node = Some(node);
        Ok(PlainFile { node, cursor })
    }

    async fn path_metadata(&self, path: &Path, _follow: bool) -> io::Result<Metadata> {
        self.open_file(path, &to_read())
            .await?
            .file_metadata()
            .await
    }

    async fn set_path_permissions(&self, path: &Path, set: Permissions) -> io::Result<()> {
        let file = self.open_file(path, &to_read()).await?;
        file.set_file_permissions(set).await
    }

    unasked_paths!();
}

impl PlainFile {
    fn with<T>(&self, op: impl FnOnce(&mut Node) -> T) -> io::Result<T> {
        let node = self.node.as_ref().ok_or(ErrorKind::IsADirectory)?;
        Ok(op(&mut node.lock().expect("no test panics with it")))
    }

    fn read(&self, buf: &mut [u8], offset: usize) -> io::Result<usize> {
        self.with(|node| {
            let left = node.bytes.get(offset..).unwrap_or_default();
            let n_read = buf.len().min(left.len()).min(STEP);
            buf[..n_read].copy_from_slice(&left[..n_read]);
            n_read
        })
    }

    fn write(&self, buf: &[u8], offset: usize) -> io::Result<usize> {
        self.with(|node| {
            let n_written = if node.is_full { 0 } else { buf.len().min(STEP) };
            let end = offset + n_written;
            node.bytes.resize(node.bytes.len().max(end), 0);
            node.bytes[offset..end].copy_from_slice(&buf[..n_written]);
            n_written
        })
    }
}

impl RawFile for PlainFile {
    fn poll_read(&self, _: &mut Context<'_>, _: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        let mut cursor = self.cursor.lock().expect("no test panics with it");
        let n_read = self.read(buf, *cursor)?;
        *cursor += n_read;
        Poll::Ready(Ok(n_read))
    }

    fn poll_write(&self, _: &mut Context<'_>, _: &mut Wait, buf: &[u8]) -> Polled<usize> {
        let mut cursor = self.cursor.lock().expect("no test panics with it");
        let n_written = self.write(buf, *cursor)?;
        *cursor += n_written;
        Poll::Ready(Ok(n_written))
    }

    async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read(buf, offset as usize)
    }

    async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.write(buf, offset as usize)
    }

    async fn file_metadata(&self) -> io::Result<Metadata> {
        match &self.node {
            None => Ok(Metadata::new(FileType::DIR, 0)),
            Some(_) => self.with(|node| {
                Metadata::new(FileType::FILE, node.bytes.len() as u64)
                    .with_permissions(Permissions::from_mode(node.mode))
            }),
        }
    }

    async fn set_file_permissions(&self, set: Permissions) -> io::Result<()> {
        self.with(|node| node.mode = set.mode().unwrap_or(0))
    }

    unasked_of_files!();
}

impl RawFile for OwnFile {
    fn poll_flush(&self, _: &mut Context<'_>, _: &mut Wait) -> Polled<()> {
        Poll::Ready(own("poll_flush"))
    }

    async fn write_owned(&self, _: Vec<u8>) -> io::Result<Vec<u8>> {
        own("write_owned")
    }

    unasked! {
        fn poll_read(&mut Context<'_>, &mut Wait, &mut [u8]) -> Polled<usize>;
        fn poll_write(&mut Context<'_>, &mut Wait, &[u8]) -> Polled<usize>;
    }

    unasked_ops! {
        fn read_at(&mut [u8], u64) -> io::Result<usize>;
        fn write_at(&[u8], u64) -> io::Result<usize>;
        fn file_metadata() -> io::Result<Metadata>;
        fn set_file_permissions(Permissions) -> io::Result<()>;
    }

    unasked_of_files!();
}

impl RawReadDir for NoFolder {
    fn poll_next_entry(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<RawDirEntry>>> {
        unreachable!("no test asks for this")
    }
}

fn to_read() -> OpenFlags {
    let mut flags = OpenFlags::default();
    flags.read = true;
    flags
}
