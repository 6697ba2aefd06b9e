//! L141 and L156: the same operations on a twin folder with `std::fs`, and the same outcomes.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};

use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l141_random_operations_as_std_has_them),
        law!(l141_random_cursors_as_std_has_them),
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

#[track_caller]
fn same<T: PartialEq + Debug>(what: &str, ours: io::Result<T>, std: io::Result<T>) {
    let kind = |result: io::Result<T>| result.map_err(|error| (error.kind(), error.raw_os_error()));
    assert_eq!(kind(ours), kind(std), "{what}");
}

/// L141: Any sequence of operations on paths gives the results and error kinds of `std::fs`.
async fn l141_random_operations_as_std_has_them<R: Runtime>(rt: R) {
    let (ours, std) = (folder(&rt).await, folder(&rt).await);
    let names = ["a", "b", "d", "d/a", "d/e", "d/e/b", "a/x", "missing/x"];
    for seed in 1..4 {
        let mut chance = Chance(seed);
        for step in 0..250 {
            let (one, other) = (names[chance.below(8)], names[chance.below(8)]);
            let (mine, theirs) = (ours.join(one), std.join(one));
            let (mine_too, theirs_too) = (ours.join(other), std.join(other));
            let kind = chance.below(12);
            let what = format!("seed {seed}, step {step}: operation {kind} on {one}, {other}");
            let bytes = vec![step as u8; chance.below(3_000)];
            match kind {
                0 | 1 => same(
                    &what,
                    fs::write_in(&mine, &bytes, &rt).await,
                    std::fs::write(&theirs, &bytes),
                ),
                2 => same(&what, fs::read_in(&mine, &rt).await, std::fs::read(&theirs)),
                3 => same(
                    &what,
                    fs::create_dir_in(&mine, &rt).await,
                    std::fs::create_dir(&theirs),
                ),
                4 => same(
                    &what,
                    fs::create_dir_all_in(&mine, &rt).await,
                    std::fs::create_dir_all(&theirs),
                ),
                5 => same(
                    &what,
                    fs::remove_file_in(&mine, &rt).await,
                    std::fs::remove_file(&theirs),
                ),
                6 => same(
                    &what,
                    fs::remove_dir_in(&mine, &rt).await,
                    std::fs::remove_dir(&theirs),
                ),
                7 => same(
                    &what,
                    fs::rename_in(&mine, &mine_too, &rt).await,
                    std::fs::rename(&theirs, &theirs_too),
                ),
                8 => same(
                    &what,
                    fs::copy_in(&mine, &mine_too, &rt).await,
                    std::fs::copy(&theirs, &theirs_too),
                ),
                9 => same(
                    &what,
                    fs::hard_link_in(&mine, &mine_too, &rt).await,
                    std::fs::hard_link(&theirs, &theirs_too),
                ),
                10 => same(&what, listed(&mine, &rt).await, std_listed(&theirs)),
                _ => {
                    let ours = fs::metadata_in(&mine, &rt)
                        .await
                        .map(|m| (m.is_dir(), m.is_file()));
                    same(
                        &what,
                        ours,
                        std::fs::metadata(&theirs).map(|m| (m.is_dir(), m.is_file())),
                    );
                }
            }
        }
    }
}

async fn listed<R: Runtime>(path: &Path, rt: &R) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir_in(path, rt).await?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        names.push(PathBuf::from(entry.file_name()));
    }
    names.sort();
    Ok(names)
}

fn std_listed(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path)?;
    let names = entries.map(|entry| entry.map(|entry| PathBuf::from(entry.file_name())));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// L141: And so does any sequence of operations on an open file.
async fn l141_random_cursors_as_std_has_them<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for seed in 1..9 {
        let (ours, std) = (
            folder.join(format!("ours{seed}")),
            folder.join(format!("std{seed}")),
        );
        let appends = seed % 4 == 0;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).append(appends);
        let ours = options.open_in(&ours, &rt).await.expect("it opens");
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).append(appends);
        let mut std = options.open(&std).expect("it opens");
        let mut chance = Chance(seed);
        for step in 0..200 {
            let what = format!("seed {seed}, step {step}");
            let len = chance.below(5_000);
            let (mut mine, mut theirs) = (vec![0; len], vec![0; len]);
            let offset = chance.below(20_000) as i64 - 5_000;
            match chance.below(7) {
                0 | 1 => {
                    mine.fill(step as u8);
                    same(&what, ours.write(&mine).await, std.write(&mine));
                }
                2 | 3 => {
                    same(
                        &what,
                        read_full(&ours, &mut mine).await,
                        std_read_full(&mut std, &mut theirs),
                    );
                    assert!(mine == theirs, "{what}: other bytes");
                }
                4 => {
                    let to = [
                        SeekFrom::Current(offset),
                        SeekFrom::End(offset),
                        SeekFrom::Start(offset.unsigned_abs()),
                    ][chance.below(3)];
                    same(&what, ours.seek(to).await, std.seek(to));
                }
                5 => same(
                    &what,
                    ours.set_len(len as u64).await,
                    std.set_len(len as u64),
                ),
                _ => {
                    let len = ours.metadata().await.map(|metadata| metadata.len());
                    same(&what, len, std.metadata().map(|metadata| metadata.len()));
                }
            }
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

/// L156: Paths that are not UTF-8 work, and bad ones give std's kinds.
async fn l156_bad_paths_as_std_has_them<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let odd = folder.join(OsStr::from_bytes(b"not utf-8 \xff\xfe"));
    fs::write_in(&odd, b"odd", &rt).await.expect("written");
    assert_eq!(std::fs::read(&odd).expect("std finds it"), b"odd");
    assert_eq!(
        listed(&folder, &rt).await.expect("listed"),
        [odd.file_name().expect("a name")]
    );

    std::fs::write(folder.join("file"), b"").expect("written");
    std::os::unix::fs::symlink("loop", folder.join("loop")).expect("a link to itself");
    let long = "x".repeat(300);
    for bad in [
        "none",
        "file/below",
        "loop",
        "nul\0inside",
        &long,
        "",
        "file/",
        "none/",
    ] {
        let path = if bad.is_empty() {
            PathBuf::new()
        } else {
            folder.join(bad)
        };
        let what = format!("{bad:?}");
        same(
            &what,
            File::open_in(&path, &rt).await.map(drop),
            std::fs::File::open(&path).map(drop),
        );
        same(&what, fs::read_in(&path, &rt).await, std::fs::read(&path));
        let ours = fs::metadata_in(&path, &rt).await.map(|m| m.len());
        same(&what, ours, std::fs::metadata(&path).map(|m| m.len()));
        same(&what, listed(&path, &rt).await, std_listed(&path));
        same(
            &what,
            fs::read_link_in(&path, &rt).await,
            std::fs::read_link(&path),
        );
        same(
            &what,
            fs::canonicalize_in(&path, &rt).await,
            std::fs::canonicalize(&path),
        );
        let renamed = fs::rename_in(&path, folder.join("none/deep"), &rt).await;
        same(
            &what,
            renamed,
            std::fs::rename(&path, folder.join("none/deep")),
        );
    }
    let nul = fs::remove_file_in(folder.join("a\0b"), &rt)
        .await
        .expect_err("a NUL");
    assert_eq!(nul.kind(), ErrorKind::InvalidInput);
}
