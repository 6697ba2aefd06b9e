//! Laws of a disk that is full before all is written: L089 and L145.
//!
//! The disk is a small one in memory, which one process and what it starts can see.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyrt_api::fs::{self, File};
use anyrt_api::io::{AsyncWriteExt, BufWriter};
use anyrt_api::{BlockOn, Runtime};

use crate::harness::{Tool, inside, shared_folder};
use crate::lab::HandleOf;
use crate::peers::bytes_from;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l089_a_failed_write_left_no_byte in lab),
        law!(l145_a_full_disk_is_told_by_the_sync in lab),
        law!(l145_a_full_disk_reaches_through_a_buffer in lab),
    ]
}

/// What the disk holds.
const ROOM: usize = 64 << 10;

/// Makes a disk of `ROOM` bytes for the process behind it.
const MOUNT: &str = r#"mount -t tmpfs -o size=64k none "$1" && shift && exec "$@""#;

/// Runs a law where its folder is a small disk.
fn on_small_disk<B, F>(lab: &Lab<B>, law: fn(HandleOf<B>, PathBuf) -> F)
where
    B: Backend,
    F: Future<Output = ()>,
{
    let disk = shared_folder("disk");
    let path = disk.display().to_string();
    // As root of a namespace of its own, which need not be root outside.
    let line = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", &path];
    inside(&Tool::new(line), || {
        for workers in [2, 1] {
            let owner = lab.start_with(|setup| setup.workers = workers);
            owner.block_on(law(owner.handle(), disk.clone()));
        }
    });
}

/// Writes until the disk is full; what was acknowledged.
async fn fill<R: Runtime>(file: &File<R>, chunk: usize) -> usize {
    let mut acknowledged = 0;
    loop {
        match file.write(&bytes_from(acknowledged, chunk)).await {
            Ok(n) => acknowledged += n,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::StorageFull);
                return acknowledged;
            }
        }
        assert!(acknowledged <= ROOM, "more than the disk holds");
    }
}

/// L089: A write that fails, since the disk is full, has left no byte: what is in the file is what
/// was acknowledged.
fn l089_a_failed_write_left_no_byte<B: Backend>(lab: &Lab<B>) {
    on_small_disk(lab, |rt, disk| async move {
        for chunk in [1_000, 4_096, 30_000, 200_000] {
            let path = disk.join("file");
            let file = File::create_in(&path, &rt).await.expect("it is made");
            let acknowledged = fill(&file, chunk).await;
            assert!(acknowledged > 0, "there was room");
            let len = file.metadata().await.expect("its metadata").len();
            assert_eq!(len, acknowledged as u64, "in chunks of {chunk}");
            let at = file.stream_position().await.expect("its cursor");
            assert_eq!(at, len, "the cursor moved with what was not written");
            let all = fs::read_in(&path, &rt).await.expect("it is there");
            assert!(all == bytes_from(0, acknowledged));
            // With room it goes on where it stands.
            file.set_len(0).await.expect("cut");
            file.rewind().await.expect("back");
            file.write_all(b"again").await.expect("there is room");
            assert_eq!(fs::read_in(&path, &rt).await.expect("there"), b"again");
        }
    });
}

/// L145: If a sync is `Ok`, every acknowledged byte is in the file, though not all that was to be
/// written is.
fn l145_a_full_disk_is_told_by_the_sync<B: Backend>(lab: &Lab<B>) {
    on_small_disk(lab, |rt, disk| async move {
        for round in 0..4 {
            let path = disk.join("file");
            let mut file = File::create_in(&path, &rt).await.expect("it is made");
            let bytes = bytes_from(0, 200_000);
            let written = match round % 2 {
                0 => file.write_all(&bytes).await,
                _ => AsyncWriteExt::write_all(&mut file, &bytes).await,
            };
            let error = written.expect_err("more than the disk holds");
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            let acknowledged = file.stream_position().await.expect("its cursor");
            let synced = match round {
                0 | 1 => file.sync_all().await,
                _ => file.sync_data().await,
            };
            synced.expect("what was acknowledged is in the file");
            let len = fs::metadata_in(&path, &rt).await.expect("there").len();
            assert_eq!(len, acknowledged, "a sync was Ok, and bytes are missing");
            let all = fs::read_in(&path, &rt).await.expect("it is there");
            assert!(all[..] == bytes[..all.len()]);
        }
    });
}

/// L145: A buffer in between loses neither bytes nor the error.
fn l145_a_full_disk_reaches_through_a_buffer<B: Backend>(lab: &Lab<B>) {
    on_small_disk(lab, |rt, disk| async move {
        let path = disk.join("file");
        let file = File::create_in(&path, &rt).await.expect("it is made");
        let mut buffered = BufWriter::new(file);
        let mut taken = 0;
        let error = loop {
            match buffered.write(&bytes_from(taken, 500)).await {
                Ok(n) => taken += n,
                Err(error) => break error,
            }
            assert!(taken <= 2 * ROOM, "more than there is room for");
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let flushed = buffered.flush().await;
        let error = flushed.expect_err("what is in the buffer has no place");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let file = buffered.get_ref();
        file.sync_all().await.expect("what was written is there");
        let all = fs::read_in(&path, &rt).await.expect("it is there");
        assert!(all == bytes_from(0, all.len()) && all.len() <= taken);
        assert!(
            taken - all.len() <= 16 << 10,
            "more than a buffer is missing"
        );
    });
}
