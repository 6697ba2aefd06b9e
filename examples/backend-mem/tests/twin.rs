//! The file tree beside std's: the same random operations, made in memory and in a folder of the
//! machine, have the same results and error kinds (`L141`).

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use anyrt_api::fs::{self, File};
use anyrt_api::{BlockOn, Entropy};
use anyrt_mem::{Mem, Runtime};
use futures_lite::StreamExt;

const NAMES: [&str; 10] = [
    "a", "b", "a/b", "a/c", "b/a", "a/b/c", "a/..", "b/../a", "c", "c/a",
];

/// What an operation answers, as far as both worlds must agree.
#[derive(Debug, PartialEq)]
enum Answer {
    Done,
    Error(io::ErrorKind),
    Bytes(Vec<u8>),
    Text(String),
}

fn answer<T>(result: io::Result<T>, show: impl FnOnce(T) -> Answer) -> Answer {
    result.map_or_else(|error| Answer::Error(error.kind()), show)
}

fn done(result: io::Result<()>) -> Answer {
    answer(result, |()| Answer::Done)
}

struct Chance(Mem);

impl Chance {
    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes) as usize % bound
    }

    fn name(&self) -> &'static str {
        NAMES[self.below(NAMES.len())]
    }
}

/// One world: the paths are below its root.
struct Root(PathBuf);

impl Root {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn shown(&self, path: &Path) -> Answer {
        let below = path.strip_prefix(&self.0).unwrap_or(path);
        Answer::Text(below.display().to_string())
    }
}

/// One operation of many, by number, in memory.
async fn in_memory(root: &Root, op: usize, (from, to): (&str, &str), n: usize) -> Answer {
    let (p, q) = (root.path(from), root.path(to));
    match op {
        0 => done(fs::write(&p, vec![n as u8; n]).await),
        1 => answer(fs::read(&p).await, Answer::Bytes),
        2 => done(fs::create_dir(&p).await),
        3 => done(fs::create_dir_all(&p).await),
        4 => done(fs::remove_file(&p).await),
        5 => done(fs::remove_dir(&p).await),
        6 => done(fs::remove_dir_all(&p).await),
        7 => done(fs::rename(&p, &q).await),
        8 => done(fs::hard_link(&p, &q).await),
        9 => done(fs::symlink(from, &q).await),
        10 => answer(fs::canonicalize(&p).await, |path| root.shown(&path)),
        11 => listing(&p).await,
        12 => file_in_memory(&p, n).await,
        13 => answer(fs::read_link(&p).await, |to| text(&to)),
        14 => answer(fs::symlink_metadata(&p).await, |known| {
            let len = if known.is_dir() { 0 } else { known.len() };
            text(&(known.is_file(), known.is_dir(), len))
        }),
        _ => answer(fs::copy(&p, &q).await, |n_copied| text(&n_copied)),
    }
}

/// The same on the machine.
fn on_machine(root: &Root, op: usize, (from, to): (&str, &str), n: usize) -> Answer {
    use std::fs;

    let (p, q) = (root.path(from), root.path(to));
    match op {
        0 => done(fs::write(&p, vec![n as u8; n])),
        1 => answer(fs::read(&p), Answer::Bytes),
        2 => done(fs::create_dir(&p)),
        3 => done(fs::create_dir_all(&p)),
        4 => done(fs::remove_file(&p)),
        5 => done(fs::remove_dir(&p)),
        6 => done(fs::remove_dir_all(&p)),
        7 => done(fs::rename(&p, &q)),
        8 => done(fs::hard_link(&p, &q)),
        9 => done(std::os::unix::fs::symlink(from, &q)),
        10 => answer(fs::canonicalize(&p), |path| root.shown(&path)),
        11 => std_listing(&p),
        12 => file_on_machine(&p, n),
        13 => answer(fs::read_link(&p), |to| text(&to)),
        14 => answer(fs::symlink_metadata(&p), |known| {
            let len = if known.is_dir() { 0 } else { known.len() };
            text(&(known.is_file(), known.is_dir(), len))
        }),
        _ => answer(fs::copy(&p, &q), |n_copied| text(&n_copied)),
    }
}

fn text(shown: &impl std::fmt::Debug) -> Answer {
    Answer::Text(format!("{shown:?}"))
}

/// Operations whose outcome is each system's own affair.
fn is_odd(op: usize, (from, to): (&str, &str)) -> bool {
    let up = |name: &str| name.ends_with("..");
    match op {
        5 | 7 | 12 => up(from) || up(to),
        6 => from.contains(".."),
        _ => false,
    }
}

