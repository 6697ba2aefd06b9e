//! Laws of files that need a system to show: L142, L144 to L146, L148, L151, L155 and L200.

use std::fs::File as StdFile;
use std::io::{ErrorKind, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::poll_once;

use crate::bound::at_most;
use crate::gate::step_aside;
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l142_errors_keep_their_number),
        law!(l144_a_full_disk_is_told_by_the_write),
        law!(l145_a_sync_asks_the_system),
        law!(l146_an_error_is_followed_by_no_success),
        law!(l148_dropping_a_file_does_not_block).stochastic(),
        law!(l151_a_pipe_keeps_what_a_cancelled_read_took),
        law!(l155_offsets_beyond_four_gigabytes),
        law!(l200_a_dropped_writes_error_is_told),
    ]
}

async fn write_only<R: Runtime>(path: impl AsRef<Path>, rt: &R) -> File<R> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .open_in(path, rt)
        .await
        .expect("it opens")
}

/// L142: An error keeps the system's error number.
async fn l142_errors_keep_their_number<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let none = folder.join("none");
    let number = |error: std::io::Error| error.raw_os_error().expect("a number");
    let std = number(StdFile::open(&none).expect_err("it is not there"));
    assert_eq!(
        number(File::open_in(&none, &rt).await.expect_err("not there")),
        std
    );
    assert_eq!(
        number(fs::read_in(&none, &rt).await.expect_err("not there")),
        std
    );
    assert_eq!(
        number(fs::metadata_in(&none, &rt).await.expect_err("not there")),
        std
    );
    assert_eq!(
        number(
            fs::rename_in(&none, &folder, &rt)
                .await
                .expect_err("not there")
        ),
        std
    );
    let std = number(std::fs::write(FULL, [0; 9]).expect_err("it is full"));
    let written = fs::write_in(FULL, [0; 9], &rt)
        .await
        .expect_err("it is full");
    assert_eq!(number(written), std);
    let full = write_only(FULL, &rt).await;
    assert_eq!(number(full.write(b"x").await.expect_err("it is full")), std);
    let folder = File::open_in(&folder, &rt).await.expect("a folder opens");
    let ours = folder.read(&mut [0; 4]).await.expect_err("it is a folder");
    assert_eq!(ours.kind(), ErrorKind::IsADirectory);
    assert!(ours.raw_os_error().is_some());
}

/// L144: A write's error is returned by that write, not by a later one.
async fn l144_a_full_disk_is_told_by_the_write<R: Runtime>(rt: R) {
    for len in [1, 4_096, 100_000] {
        let full = write_only(FULL, &rt).await;
        let error = full.write(&vec![7; len]).await.expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        full.write_all(&vec![7; len]).await.expect_err("and again");
        full.flush().await.expect("nothing is left to tell");
    }
}

/// L145: A sync is the system's: where that has nothing to sync, its error is returned.
async fn l145_a_sync_asks_the_system<R: Runtime>(rt: R) {
    let full = write_only(FULL, &rt).await;
    let std = StdFile::options().write(true).open(FULL).expect("it opens");
    let number = |synced: std::io::Result<()>| synced.map_err(|error| error.raw_os_error());
    assert_eq!(number(full.sync_all().await), number(std.sync_all()));
    assert_eq!(number(full.sync_data().await), number(std.sync_data()));
}

