//! The file tree beside std's: the same random operations, made in memory and in a folder of the
//! machine, have the same results and error kinds (`L141`).

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use anyrt_api::fs::{self, File};
use anyrt_api::{BlockOn, Entropy};
use anyrt_mem::{Mem, Runtime};
use futures_lite::StreamExt;

const NAMES: [&str; 12] = [
    "a", "b", "a/b", "a/c", "b/a", "a/b/c", "a/..", "b/../a", "a/", "c", "c/a", "",
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
        // Not `join`, which would lose the slash at the end and make a folder of "".
        PathBuf::from(format!("{}/{name}", self.0.display()))
    }

    fn shown(&self, path: &Path) -> Answer {
        let below = path.strip_prefix(&self.0).unwrap_or(path);
        Answer::Text(below.display().to_string())
    }
}

macro_rules! both {
    ($world:ident, $path:ident, $other:ident, $n:ident, $name:ident, $mem:expr, $std:expr) => {{
        let (memory, machine) = $world;
        let mem = {
            let ($path, $other) = (memory.path($name.0), memory.path($name.1));
            let _ = &$other;
            $mem
        };
        let std = {
            let ($path, $other) = (machine.path($name.0), machine.path($name.1));
            let _ = &$other;
            $std
        };
        (mem, std)
    }};
}

async fn step(world: (&Root, &Root), op: usize, name: (&str, &str), n: usize) -> (Answer, Answer) {
    use std::fs as std_fs;
    let (memory, machine) = world;
    let bytes = vec![n as u8; n];
    match op {
        0 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::write(&p, &bytes).await),
            done(std_fs::write(&p, &bytes))
        ),
        1 => both!(
            world,
            p,
            q,
            n,
            name,
            answer(fs::read(&p).await, Answer::Bytes),
            answer(std_fs::read(&p), Answer::Bytes)
        ),
        2 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::create_dir(&p).await),
            done(std_fs::create_dir(&p))
        ),
        3 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::create_dir_all(&p).await),
            done(std_fs::create_dir_all(&p))
        ),
        4 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::remove_file(&p).await),
            done(std_fs::remove_file(&p))
        ),
        5 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::remove_dir(&p).await),
            done(std_fs::remove_dir(&p))
        ),
        6 if !name.0.is_empty() && !name.0.contains("..") => {
            both!(
                world,
                p,
                q,
                n,
                name,
                done(fs::remove_dir_all(&p).await),
                done(std_fs::remove_dir_all(&p))
            )
        }
        7 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::rename(&p, &q).await),
            done(std_fs::rename(&p, &q))
        ),
        8 => both!(
            world,
            p,
            q,
            n,
            name,
            done(fs::hard_link(&p, &q).await),
            done(std_fs::hard_link(&p, &q))
        ),
        9 => (
            done(fs::symlink(name.0, memory.path(name.1)).await),
            done(std::os::unix::fs::symlink(name.0, machine.path(name.1))),
        ),
        10 => (
            answer(fs::canonicalize(memory.path(name.0)).await, |path| {
                memory.shown(&path)
            }),
            answer(std_fs::canonicalize(machine.path(name.0)), |path| {
                machine.shown(&path)
            }),
        ),
        11 => both!(world, p, q, n, name, listing(&p).await, std_listing(&p)),
        12 => both!(
            world,
            p,
            q,
            n,
            name,
            file_in_memory(&p, n).await,
            file_on_machine(&p, n)
        ),
        13 => both!(
            world,
            p,
            q,
            n,
            name,
            answer(fs::read_link(&p).await, |to| Answer::Text(
                to.display().to_string()
            )),
            answer(std_fs::read_link(&p), |to| Answer::Text(
                to.display().to_string()
            ))
        ),
        14 => both!(
            world,
            p,
            q,
            n,
            name,
            answer(fs::symlink_metadata(&p).await, |m| Answer::Text(format!(
                "{} {} {}",
                m.is_file(),
                m.is_dir(),
                if m.is_dir() { 0 } else { m.len() }
            ))),
            answer(std_fs::symlink_metadata(&p), |m| Answer::Text(format!(
                "{} {} {}",
                m.is_file(),
                m.is_dir(),
                if m.is_dir() { 0 } else { m.len() }
            )))
        ),
        _ => both!(
            world,
            p,
            q,
            n,
            name,
            answer(fs::copy(&p, &q).await, |n| Answer::Text(n.to_string())),
            answer(std_fs::copy(&p, &q), |n| Answer::Text(n.to_string()))
        ),
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
            return Ok(format!("{:?}", file.read(&mut [0; 9]).await.map_err(|e| e.kind())));
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
            return Ok(format!("{:?}", file.read(&mut [0; 9]).map_err(|e| e.kind())));
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
                let odd = op == 9 && name.0.ends_with('/');
                if odd || [5, 7, 12].contains(&op) && (name.0.ends_with("..") || name.1.ends_with("..")) {
                    // Each system has its own opinion of these.
                    continue;
                }
                let (mem, std) = step((&memory, &machine), op, name, n).await;
                // Some kinds of the system have no name in std that others could give.
                let unnamed = matches!(&std, Answer::Error(kind) if is_unnamed(*kind));
                let alike = mem == std || (unnamed && matches!(mem, Answer::Error(_)));
                assert!(
                    alike,
                    "seed {seed}, step {nth}, {op} {name:?} {n}: {mem:?}, std {std:?}"
                );
            }
        });
    }
}

/// `Uncategorized` and `FilesystemLoop`, which cannot be written.
fn is_unnamed(kind: io::ErrorKind) -> bool {
    ["Uncategorized", "FilesystemLoop"].contains(&format!("{kind:?}").as_str())
}