async fn listing(path: &Path) -> Answer {
    match fs::read_dir(path).await {
        Err(error) => Answer::Error(error.kind()),
        Ok(entries) => {
            let names = entries.map(|entry| entry.expect("it stands still").file_name());
            let mut names: Vec<_> = names.collect().await;
            names.sort();
            Answer::Text(format!("{names:?}"))
        }
    }
}

fn std_listing(path: &Path) -> Answer {
    answer(std::fs::read_dir(path), |entries| {
        let names = entries.map(|entry| entry.expect("it stands still").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        Answer::Text(format!("{names:?}"))
    })
}

/// Opens a file in one of many ways and works on it.
async fn file_in_memory(path: &Path, n: usize) -> Answer {
    let options = &mut File::options();
    let options = options
        .read(n & 1 != 0)
        .write(n & 2 != 0)
        .create(n & 4 != 0);
    let options = options
        .truncate(n & 8 != 0)
        .append(n & 16 != 0)
        .create_new(n & 32 != 0);
    let work = async {
        let file = options.open(path).await?;
        if file.metadata().await?.is_dir() {
            // The cursor of a folder is each file system's own affair.
            return Ok(format!(
                "{:?}",
                file.read(&mut [0; 9]).await.map_err(|e| e.kind())
            ));
        }
        let mut bytes = [0; 10];
        let at = file.seek(SeekFrom::End(n as i64 - 40)).await;
        let n_read = file.read(&mut bytes).await.unwrap_or(99);
        let n_written = file.write(&[n as u8; 7]).await.unwrap_or(99);
        let set = file.set_len(n as u64 * 3).await.is_ok();
        let cursor = file.seek(SeekFrom::Current(0)).await?;
        let len = file.metadata().await?.len();
        let at = at.map_err(|error| error.kind());
        io::Result::Ok(format!(
            "{at:?} {n_read} {bytes:?} {n_written} {set} {cursor} {len}"
        ))
    };
    answer(work.await, Answer::Text)
}

fn file_on_machine(path: &Path, n: usize) -> Answer {
    use std::io::{Read, Seek, Write};
    let work = || {
        let options = &mut std::fs::File::options();
        let options = options
            .read(n & 1 != 0)
            .write(n & 2 != 0)
            .create(n & 4 != 0);
        let options = options
            .truncate(n & 8 != 0)
            .append(n & 16 != 0)
            .create_new(n & 32 != 0);
        let mut file = options.open(path)?;
        if file.metadata()?.is_dir() {
            return Ok(format!(
                "{:?}",
                file.read(&mut [0; 9]).map_err(|e| e.kind())
            ));
        }
        let mut bytes = [0; 10];
        let at = file.seek(SeekFrom::End(n as i64 - 40));
        let n_read = file.read(&mut bytes).unwrap_or(99);
        let n_written = file.write(&[n as u8; 7]).unwrap_or(99);
        let set = file.set_len(n as u64 * 3).is_ok();
        let cursor = file.stream_position()?;
        let len = file.metadata()?.len();
        let at = at.map_err(|error| error.kind());
        io::Result::Ok(format!(
            "{at:?} {n_read} {bytes:?} {n_written} {set} {cursor} {len}"
        ))
    };
    answer(work(), Answer::Text)
}

#[test]
fn the_tree_answers_as_the_machine_does() {
    for seed in 0..60 {
        let owner = Runtime::new(seed);
        let chance = Chance(owner.handle());
        let folder = tempfile::tempdir().expect("a folder");
        let machine = Root(folder.path().canonicalize().expect("its true path"));
        let memory = Root(PathBuf::from("/root"));
        owner.block_on(async {
            fs::create_dir("/root").await.expect("an empty disk");
            for nth in 0..200 {
                let (op, name) = (chance.below(16), (chance.name(), chance.name()));
                let n = chance.below(64);
                if is_odd(op, name) {
                    continue;
                }
                let mem = in_memory(&memory, op, name, n).await;
                let std = on_machine(&machine, op, name, n);
                // Some kinds of the system have no name in std that others could give.
                let unnamed = matches!(&std, Answer::Error(kind) if is_unnamed(*kind));
                let alike = mem == std || (unnamed && matches!(mem, Answer::Error(_)));
                let case = format!("seed {seed}, step {nth}, {op} {name:?} {n}");
                assert!(alike, "{case}: {mem:?}, std {std:?}");
            }
        });
    }
}

/// `Uncategorized` and `FilesystemLoop`, which cannot be written.
fn is_unnamed(kind: io::ErrorKind) -> bool {
    ["Uncategorized", "FilesystemLoop"].contains(&format!("{kind:?}").as_str())
}