/// L146: An error once reported is not followed by a success that pretends the data arrived.
async fn l146_an_error_is_followed_by_no_success<R: Runtime>(rt: R) {
    let full = write_only(FULL, &rt).await;
    for _ in 0..5 {
        let error = full
            .write(b"some bytes")
            .await
            .expect_err("it is still full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        // What the system itself says of a sync, since there is nothing of ours to add.
        let std = StdFile::options().write(true).open(FULL).expect("it opens");
        let std = std.sync_all().map_err(|error| error.raw_os_error());
        assert_eq!(
            full.sync_all().await.map_err(|error| error.raw_os_error()),
            std
        );
    }
}

/// A named pipe, open at both ends here, so that neither open waits.
pub(super) fn pipe(folder: &Path) -> (PathBuf, StdFile) {
    let path = folder.join("pipe");
    // The system's own tool, since not every Unix lets `mknod` make a pipe.
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo is there").success());
    let both = StdFile::options()
        .read(true)
        .write(true)
        .open(&path)
        .expect("it opens");
    (path, both)
}

/// L148: Dropping a file does not block, though a read of it does.
async fn l148_dropping_a_file_does_not_block<R: Runtime>(rt: R) {
    let (path, mut other_end) = pipe(&folder(&rt).await);
    let file = File::open_in(&path, &rt).await.expect("it opens");
    let mut buf = [0; 8];
    assert!(
        poll_once(file.read(&mut buf)).await.is_none(),
        "nothing is there to read"
    );
    sleep_in(Duration::from_millis(20), &rt).await;
    let before = rt.now();
    drop(file);
    at_most(
        "the drop took",
        rt.now() - before,
        Duration::from_millis(50),
    );
    // Tasks go on while a thread is stuck in the read.
    rt.spawn(async { step_aside(3).await })
        .await
        .expect("a task");
    other_end.write_all(b"let it go").expect("written");
}

/// L151: What a cancelled read took from a pipe is there for the next read.
async fn l151_a_pipe_keeps_what_a_cancelled_read_took<R: Runtime>(rt: R) {
    let (path, mut other_end) = pipe(&folder(&rt).await);
    let file = File::open_in(&path, &rt).await.expect("it opens");
    for i in 0..20_u8 {
        let mut lost = [0; 4];
        assert!(poll_once(file.read(&mut lost)).await.is_none());
        if i % 2 == 0 {
            sleep_in(Duration::from_millis(2), &rt).await;
        }
        other_end.write_all(&[i; 2]).expect("written");
        if i % 3 == 0 {
            sleep_in(Duration::from_millis(2), &rt).await;
        }
        let mut two = [0; 2];
        let read = timeout_in(Duration::from_secs(5), file.read_exact(&mut two), &rt).await;
        read.expect("the bytes were lost").expect("two bytes");
        assert_eq!(two, [i; 2]);
    }
}

/// L155: Offsets beyond 4 GiB work.
async fn l155_offsets_beyond_four_gigabytes<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("sparse");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    let file = options.open_in(&path, &rt).await.expect("it opens");
    let far = (5 << 30) + 17;
    assert_eq!(
        file.seek(SeekFrom::Start(far)).await.expect("far away"),
        far
    );
    file.write_all(b"far").await.expect("written");
    file.write_at(b"away", far + 3).await.expect("written");
    assert_eq!(file.metadata().await.expect("its metadata").len(), far + 7);
    assert_eq!(file.seek(SeekFrom::Current(-3)).await.expect("back"), far);
    let mut seven = [0; 7];
    file.read_exact(&mut seven).await.expect("what was written");
    assert_eq!(&seven, b"faraway");
    file.set_len(far + 1).await.expect("shorter");
    assert_eq!(
        file.read_at(&mut seven, far).await.expect("what is left"),
        1
    );
}

/// L200: The error of a dropped write is returned by the next write, flush or sync.
async fn l200_a_dropped_writes_error_is_told<R: Runtime>(rt: R) {
    for round in 0..12 {
        let full = write_only(FULL, &rt).await;
        let told = poll_once(full.write(b"dropped")).await;
        if round % 2 == 0 {
            sleep_in(Duration::from_millis(2), &rt).await;
        }
        let next = match round % 3 {
            0 => full.flush().await,
            1 => full.sync_data().await,
            _ => full.write(b"next").await.map(drop),
        };
        if told.is_none() {
            let error = next.expect_err("the dropped write had failed");
            assert_eq!(error.kind(), ErrorKind::StorageFull, "round {round}");
        }
    }
}

/// Every write to it finds the disk full.
const FULL: &str = "/dev/full";
