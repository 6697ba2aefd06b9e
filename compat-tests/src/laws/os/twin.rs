//! L141 and L156: the same operations on a twin folder with `std::fs`, and the same outcomes.

use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};

use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l141_random_operations_as_std_has_them),
        law!(l141_random_cursors_as_std_has_them),
        law!(l156_odd_paths_work),
        law!(l156_bad_paths_as_std_has_them),
    ]
}

/// Chance with a seed that a failure names: a multiplier and an increment of Knuth's.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// What an operation said: its result in words, or the kind and number of its error.
type Outcome = Result<String, (ErrorKind, Option<i32>)>;

fn outcome<T: Debug>(result: io::Result<T>) -> Outcome {
    let error = |error: io::Error| (error.kind(), error.raw_os_error());
    result.map(|value| format!("{value:?}")).map_err(error)
}

/// One operation on paths of ours.
async fn ours<R: Runtime>(kind: usize, one: &Path, other: &Path, data: &[u8], rt: &R) -> Outcome {
    match kind {
        0 | 1 => outcome(fs::write_in(one, data, rt).await),
        2 => outcome(fs::read_in(one, rt).await),
        3 => outcome(fs::create_dir_in(one, rt).await),
        4 => outcome(fs::create_dir_all_in(one, rt).await),
        5 => outcome(fs::remove_file_in(one, rt).await),
        6 => outcome(fs::remove_dir_in(one, rt).await),
        7 => outcome(fs::rename_in(one, other, rt).await),
        8 => outcome(fs::copy_in(one, other, rt).await),
        9 => outcome(fs::hard_link_in(one, other, rt).await),
        10 => outcome(listed(one, rt).await),
        11 => outcome(fs::read_link_in(one, rt).await),
        12 => outcome(File::open_in(one, rt).await.map(drop)),
        _ => outcome(
            fs::metadata_in(one, rt)
                .await
                .map(|m| (m.is_dir(), m.is_file())),
        ),
    }
}

/// The same of std's.
fn std(kind: usize, one: &Path, other: &Path, data: &[u8]) -> Outcome {
    match kind {
        0 | 1 => outcome(std::fs::write(one, data)),
        2 => outcome(std::fs::read(one)),
        3 => outcome(std::fs::create_dir(one)),
        4 => outcome(std::fs::create_dir_all(one)),
        5 => outcome(std::fs::remove_file(one)),
        6 => outcome(std::fs::remove_dir(one)),
        7 => outcome(std::fs::rename(one, other)),
        8 => outcome(std::fs::copy(one, other)),
        9 => outcome(std::fs::hard_link(one, other)),
        10 => outcome(std_listed(one)),
        11 => outcome(std::fs::read_link(one)),
        12 => outcome(std::fs::File::open(one).map(drop)),
        _ => outcome(std::fs::metadata(one).map(|m| (m.is_dir(), m.is_file()))),
    }
}

/// How many kinds of operation there are.
const KINDS: usize = 14;

async fn listed<R: Runtime>(path: &Path, rt: &R) -> io::Result<Vec<OsString>> {
    let mut entries = fs::read_dir_in(path, rt).await?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        names.push(entry.file_name());
    }
    names.sort();
    Ok(names)
}

