//! Laws of operations on paths: L153, L156 to L158, and the round of a file's life.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};
use anyrt_api::time::sleep_in;
use futures_lite::future::poll_once;

use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l141_a_files_life),
        law!(l153_a_dropped_operation_is_whole_or_none),
        law!(l156_kinds_of_bad_paths),
        law!(l156_options_that_contradict),
        law!(l157_each_entry_comes_once),
        law!(l157_deleting_while_reading),
        law!(l158_create_new_succeeds_for_one),
        law!(l158_rename_replaces_at_once),
    ]
}

/// L141: What is made can be seen, renamed, copied and removed, as in std.
async fn l141_a_files_life<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let (a, b, sub) = (folder.join("a"), folder.join("b"), folder.join("sub/deep"));
    fs::create_dir_all_in(&sub, &rt)
        .await
        .expect("both folders");
    fs::write_in(&a, b"content", &rt).await.expect("written");
    assert!(fs::exists_in(&a, &rt).await.expect("asked"));
    assert!(!fs::exists_in(&b, &rt).await.expect("asked"));
    assert_eq!(fs::copy_in(&a, &b, &rt).await.expect("copied"), 7);
    assert_eq!(
        fs::read_to_string_in(&b, &rt).await.expect("read"),
        "content"
    );
    fs::rename_in(&b, sub.join("c"), &rt)
        .await
        .expect("renamed");
    let metadata = fs::metadata_in(sub.join("c"), &rt)
        .await
        .expect("it is there");
    assert!(metadata.is_file() && !metadata.is_dir() && metadata.len() == 7);
    assert!(
        fs::metadata_in(&sub, &rt)
            .await
            .expect("it is there")
            .is_dir()
    );
    let error = fs::remove_dir_in(&sub, &rt)
        .await
        .expect_err("it is not empty");
    assert_eq!(error.kind(), ErrorKind::DirectoryNotEmpty);
    fs::remove_file_in(sub.join("c"), &rt)
        .await
        .expect("removed");
    fs::remove_dir_in(&sub, &rt).await.expect("now it is");
    fs::remove_dir_all_in(&folder, &rt)
        .await
        .expect("all the rest");
    assert!(!fs::exists_in(&folder, &rt).await.expect("asked"));
}

/// L153: An operation on a path that is dropped half-way took full effect or none, and leaks
/// nothing.
async fn l153_a_dropped_operation_is_whole_or_none<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let content = vec![7; 30_000];
    for i in 0..20 {
        let file = folder.join(format!("file{i}"));
        let _ = poll_once(fs::write_in(&file, content.clone(), &rt)).await;
        let from = folder.join(format!("from{i}"));
        fs::write_in(&from, b"moved", &rt).await.expect("written");
        let _ = poll_once(fs::rename_in(&from, folder.join(format!("to{i}")), &rt)).await;
    }
    sleep_in(Duration::from_millis(200), &rt).await;
    for i in 0..20 {
        let file = folder.join(format!("file{i}"));
        match fs::read_in(&file, &rt).await {
            Ok(all) => assert_eq!(all, content, "half a write"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
        let from = fs::exists_in(folder.join(format!("from{i}")), &rt)
            .await
            .expect("asked");
        let to = fs::exists_in(folder.join(format!("to{i}")), &rt)
            .await
            .expect("asked");
        assert!(from != to, "renamed halfway: {from} {to}");
    }
    // Nothing else was left there.
    let mut entries = fs::read_dir_in(&folder, &rt).await.expect("it opens");
    while let Some(entry) = entries.next_entry().await.expect("an entry") {
        let name = entry.file_name().into_string().expect("our own names");
        assert!(
            ["file", "from", "to"]
                .iter()
                .any(|own| name.starts_with(own)),
            "left: {name}"
        );
    }
}

/// L156: The kinds of bad paths are std's.
async fn l156_kinds_of_bad_paths<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let file = folder.join("file");
    fs::write_in(&file, b"", &rt).await.expect("written");
    let kind = |error: std::io::Error| error.kind();
    let open = async |path| File::open_in(path, &rt).await.map(drop).map_err(kind);
    assert_eq!(open(folder.join("none")).await, Err(ErrorKind::NotFound));
    assert_eq!(
        open(folder.join("none/deep")).await,
        Err(ErrorKind::NotFound)
    );
    assert_eq!(
        open(file.join("below")).await,
        Err(ErrorKind::NotADirectory)
    );
    assert_eq!(
        open(folder.join("nul\0inside")).await,
        Err(ErrorKind::InvalidInput)
    );
    let read = fs::read_in(&folder, &rt).await.map_err(kind);
    assert_eq!(read, Err(ErrorKind::IsADirectory));
    let made = fs::create_dir_in(&file, &rt).await.map_err(kind);
    assert_eq!(made, Err(ErrorKind::AlreadyExists));
    let made = fs::create_dir_in(folder.join("none/deep"), &rt)
        .await
        .map_err(kind);
    assert_eq!(made, Err(ErrorKind::NotFound));
    let entries = fs::read_dir_in(&file, &rt).await.map(drop).map_err(kind);
    assert_eq!(entries, Err(ErrorKind::NotADirectory));
    let removed = fs::remove_file_in(folder.join("none"), &rt)
        .await
        .map_err(kind);
    assert_eq!(removed, Err(ErrorKind::NotFound));
}

