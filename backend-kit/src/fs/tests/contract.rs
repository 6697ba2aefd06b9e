//! One law after the other, where the model does not reach.

use std::fs::TryLockError;
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::pin::pin;

use anyrt_api::fs::{self, File, OpenOptions, RawFile};
use anyrt_api::{AnyRuntime, budget};

use super::runtime::{Calls, poll_once, wait_for};
use super::{folder_with, open, open_pooled};

/// L143, L144: a write resolves when it is in the file, with its own error.
#[test]
fn a_write_is_in_the_file_or_fails_at_once() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    rt.block_on(file.write_all(b"here")).expect("it writes");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"here");

    let full = open(&rt, "/dev/full".as_ref());
    for _ in 0..2 {
        let error = rt.block_on(full.write(b"x")).expect_err("the disk is full");
        assert_eq!(error.raw_os_error(), Some(28));
    }
    rt.block_on(full.flush()).expect("it was reported");
}

/// What is in the page cache needs no thread.
#[test]
fn a_cached_file_is_read_without_a_call() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let mut buf = [0; 4];
    let calls_of_reads = rt.block_on(async {
        let file = File::open_in(&path, &rt).await.expect("it opens");
        let n_before = rt.n_calls();
        file.read_exact(&mut buf).await.expect("it reads");
        file.read_exact_at(&mut buf, 6).await.expect("it reads");
        file.seek(SeekFrom::Start(9)).await.expect("it seeks");
        assert_eq!(file.read(&mut [0; 4]).await.expect("it reads"), 1);
        let end = file.read(&mut [0; 4]).await.expect("it reads");
        assert_eq!(end, 0, "the end needs no thread either");
        let mut std = file.as_raw().as_std();
        assert_eq!(std.stream_position().expect("it seeks"), 10);
        rt.n_calls() - n_before
    });
    assert_eq!(&buf, b"6789");
    // Where the file system cannot say whether a read would wait, all of it is the pool's.
    let has_inline = calls_of_reads == 0;
    assert!(has_inline || calls_of_reads == 4);

    // A name is not found at once while another is changed anywhere: this may take some attempts.
    let lucky = (0..100).any(|_| {
        let n_before = rt.n_calls();
        let open = rt.block_on(File::open_in(&path, &rt)).expect("it opens");
        let whole = rt.block_on(fs::read_in(&path, &rt)).expect("it reads");
        drop(open);
        assert_eq!(whole, b"0123456789");
        rt.n_calls() == n_before
    });
    assert!(lucky || !has_inline);
}

/// L060: reads that never wait are charged to the task's budget.
#[test]
fn cached_reads_yield() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open(&rt, &path);
    let mut polls = 0;
    let mut reads = pin!(async {
        for _ in 0..2 * budget::BUDGET {
            file.read_at(&mut [0; 4], 0).await.expect("it reads");
        }
        for _ in 0..2 * budget::BUDGET {
            fs::read_in(&path, &rt).await.expect("it reads");
        }
    });
    while budget::refilled(|| poll_once(reads.as_mut())).is_pending() {
        polls += 1;
        rt.run_all();
    }
    assert!(polls >= 3, "{polls} polls");
}

/// L154, L155.
#[test]
fn the_end_moves_and_offsets_are_wide() {
    let rt = Calls::default();
    for pooled in [false, true] {
        let (_folder, path) = folder_with(b"ab");
        let file = if pooled {
            open_pooled(&rt, &path)
        } else {
            open(&rt, &path)
        };
        let mut buf = [0; 4];
        rt.block_on(async {
            assert_eq!(file.read(&mut buf).await?, 2);
            assert_eq!(file.read(&mut buf).await?, 0);
            std::fs::write(&path, b"abcde")?;
            assert_eq!(file.read(&mut buf).await?, 3);

            let far = 5 << 32;
            file.write_all_at(b"far", far).await?;
            file.read_exact_at(&mut buf[..3], far).await?;
            assert_eq!(file.seek(SeekFrom::End(-3)).await?, far);
            let error = file.seek(SeekFrom::Current(-1 - far as i64)).await;
            let error = error.expect_err("it is before the start");
            assert_eq!(
                (error.kind(), error.raw_os_error()),
                (ErrorKind::InvalidInput, Some(22))
            );
            assert_eq!(file.stream_position().await?, far);
            assert!(file.read_at(&mut buf, u64::MAX).await.is_err());
            assert_eq!(file.stream_position().await?, far);
            io::Result::Ok(())
        })
        .expect("it works");
        assert_eq!(&buf[..3], b"far");
    }
}

