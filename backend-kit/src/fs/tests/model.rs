//! L141: any sequence of operations does to a folder what std's does to its twin.

use std::fmt::Debug;
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::pin::pin;

use anyrt_api::fs::{self, File, OpenOptions};
use futures_lite::StreamExt;
use proptest::prelude::*;

use super::runtime::{Calls, poll_once};

#[derive(Debug, Clone)]
enum Op {
    Open(&'static str, u8),
    Read(usize),
    /// A read that is dropped, before or after its call ran.
    DroppedRead(usize, bool),
    ReadToEnd,
    ReadAt(usize, u64),
    Write(Vec<u8>),
    WriteVectored(Vec<u8>, Vec<u8>),
    WriteAt(Vec<u8>, u64),
    Seek(SeekFrom),
    SetLen(u64),
    Len,
    Sync(bool),
    /// Goes on with a clone.
    Clone,
    ReadFile(&'static str),
    WriteFile(&'static str, Vec<u8>),
    Copy(&'static str, &'static str),
    Rename(&'static str, &'static str),
    HardLink(&'static str, &'static str),
    Symlink(&'static str, &'static str),
    ReadLink(&'static str),
    RemoveFile(&'static str),
    CreateDir(&'static str, bool),
    RemoveDir(&'static str, bool),
    ReadDir(&'static str),
    Metadata(&'static str, bool),
    Exists(&'static str),
}

fn op() -> impl Strategy<Value = Op> {
    let name = || prop::sample::select(vec!["a", "b", "dir", "dir/a", "dir/deep", "dir/deep/a"]);
    let bytes = || prop::collection::vec(any::<u8>(), 0..24);
    let place = prop_oneof![
        (0..64u64).prop_map(SeekFrom::Start),
        (-40..40i64).prop_map(SeekFrom::Current),
        (-40..40i64).prop_map(SeekFrom::End),
    ];
    let on_the_file = prop_oneof![
        (1..32usize).prop_map(Op::Read),
        (1..32usize, any::<bool>()).prop_map(|(n, runs)| Op::DroppedRead(n, runs)),
        Just(Op::ReadToEnd),
        (1..32usize, 0..64u64).prop_map(|(n, at)| Op::ReadAt(n, at)),
        bytes().prop_map(Op::Write),
        (bytes(), bytes()).prop_map(|(one, two)| Op::WriteVectored(one, two)),
        (bytes(), 0..64u64).prop_map(|(bytes, at)| Op::WriteAt(bytes, at)),
        place.prop_map(Op::Seek),
        (0..64u64).prop_map(Op::SetLen),
        Just(Op::Len),
        any::<bool>().prop_map(Op::Sync),
        Just(Op::Clone),
    ];
    let on_paths = prop_oneof![
        name().prop_map(Op::ReadFile),
        (name(), bytes()).prop_map(|(name, bytes)| Op::WriteFile(name, bytes)),
        (name(), name()).prop_map(|(from, to)| Op::Copy(from, to)),
        (name(), name()).prop_map(|(from, to)| Op::Rename(from, to)),
        (name(), name()).prop_map(|(from, to)| Op::HardLink(from, to)),
        (name(), name()).prop_map(|(from, to)| Op::Symlink(from, to)),
        name().prop_map(Op::ReadLink),
        name().prop_map(Op::RemoveFile),
        (name(), any::<bool>()).prop_map(|(name, all)| Op::CreateDir(name, all)),
        (name(), any::<bool>()).prop_map(|(name, all)| Op::RemoveDir(name, all)),
        name().prop_map(Op::ReadDir),
        (name(), any::<bool>()).prop_map(|(name, follow)| Op::Metadata(name, follow)),
        name().prop_map(Op::Exists),
    ];
    prop_oneof![
        2 => (name(), any::<u8>()).prop_map(|(name, flags)| Op::Open(name, flags)),
        6 => on_the_file,
        3 => on_paths,
    ]
}

/// What an operation gave, comparable.
type Outcome = Result<String, (io::ErrorKind, Option<i32>)>;

fn outcome<T: Debug>(result: io::Result<T>) -> Outcome {
    result.map(|value| format!("{value:?}")).map_err(|error| {
        // Where std refuses by itself, its numbers and ours differ; the kinds do not.
        let number = error.raw_os_error();
        (
            error.kind(),
            number.filter(|_| error.kind() != io::ErrorKind::InvalidInput),
        )
    })
}

fn is(flags: u8, bit: u8) -> bool {
    flags & (1 << bit) != 0
}

struct Ours {
    rt: Calls,
    folder: PathBuf,
    file: Option<File<Calls>>,
    is_pooled: bool,
}

impl Ours {
    fn run(&mut self, op: &Op) -> Outcome {
        let rt = self.rt.clone();
        if let Op::Open(name, flags) = *op {
            self.file = None;
            let opened = rt.block_on(options(flags).open_in(self.folder.join(name), &rt));
            return outcome(opened.map(|file| {
                if self.is_pooled {
                    file.as_raw().refuse_inline();
                }
                self.file = Some(file);
            }));
        }
        match self.file.take() {
            Some(file) if is_on_the_file(op) => {
                let answer = rt.block_on(on_file(&rt, &file, op));
                let clone = matches!(op, Op::Clone).then(|| rt.block_on(file.try_clone()));
                self.file = Some(clone.map_or(file, |clone| clone.expect("it is cloned")));
                answer
            }
            file => {
                self.file = file;
                rt.block_on(on_paths(&rt, &self.folder, op))
            }
        }
    }

    fn cursor(&self) -> Option<u64> {
        let mut std = self.file.as_ref()?.as_raw().as_std();
        std.stream_position().ok()
    }
}

fn is_on_the_file(op: &Op) -> bool {
    use Op::*;
    matches!(
        op,
        Read(_)
            | DroppedRead(..)
            | ReadToEnd
            | ReadAt(..)
            | Write(_)
            | WriteVectored(..)
            | WriteAt(..)
            | Seek(_)
            | SetLen(_)
            | Len
            | Sync(_)
            | Clone
    )
}

fn options(flags: u8) -> OpenOptions {
    let mut options = OpenOptions::new();
    // Without access every second file could not be opened at all.
    options
        .read(is(flags, 0) || is(flags, 6))
        .write(is(flags, 1) || is(flags, 7));
    options.append(is(flags, 2)).truncate(is(flags, 3));
    options
        .create(is(flags, 4))
        .create_new(is(flags, 5) && is(flags, 4));
    options
}

fn std_options(flags: u8) -> std::fs::OpenOptions {
    let ours = options(flags);
    let flags = ours.flags();
    let mut options = std::fs::OpenOptions::new();
    options
        .read(flags.read)
        .write(flags.write)
        .append(flags.append);
    options
        .truncate(flags.truncate)
        .create(flags.create)
        .create_new(flags.create_new);
    options
}

async fn on_file(rt: &Calls, file: &File<Calls>, op: &Op) -> Outcome {
    match op {
        Op::Read(n) => {
            let mut buf = vec![0; *n];
            let read = file.read(&mut buf).await;
            outcome(read.map(|n| buf[..n].to_vec()))
        }
        Op::DroppedRead(n, runs) => {
            let mut buf = vec![0; *n];
            let mut read = Box::pin(file.read(&mut buf));
            // An inline read is done at once, or has failed: take it back.
            if let std::task::Poll::Ready(Ok(n)) = poll_once(read.as_mut()) {
                drop(read);
                let back = file.seek(SeekFrom::Current(-(n as i64))).await;
                back.expect("it was read from there");
            } else if *runs {
                rt.run_all();
            }
            Ok(String::new())
        }
        Op::ReadToEnd => {
            let mut buf = Vec::new();
            let read = file.read_to_end(&mut buf).await;
            outcome(read.map(|n| (n, buf)))
        }
        Op::ReadAt(n, at) => {
            let mut buf = vec![0; *n];
            let read = file.read_at(&mut buf, *at).await;
            outcome(read.map(|n| buf[..n].to_vec()))
        }
        Op::Write(bytes) => outcome(file.write(bytes).await.map(|n| n.min(bytes.len()))),
        Op::WriteVectored(one, two) => {
            let bufs = [IoSlice::new(one), IoSlice::new(two)];
            outcome(file.write_vectored(&bufs).await)
        }
        Op::WriteAt(bytes, at) => outcome(file.write_at(bytes, *at).await),
        Op::Seek(to) => outcome(file.seek(*to).await),
        Op::SetLen(len) => outcome(file.set_len(*len).await),
        Op::Len => outcome(file.metadata().await.map(|it| it.len())),
        Op::Sync(true) => outcome(file.sync_data().await),
        Op::Sync(false) => outcome(file.sync_all().await),
        _ => Ok(String::new()),
    }
}

/// Of std, with two differences that are ours to keep: empty buffers are never passed on (L088),
/// and a read that is dropped does nothing.
fn std_on_file(mut file: &std::fs::File, op: &Op) -> Outcome {
    match op {
        Op::Read(n) => {
            let mut buf = vec![0; *n];
            outcome(file.read(&mut buf).map(|n| buf[..n].to_vec()))
        }
        Op::ReadToEnd => {
            let mut buf = Vec::new();
            outcome(file.read_to_end(&mut buf).map(|n| (n, buf)))
        }
        Op::ReadAt(n, at) => {
            let mut buf = vec![0; *n];
            outcome(file.read_at(&mut buf, *at).map(|n| buf[..n].to_vec()))
        }
        Op::Write(bytes) | Op::WriteAt(bytes, _) if bytes.is_empty() => outcome(Ok(0)),
        Op::WriteVectored(one, two) if one.is_empty() && two.is_empty() => outcome(Ok(0)),
        Op::Write(bytes) => outcome(file.write(bytes)),
        Op::WriteVectored(one, two) => {
            outcome(file.write_vectored(&[IoSlice::new(one), IoSlice::new(two)]))
        }
        Op::WriteAt(bytes, at) => outcome(file.write_at(bytes, *at)),
        Op::Seek(to) => outcome(file.seek(*to)),
        Op::SetLen(len) => outcome(file.set_len(*len)),
        Op::Len => outcome(file.metadata().map(|it| it.len())),
        Op::Sync(true) => outcome(file.sync_data()),
        Op::Sync(false) => outcome(file.sync_all()),
        _ => Ok(String::new()),
    }
}

async fn on_paths(rt: &Calls, folder: &Path, op: &Op) -> Outcome {
    let at = |name: &str| folder.join(name);
    match op {
        Op::ReadFile(name) => outcome(fs::read_in(at(name), rt).await),
        Op::WriteFile(name, bytes) => outcome(fs::write_in(at(name), bytes, rt).await),
        Op::Copy(from, to) => outcome(fs::copy_in(at(from), at(to), rt).await),
        Op::Rename(from, to) => outcome(fs::rename_in(at(from), at(to), rt).await),
        Op::HardLink(from, to) => outcome(fs::hard_link_in(at(from), at(to), rt).await),
        Op::Symlink(from, to) => outcome(fs::symlink_in(from, at(to), rt).await),
        Op::ReadLink(name) => outcome(fs::read_link_in(at(name), rt).await),
        Op::RemoveFile(name) => outcome(fs::remove_file_in(at(name), rt).await),
        Op::CreateDir(name, true) => outcome(fs::create_dir_all_in(at(name), rt).await),
        Op::CreateDir(name, false) => outcome(fs::create_dir_in(at(name), rt).await),
        Op::RemoveDir(name, true) => outcome(fs::remove_dir_all_in(at(name), rt).await),
        Op::RemoveDir(name, false) => outcome(fs::remove_dir_in(at(name), rt).await),
        Op::ReadDir(name) => match fs::read_dir_in(at(name), rt).await {
            Ok(dir) => {
                let names = dir.map(|entry| entry.map(|entry| entry.file_name()));
                let names: io::Result<Vec<_>> = names.try_collect().await;
                outcome(names.map(sorted))
            }
            Err(error) => outcome::<()>(Err(error)),
        },
        Op::Metadata(name, follow) => {
            let metadata = match follow {
                true => fs::metadata_in(at(name), rt).await,
                false => fs::symlink_metadata_in(at(name), rt).await,
            };
            outcome(metadata.map(|it| (it.is_dir(), it.is_symlink(), it.permissions().mode())))
        }
        Op::Exists(name) => outcome(fs::exists_in(at(name), rt).await),
        _ => Ok(String::new()),
    }
}

fn std_on_paths(folder: &Path, op: &Op) -> Outcome {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let at = |name: &str| folder.join(name);
    match op {
        Op::ReadFile(name) => outcome(fs::read(at(name))),
        Op::WriteFile(name, bytes) => outcome(fs::write(at(name), bytes)),
        Op::Copy(from, to) => outcome(fs::copy(at(from), at(to))),
        Op::Rename(from, to) => outcome(fs::rename(at(from), at(to))),
        Op::HardLink(from, to) => outcome(fs::hard_link(at(from), at(to))),
        Op::Symlink(from, to) => outcome(std::os::unix::fs::symlink(from, at(to))),
        Op::ReadLink(name) => outcome(fs::read_link(at(name))),
        Op::RemoveFile(name) => outcome(fs::remove_file(at(name))),
        Op::CreateDir(name, true) => outcome(fs::create_dir_all(at(name))),
        Op::CreateDir(name, false) => outcome(fs::create_dir(at(name))),
        Op::RemoveDir(name, true) => outcome(fs::remove_dir_all(at(name))),
        Op::RemoveDir(name, false) => outcome(fs::remove_dir(at(name))),
        Op::ReadDir(name) => outcome(fs::read_dir(at(name)).and_then(|dir| {
            let names = dir.map(|entry| entry.map(|entry| entry.file_name()));
            names.collect::<io::Result<Vec<_>>>().map(sorted)
        })),
        Op::Metadata(name, follow) => {
            let metadata = match follow {
                true => fs::metadata(at(name)),
                false => fs::symlink_metadata(at(name)),
            };
            let seen =
                |it: fs::Metadata| (it.is_dir(), it.is_symlink(), Some(it.permissions().mode()));
            outcome(metadata.map(seen))
        }
        Op::Exists(name) => outcome(fs::exists(at(name))),
        _ => Ok(String::new()),
    }
}

fn sorted<T: Ord>(mut names: Vec<T>) -> Vec<T> {
    names.sort();
    names
}

/// Every name below the folder, with what a file holds.
fn everything(folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut all = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).expect("it is a folder") {
            let path = entry.expect("it is read").path();
            let kind = path.symlink_metadata().expect("it is there").file_type();
            if kind.is_dir() {
                left.push(path.clone());
            }
            let bytes = kind
                .is_file()
                .then(|| std::fs::read(&path).expect("it is read"));
            let name = path.strip_prefix(folder).expect("it is below").to_owned();
            all.push((name, bytes));
        }
    }
    sorted(all)
}

fn both_do_the_same(ops: &[Op], is_pooled: bool) -> Result<(), TestCaseError> {
    let (ours, stds) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let mut twin: Option<std::fs::File> = None;
    let mut us = Ours {
        rt: Calls::default(),
        folder: ours.path().to_owned(),
        file: None,
        is_pooled,
    };
    for (i, op) in ops.iter().enumerate() {
        let expected = match op {
            Op::Open(name, flags) => {
                twin = None;
                let opened = std_options(*flags).open(stds.path().join(name));
                outcome(opened.map(|file| twin = Some(file)))
            }
            _ => match &twin {
                Some(file) if is_on_the_file(op) => std_on_file(file, op),
                _ => std_on_paths(stds.path(), op),
            },
        };
        prop_assert_eq!(us.run(op), expected, "operation {}: {:?}", i, op);
        let cursor = twin
            .as_ref()
            .and_then(|mut file| file.stream_position().ok());
        prop_assert_eq!(
            us.cursor(),
            cursor,
            "the cursor after operation {}: {:?}",
            i,
            op
        );
    }
    prop_assert_eq!(everything(ours.path()), everything(stds.path()));
    Ok(())
}

/// A byte, how many of it, whether the write is dropped, and whether its call runs before that.
fn dropped_or_not() -> impl Strategy<Value = (u8, usize, bool, bool)> {
    (any::<u8>(), 1..16usize, any::<bool>(), any::<bool>())
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn inline(ops in prop::collection::vec(op(), 1..60)) {
        both_do_the_same(&ops, false)?;
    }

    #[test]
    fn on_the_pool(ops in prop::collection::vec(op(), 1..60)) {
        both_do_the_same(&ops, true)?;
    }
}

proptest! {
    #![proptest_config(config())]

    /// Writes, some of them dropped: each is in the file in full or not at all, in order.
    #[test]
    fn dropped_writes_are_whole_and_in_order(
        writes in prop::collection::vec(dropped_or_not(), 1..20)
    ) {
        let rt = Calls::default();
        let (_folder, path) = super::folder_with(b"");
        let file = super::open(&rt, &path);
        let mut expected = Vec::new();
        let mut is_under_way = false;
        for (byte, len, is_dropped, runs) in writes {
            let bytes = vec![byte; len];
            if is_dropped {
                prop_assert!(poll_once(pin!(file.write(&bytes))).is_pending());
                // One that only waited for its turn was never begun.
                expected.extend(bytes.iter().filter(|_| !is_under_way));
                is_under_way = !runs;
                if runs {
                    rt.run_all();
                }
            } else {
                rt.block_on(file.write_all(&bytes))?;
                expected.extend(&bytes);
                is_under_way = false;
            }
        }
        rt.block_on(file.flush())?;
        prop_assert_eq!(std::fs::read(&path)?, expected);
    }
}
