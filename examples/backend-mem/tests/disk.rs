//! What a power cut leaves, for many seeds: all that was synced, and of the rest a prefix.

use std::io;

use anyrt_api::BlockOn;
use anyrt_api::fs::{self, File};
use anyrt_mem::Runtime;

const SEEDS: u64 = 300;

/// Runs `before` and cuts the power; what the next runtime finds of `path`.
fn after_a_cut<F: Future<Output = io::Result<()>>>(
    seed: u64,
    path: &str,
    before: impl FnOnce() -> F,
) -> Option<Vec<u8>> {
    let first = Runtime::new(seed);
    first
        .block_on(before())
        .expect("nothing fails before the cut");
    first.handle().power_cut();
    let second = Runtime::with_disk(seed, first.disk());
    drop(first);
    second.block_on(fs::read(path)).ok()
}

/// Appends records of four equal bytes; all up to `n_synced` are synced.
async fn append(n_records: u8, n_synced: u8) -> io::Result<()> {
    let file = File::options()
        .append(true)
        .create(true)
        .open("/log")
        .await?;
    for record in 0..n_records {
        file.write_all(&[record; 4]).await?;
        if record + 1 == n_synced {
            file.sync_data().await?;
        }
    }
    Ok(())
}

#[test]
fn what_was_synced_is_kept_and_the_rest_is_a_prefix() {
    let whole: Vec<u8> = (0..20).flat_map(|record| [record; 4]).collect();
    let mut lengths = Vec::new();
    for seed in 0..SEEDS {
        let left = after_a_cut(seed, "/log", || append(20, 8)).expect("the file was synced");
        assert!(
            whole.starts_with(&left),
            "seed {seed}: {left:?} is no prefix"
        );
        assert!(
            left.len() >= 32,
            "seed {seed}: {} bytes are left",
            left.len()
        );
        lengths.push(left.len());
    }
    let any = |is: fn(usize) -> bool| lengths.iter().any(|len| is(*len));
    assert!(any(|len| len == 32), "never lost");
    assert!(any(|len| len == 80), "never kept");
    assert!(any(|len| len % 4 != 0), "never torn");
}

#[test]
fn a_file_that_was_never_synced_may_be_gone() {
    let left: Vec<_> = (0..SEEDS)
        .map(|seed| after_a_cut(seed, "/log", || append(3, 0)))
        .collect();
    assert!(left.iter().any(Option::is_none), "the name always stays");
    assert!(left.iter().any(Option::is_some), "the name never stays");
}

/// Replaces a file by a newer one, as programs do; with or without a sync of the folder.
async fn replace(syncs_file: bool, syncs_folder: bool) -> io::Result<()> {
    fs::create_dir("/d").await?;
    fs::write("/d/f", "old").await?;
    File::open("/d/f").await?.sync_all().await?;
    fs::write("/d/new", "newer").await?;
    if syncs_file {
        File::open("/d/new").await?.sync_all().await?;
    }
    fs::rename("/d/new", "/d/f").await?;
    if syncs_folder {
        File::open("/d").await?.sync_all().await?;
    }
    Ok(())
}

#[test]
fn a_rename_is_whole_or_not_at_all_and_safe_once_the_folder_is_synced() {
    let (mut n_old, mut n_new) = (0, 0);
    for seed in 0..SEEDS {
        let left = after_a_cut(seed, "/d/f", || replace(true, false)).expect("one of them");
        match left.as_slice() {
            b"old" => n_old += 1,
            b"newer" => n_new += 1,
            other => panic!("seed {seed}: {other:?}"),
        }
        let left = after_a_cut(seed, "/d/f", || replace(true, true));
        assert_eq!(left.as_deref(), Some(&b"newer"[..]), "seed {seed}");
    }
    assert!(n_old > 0 && n_new > 0, "{n_old} old, {n_new} new");
}

#[test]
fn a_rename_without_a_sync_of_the_file_may_leave_it_torn() {
    let torn = (0..SEEDS).any(|seed| {
        let left = after_a_cut(seed, "/d/f", || replace(false, true)).expect("the name is synced");
        assert!(b"newer".starts_with(&left[..]), "seed {seed}: {left:?}");
        left.len() < 5
    });
    assert!(torn, "the classic mistake is never punished");
}

#[test]
fn open_files_die_with_the_power_and_write_nothing_later() {
    let owner = Runtime::new(1);
    let rt = owner.handle();
    owner.block_on(async {
        let file = File::create("/f").await.expect("a file");
        file.write_all(b"kept").await.expect("it is written");
        file.sync_all().await.expect("it is synced");
        file.lock().await.expect("nobody has it");
        rt.power_cut();
        let error = file.write(b"late").await.expect_err("the file is dead");
        assert!(error.to_string().contains("`mem`"), "{error}");
        file.sync_all().await.expect_err("it is dead");
        assert_eq!(fs::read("/f").await.expect("it is there"), b"kept");
        let again = File::open("/f").await.expect("it is there");
        again.try_lock().await.expect("the lock died too");
        drop(file);
        let other = File::open("/f").await.expect("it is there");
        other
            .try_lock()
            .await
            .expect_err("the dead one took no lock along");
    });
}

#[test]
fn equal_seeds_leave_equal_disks() {
    for seed in 0..50 {
        let left = || after_a_cut(seed, "/log", || append(20, 3));
        assert_eq!(left(), left(), "seed {seed}");
    }
}