/// L142, L156: std's kinds and numbers.
#[test]
fn errors_are_stds() {
    let rt = Calls::default();
    let (folder, path) = folder_with(b"");
    let folder = folder.path();
    let long = folder.join("x".repeat(300));
    let under_a_file = path.join("child");
    let paths: [&Path; 5] = [
        Path::new("a\0b"),
        &under_a_file,
        &long,
        folder,
        Path::new(""),
    ];
    let same = |ours: io::Result<()>, stds: io::Result<()>, what: &str| {
        let of = |result: io::Result<()>| result.map_err(|e| (e.kind(), e.raw_os_error()));
        assert_eq!(of(ours), of(stds), "{what}");
    };
    for path in paths {
        let at = |what: &str| format!("{what} of {path:?}");
        let ours = rt.block_on(fs::read_in(path, &rt)).map(drop);
        same(ours, std::fs::read(path).map(drop), &at("read"));
        let ours = rt.block_on(File::create_in(path, &rt)).map(drop);
        same(ours, std::fs::File::create(path).map(drop), &at("create"));
        let ours = rt.block_on(fs::metadata_in(path, &rt)).map(drop);
        same(ours, std::fs::metadata(path).map(drop), &at("metadata"));
        let ours = rt.block_on(fs::read_link_in(path, &rt)).map(drop);
        same(ours, std::fs::read_link(path).map(drop), &at("read_link"));
        let ours = rt.block_on(fs::exists_in(path, &rt)).map(drop);
        same(ours, std::fs::exists(path).map(drop), &at("exists"));
    }
    let dir = rt
        .block_on(File::open_in(folder, &rt))
        .expect("std opens folders");
    let error = rt
        .block_on(dir.read(&mut [0; 8]))
        .expect_err("it is a folder");
    assert_eq!(error.kind(), ErrorKind::IsADirectory);
    let nothing = OpenOptions::new().open_in(&path, &rt);
    let error = rt.block_on(nothing).expect_err("no access is asked for");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let write_only = rt
        .block_on(File::create_in(&path, &rt))
        .expect("it is made");
    let error = rt
        .block_on(write_only.read(&mut [0; 1]))
        .expect_err("it is to be written");
    assert_eq!(error.raw_os_error(), Some(9));
}

/// L052: an operation whose runtime is gone fails, and says which runtime that was.
#[test]
fn a_runtime_that_is_gone_is_an_error() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123");
    let file = open_pooled(&rt, &path);
    let mut buf = [0; 4];
    let mut read = Box::pin(file.read(&mut buf));
    let mut write = Box::pin(file.write(b"x"));
    assert!(poll_once(read.as_mut()).is_pending());
    assert!(poll_once(write.as_mut()).is_pending());
    rt.shut_down();
    let named = |error: io::Error| error.to_string().contains("`calls`");
    assert!(named(rt.block_on(read).expect_err("the runtime is gone")));
    assert!(named(rt.block_on(write).expect_err("the runtime is gone")));
    assert!(named(
        rt.block_on(file.metadata())
            .expect_err("the runtime is gone")
    ));
    assert!(named(
        rt.block_on(file.sync_all())
            .expect_err("the runtime is gone")
    ));
    assert!(named(
        rt.block_on(fs::metadata_in(&path, &rt))
            .expect_err("the runtime is gone")
    ));
    assert_eq!(std::fs::read(&path).expect("it is there"), b"0123");
}