fn std_listed(path: &Path) -> io::Result<Vec<OsString>> {
    let entries = std::fs::read_dir(path)?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// L141: Any sequence of operations on paths gives the results and error kinds of `std::fs`.
async fn l141_random_operations_as_std_has_them<R: Runtime>(rt: R) {
    let (our_folder, std_folder) = (folder(&rt).await, folder(&rt).await);
    let names = ["a", "b", "d", "d/a", "d/e", "d/e/b", "a/x", "missing/x"];
    for seed in 1..4 {
        let mut chance = Chance(seed);
        for step in 0..300 {
            let (one, other) = (names[chance.below(8)], names[chance.below(8)]);
            let kind = chance.below(KINDS);
            let data = vec![step as u8; chance.below(3_000)];
            let mine = [one, other].map(|name| our_folder.join(name));
            let theirs = [one, other].map(|name| std_folder.join(name));
            assert_eq!(
                ours(kind, &mine[0], &mine[1], &data, &rt).await,
                std(kind, &theirs[0], &theirs[1], &data),
                "seed {seed}, step {step}: operation {kind} on {one}, {other}"
            );
        }
    }
}

/// One operation on an open file of ours.
async fn our_cursor<R: Runtime>(kind: usize, file: &File<R>, data: &[u8], to: SeekFrom) -> Outcome {
    let mut buf = vec![0; data.len()];
    match kind {
        0 | 1 => outcome(file.write(data).await),
        2 | 3 => outcome(read_full(file, &mut buf).await.map(|n| (n, buf))),
        4 => outcome(file.seek(to).await),
        5 => outcome(file.set_len(data.len() as u64).await),
        _ => outcome(file.metadata().await.map(|metadata| metadata.len())),
    }
}

/// The same on one of std's.
fn std_cursor(kind: usize, file: &mut std::fs::File, data: &[u8], to: SeekFrom) -> Outcome {
    let mut buf = vec![0; data.len()];
    match kind {
        0 | 1 => outcome(file.write(data)),
        2 | 3 => outcome(std_read_full(file, &mut buf).map(|n| (n, buf))),
        4 => outcome(file.seek(to)),
        5 => outcome(file.set_len(data.len() as u64)),
        _ => outcome(file.metadata().map(|metadata| metadata.len())),
    }
}

/// L141: And so does any sequence of operations on an open file.
async fn l141_random_cursors_as_std_has_them<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for seed in 1..9 {
        let appends = seed % 4 == 0;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).append(appends);
        let mine = options
            .open_in(folder.join(format!("ours{seed}")), &rt)
            .await;
        let mine = mine.expect("it opens");
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).append(appends);
        let theirs = options.open(folder.join(format!("std{seed}")));
        let mut theirs = theirs.expect("it opens");
        let mut chance = Chance(seed);
        for step in 0..200 {
            let data = vec![step as u8; chance.below(5_000)];
            let offset = chance.below(20_000) as i64 - 5_000;
            let start = SeekFrom::Start(offset.unsigned_abs());
            let to = [SeekFrom::Current(offset), SeekFrom::End(offset), start][chance.below(3)];
            let kind = chance.below(7);
            assert_eq!(
                our_cursor(kind, &mine, &data, to).await,
                std_cursor(kind, &mut theirs, &data, to),
                "seed {seed}, step {step}: operation {kind}"
            );
        }
    }
}

/// Reads until the buffer is full or the file ends: one read may always give less.
async fn read_full<R: Runtime>(file: &File<R>, buf: &mut [u8]) -> io::Result<usize> {
    let mut total = 0;
    while total < buf.len() {
        match file.read(&mut buf[total..]).await? {
            0 => break,
            n => total += n,
        }
    }
    Ok(total)
}

fn std_read_full(file: &mut std::fs::File, buf: &mut [u8]) -> io::Result<usize> {
    let mut total = 0;
    while total < buf.len() {
        match file.read(&mut buf[total..])? {
            0 => break,
            n => total += n,
        }
    }
    Ok(total)
}

/// L156: Paths that are not UTF-8 work.
async fn l156_odd_paths_work<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let odd = folder.join(OsStr::from_bytes(b"not utf-8 \xff\xfe"));
    fs::write_in(&odd, b"odd", &rt).await.expect("written");
    assert_eq!(std::fs::read(&odd).expect("std finds it"), b"odd");
    let listed = listed(&folder, &rt).await.expect("listed");
    assert_eq!(listed, [odd.file_name().expect("a name")]);
    fs::remove_file_in(&odd, &rt).await.expect("removed");
}

/// L156: Bad paths give std's kinds.
async fn l156_bad_paths_as_std_has_them<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    std::fs::write(folder.join("file"), b"").expect("written");
    std::os::unix::fs::symlink("loop", folder.join("loop")).expect("a link to itself");
    let long = "x".repeat(300);
    let below = folder.join("none/deep");
    for bad in [
        "none",
        "file/below",
        "loop",
        "nul\0inside",
        &long,
        "file/",
        "none/x",
    ] {
        let bad = folder.join(bad);
        // Those that leave everything as it is.
        for kind in [2, 7, 8, 10, 11, 12, 13] {
            assert_eq!(
                ours(kind, &bad, &below, b"", &rt).await,
                std(kind, &bad, &below, b""),
                "operation {kind} on {bad:?}"
            );
        }
    }
    for kind in 0..KINDS {
        let (empty, data) = (Path::new(""), b"");
        assert_eq!(
            ours(kind, empty, &below, data, &rt).await,
            std(kind, empty, &below, data)
        );
    }
}