/// L156: Options that contradict each other are `InvalidInput`.
async fn l156_options_that_contradict<R: Runtime>(rt: R) {
    let file = folder(&rt).await.join("file");
    fs::write_in(&file, b"", &rt).await.expect("written");
    let (mut nothing, mut reads, mut appends) =
        (OpenOptions::new(), OpenOptions::new(), OpenOptions::new());
    reads.read(true).truncate(true);
    appends.append(true).truncate(true);
    for options in [&mut nothing, &mut reads, &mut appends] {
        let opened = options.open_in(&file, &rt).await.map(drop);
        assert_eq!(
            opened.expect_err("it makes no sense").kind(),
            ErrorKind::InvalidInput
        );
    }
}

/// L157: Neither `.` nor `..`; every entry comes exactly once.
async fn l157_each_entry_comes_once<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let mut names = BTreeSet::new();
    for i in 0..300 {
        let name = format!("entry {i}");
        match i % 10 {
            0 => fs::create_dir_in(folder.join(&name), &rt)
                .await
                .expect("made"),
            _ => fs::write_in(folder.join(&name), b"", &rt)
                .await
                .expect("written"),
        }
        names.insert(name);
    }
    let mut entries = fs::read_dir_in(&folder, &rt).await.expect("it opens");
    let mut seen = BTreeSet::new();
    while let Some(entry) = entries.next_entry().await.expect("an entry") {
        let name = entry.file_name();
        assert!(name != OsStr::new(".") && name != OsStr::new(".."));
        assert_eq!(entry.path(), folder.join(&name));
        let name = name.into_string().expect("our own names");
        let is_dir = name.ends_with('0');
        assert_eq!(
            entry.file_type().await.expect("its kind").is_dir(),
            is_dir,
            "{name}"
        );
        assert!(seen.insert(name), "an entry came twice");
    }
    assert_eq!(seen, names);
    assert!(entries.next_entry().await.expect("the end stays").is_none());
}

/// L157: Deleting entries while reading them is no error, and those that stay come once.
async fn l157_deleting_while_reading<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for i in 0..200 {
        fs::write_in(folder.join(i.to_string()), b"", &rt)
            .await
            .expect("written");
    }
    let mut entries = fs::read_dir_in(&folder, &rt).await.expect("it opens");
    let mut kept = BTreeSet::new();
    while let Some(entry) = entries.next_entry().await.expect("deleting is no error") {
        let number: usize = entry
            .file_name()
            .to_string_lossy()
            .parse()
            .expect("our own names");
        match number % 2 {
            0 => fs::remove_file_in(entry.path(), &rt)
                .await
                .expect("it was there"),
            _ => assert!(kept.insert(number), "an entry came twice"),
        }
    }
    assert_eq!(kept.len(), 100, "an entry that stayed did not come");
}

/// L158: `create_new` succeeds for one of many at once.
async fn l158_create_new_succeeds_for_one<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for round in 0..10 {
        let path = folder.join(round.to_string());
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let (rt, path) = (rt.clone(), path.clone());
                rt.clone().spawn(async move {
                    let mut options = OpenOptions::new();
                    let opened = options
                        .write(true)
                        .create_new(true)
                        .open_in(&path, &rt)
                        .await;
                    opened.map(drop).map_err(|error| error.kind())
                })
            })
            .collect();
        let mut made = 0;
        for one in tries {
            match one.await.expect("no panic") {
                Ok(()) => made += 1,
                Err(kind) => assert_eq!(kind, ErrorKind::AlreadyExists),
            }
        }
        assert_eq!(made, 1, "round {round}");
    }
}

/// L158: `rename` replaces atomically: who reads meanwhile sees the one or the other.
async fn l158_rename_replaces_at_once<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let (target, next) = (folder.join("target"), folder.join("next"));
    fs::write_in(&target, [0; 3_000], &rt)
        .await
        .expect("written");
    let over = Arc::new(AtomicBool::new(false));
    let (inner, path, ended) = (rt.clone(), target.clone(), over.clone());
    let reader = rt.spawn(async move {
        let mut reads = 0;
        while !ended.load(Ordering::SeqCst) || reads == 0 {
            let all = fs::read_in(&path, &inner)
                .await
                .expect("one of them is there");
            assert_eq!(all.len(), 3_000, "half a file");
            assert!(all.iter().all(|byte| *byte == all[0]), "two files in one");
            reads += 1;
            anyrt_api::task::yield_now().await;
        }
    });
    for round in 1..60_u8 {
        fs::write_in(&next, [round; 3_000], &rt)
            .await
            .expect("written");
        fs::rename_in(&next, &target, &rt).await.expect("replaced");
    }
    over.store(true, Ordering::SeqCst);
    reader.await.expect("it saw whole files alone");
    assert_eq!(
        fs::read_in(&target, &rt).await.expect("the last"),
        [59; 3_000]
    );
}