/// L190: an operation for which there is no thread fails, though the runtime keeps its closure, and
/// holds up no other; what was kept changes nothing when it comes up.
#[test]
fn an_operation_without_a_thread_fails() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123");
    let file = open_pooled(&rt, &path);
    rt.refuse(true);
    for _ in 0..2 {
        let kinds = [
            wait_for(file.read(&mut [0; 4]))
                .expect_err("no thread")
                .kind(),
            wait_for(file.write(b"x")).expect_err("no thread").kind(),
            wait_for(file.as_raw().write_owned(b"x".to_vec()))
                .expect_err("no thread")
                .kind(),
            wait_for(file.seek(SeekFrom::End(0)))
                .expect_err("no thread")
                .kind(),
            wait_for(file.set_len(2)).expect_err("no thread").kind(),
            wait_for(file.lock()).expect_err("no thread").kind(),
            wait_for(file.metadata()).expect_err("no thread").kind(),
        ];
        assert_eq!(kinds, [ErrorKind::Other; 7]);
    }
    rt.refuse(false);
    let mut buf = [0; 4];
    assert_eq!(rt.block_on(file.read(&mut buf)).expect("threads"), 4);
    rt.block_on(file.write(b"45")).expect("threads");
    rt.block_on(file.set_len(5)).expect("threads");
    rt.block_on(file.lock()).expect("threads");
    rt.run_all();
    assert_eq!(&buf, b"0123");
    assert_eq!(std::fs::read(&path).expect("it is there"), b"01234");
}

/// L096, L148: the last handle closes the file; with a job in flight, the job does.
#[test]
fn the_descriptor_is_closed() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let is_open =
        |fd: i32| std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|to| to == path);
    let file = open_pooled(&rt, &path);
    let fd = file.as_raw().as_std().as_raw_fd();
    let clone = rt.block_on(file.try_clone()).expect("it is cloned");
    drop(file);
    assert!(is_open(fd));
    {
        let mut buf = [0; 4];
        assert!(poll_once(pin!(clone.read(&mut buf))).is_pending());
    }
    drop(clone);
    assert!(is_open(fd), "the job reads it");
    rt.run_all();
    assert!(!is_open(fd));
}

/// L149: std's file begins where ours ends, and with clones left it shares their cursor.
#[test]
fn a_file_becomes_stds() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open(&rt, &path);
    rt.block_on(file.read_exact(&mut [0; 3])).expect("it reads");
    let clone = rt.block_on(file.try_clone()).expect("it is cloned");
    let mut write = Box::pin(file.write(b"x"));
    assert!(poll_once(write.as_mut()).is_pending());
    drop(write);
    let mut std = rt
        .block_on(file.into_raw().into_std())
        .expect("it is given out");
    assert_eq!(std.stream_position().expect("it seeks"), 4);
    std.seek(SeekFrom::Start(8)).expect("it seeks");
    assert_eq!(rt.block_on(clone.stream_position()).expect("it seeks"), 8);
    let std = rt
        .block_on(clone.into_raw().into_std())
        .expect("it is given out");
    assert_eq!((&std).stream_position().expect("it seeks"), 8);
}

#[test]
fn locks_are_stds() {
    let rt = Calls::on_threads();
    let (_folder, path) = folder_with(b"");
    let (file, other) = (
        wait_for(open_both(&rt, &path)),
        wait_for(open_both(&rt, &path)),
    );
    let is_taken = |answer| matches!(answer, Err(TryLockError::WouldBlock));
    wait_for(async {
        file.lock_shared().await?;
        other.try_lock_shared().await?;
        assert!(is_taken(other.try_lock().await));
        other.unlock().await?;
        file.lock().await?;
        assert!(is_taken(other.try_lock_shared().await));
        file.unlock().await?;
        other.try_lock().await?;
        other.unlock().await?;
        io::Result::Ok(())
    })
    .expect("it locks");
}

async fn open_both(rt: &Calls, path: &Path) -> File<Calls> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open_in(path, rt).await;
    file.expect("the file is there")
}

/// A lock that is granted after its future was dropped is nobody's, and released.
#[test]
fn a_dropped_lock_is_released() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    let other = std::fs::File::open(&path).expect("it is there");
    assert!(poll_once(pin!(file.lock())).is_pending());
    rt.run_all();
    other.try_lock().expect("nobody holds it");
    other.unlock().expect("it was locked");

    // It was granted, and its future did not learn of it.
    let mut lock = Box::pin(file.lock());
    assert!(poll_once(lock.as_mut()).is_pending());
    rt.run_all();
    assert!(other.try_lock().is_err(), "its future may still come");
    drop(lock);
    other.try_lock().expect("nobody holds it");
    other.unlock().expect("it was locked");

    // Another operation of the file has it.
    rt.block_on(file.lock()).expect("it locks");
    assert!(poll_once(pin!(file.lock())).is_pending());
    rt.run_all();
    assert!(other.try_lock().is_err(), "it is held");
    rt.block_on(file.unlock()).expect("it unlocks");
    other.try_lock().expect("it was released");
}

/// L157.
#[test]
fn a_folder_is_read_while_it_is_emptied() {
    let rt = Calls::default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let names: std::collections::BTreeSet<_> = (0..100).map(|i| format!("file{i}")).collect();
    for name in &names {
        std::fs::write(folder.path().join(name), b"").expect("room for it");
    }
    let seen = rt.block_on(async {
        let mut seen = std::collections::BTreeSet::new();
        let mut dir = fs::read_dir_in(folder.path(), &rt).await?;
        while let Some(entry) = dir.next_entry().await? {
            assert!(entry.file_type().await?.is_file());
            assert_eq!(entry.metadata().await?.unix().map(|it| it.ino), entry.ino());
            let name = entry
                .file_name()
                .into_string()
                .expect("the names are plain");
            fs::remove_file_in(entry.path(), &rt).await?;
            assert!(seen.insert(name), "it came twice");
        }
        io::Result::Ok(seen)
    });
    assert_eq!(seen.expect("it reads"), names);
    let batches = rt.n_calls() - 2 * names.len();
    assert!(batches <= 5, "{batches} trips for the entries");
}

/// L197 and the erased form: what a generic library sees.
#[test]
fn the_erased_form_is_the_same() {
    let calls = Calls::default();
    let rt = AnyRuntime::new(calls.clone());
    let (folder, path) = folder_with(b"0123456789");
    calls
        .block_on(async {
            let file = File::open_in(&path, &rt).await?;
            let mut buf = [0; 4];
            file.read_exact(&mut buf).await?;
            file.try_clone().await?.read_exact_at(&mut buf, 6).await?;
            assert_eq!(file.stream_position().await?, 4);
            assert_eq!(&buf, b"6789");
            let mut dir = fs::read_dir_in(folder.path(), &rt).await?;
            let entry = dir.next_entry().await?.expect("there is one");
            assert_eq!(entry.path(), path);
            fs::rename_in(&path, folder.path().join("new"), &rt).await?;
            assert!(!fs::exists_in(&path, &rt).await?);
            let same = rt.enter(|| fs::read_to_string(folder.path().join("new")));
            assert_eq!(same.await?, "0123456789");
            io::Result::Ok(())
        })
        .expect("it works");
}

/// An open file can be lent to what works on descriptors, as std's can.
#[test]
fn a_file_has_the_descriptor_of_its_std_file() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    assert_eq!(file.as_raw_fd(), file.as_raw().as_std().as_raw_fd());
}
