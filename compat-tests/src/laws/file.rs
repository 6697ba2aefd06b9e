//! Laws of an open file: L143, L145, L147, L149 to L152, L154, L155, L159 and L200.

use std::io::{ErrorKind, SeekFrom};
use std::path::Path;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};
use anyrt_api::io::AsyncWriteExt;
use anyrt_api::time::sleep_in;
use futures_lite::future::poll_once;

use crate::gate::step_aside;
use crate::peers::{byte_at, bytes_from};
use crate::probe::Probe;
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l143_a_write_is_in_the_file),
        law!(l145_a_sync_covers_every_write),
        law!(l147_a_drop_loses_nothing),
        law!(l149_one_cursor_for_all_clones),
        law!(l150_operations_mix_as_in_std),
        law!(l151_a_cancelled_read_moves_nothing),
        law!(l152_a_cancelled_write_leaves_a_prefix),
        law!(l154_the_end_moves_when_the_file_grows),
        law!(l155_a_bad_seek_moves_nothing),
        law!(l159_metadata_comes_after_writes),
        law!(l200_a_dropped_write_lends_nothing),
    ]
}

async fn read_write<R: Runtime>(path: &Path, rt: &R) -> File<R> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    options.open_in(path, rt).await.expect("it opens")
}

/// L143: When a write resolves to `Ok(n)`, those bytes are in the file: seen through another handle
/// and by its length.
async fn l143_a_write_is_in_the_file<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let file = File::create_in(&path, &rt).await.expect("it is made");
    let mut written = 0;
    for round in 0..40 {
        let n = file
            .write(&bytes_from(written, 1 + round * 97))
            .await
            .expect("some of it");
        assert!(n > 0);
        written += n;
        let len = fs::metadata_in(&path, &rt)
            .await
            .expect("it is there")
            .len();
        assert_eq!(
            len, written as u64,
            "a write was acknowledged before it was made"
        );
        let seen = fs::read_in(&path, &rt).await.expect("it is there");
        assert_eq!(seen, bytes_from(0, written));
    }
}

/// L145: `Ok` of a sync means that every acknowledged byte reached the file.
async fn l145_a_sync_covers_every_write<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let file = File::create_in(&path, &rt).await.expect("it is made");
    for round in 0..5 {
        file.write_all(&bytes_from(round * 10_000, 10_000))
            .await
            .expect("written");
        match round % 2 {
            0 => file.sync_all().await.expect("synced"),
            _ => file.sync_data().await.expect("synced"),
        }
        let seen = fs::read_in(&path, &rt).await.expect("it is there");
        assert_eq!(seen, bytes_from(0, (round + 1) * 10_000));
    }
}

/// L147: Dropping a file loses no acknowledged byte.
async fn l147_a_drop_loses_nothing<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for i in 0..60 {
        let path = folder.join(i.to_string());
        let mut file = File::create_in(&path, &rt).await.expect("it is made");
        let len = 1 + i * 611;
        match i % 2 {
            0 => file.write_all(&bytes_from(0, len)).await.expect("written"),
            _ => AsyncWriteExt::write_all(&mut file, &bytes_from(0, len))
                .await
                .expect("written"),
        }
        drop(file);
        assert_eq!(
            fs::read_in(&path, &rt).await.expect("it is there"),
            bytes_from(0, len)
        );
    }
}

/// L149: The cursor is one, also for clones: it stands after what was read, not after what was read
/// ahead.
async fn l149_one_cursor_for_all_clones<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    fs::write_in(&path, bytes_from(0, 100_000), &rt)
        .await
        .expect("written");
    let file = File::open_in(&path, &rt).await.expect("it opens");
    let clone = file.try_clone().await.expect("a clone");
    let mut ten = [0; 10];
    file.read_exact(&mut ten).await.expect("ten bytes");
    assert_eq!(clone.stream_position().await.expect("its cursor"), 10);
    clone.read_exact(&mut ten).await.expect("the next ten");
    assert_eq!(ten[..], bytes_from(10, 10));
    assert_eq!(file.stream_position().await.expect("its cursor"), 20);
    clone.seek(SeekFrom::Start(500)).await.expect("elsewhere");
    drop(clone);
    file.read_exact(&mut ten)
        .await
        .expect("ten bytes from there");
    assert_eq!(ten[..], bytes_from(500, 10));
}

/// L150: Reads, writes, appends and seeks mix as in std.
async fn l150_operations_mix_as_in_std<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let file = read_write(&path, &rt).await;
    file.write_all(b"0123456789").await.expect("written");
    file.seek(SeekFrom::Start(2)).await.expect("to the third");
    let mut three = [0; 3];
    file.read_exact(&mut three).await.expect("three bytes");
    assert_eq!(&three, b"234");
    file.write_all(b"xy").await.expect("where the read ended");
    assert_eq!(file.seek(SeekFrom::Current(-4)).await.expect("back"), 3);
    file.read_exact(&mut three).await.expect("three bytes");
    assert_eq!(&three, b"34x");
    assert_eq!(file.seek(SeekFrom::End(-1)).await.expect("to the last"), 9);
    file.write_all(b"END").await.expect("over the end");
    assert_eq!(
        file.seek(SeekFrom::End(2)).await.expect("beyond the end"),
        14
    );
    file.write_all(b"!").await.expect("after a hole");
    let all = fs::read_in(&path, &rt).await.expect("it is there");
    assert_eq!(all, b"01234xy78END\0\0!");

    let mut options = OpenOptions::new();
    let log = options
        .read(true)
        .append(true)
        .open_in(&path, &rt)
        .await
        .expect("it opens");
    log.seek(SeekFrom::Start(0)).await.expect("to the start");
    log.write_all(b"A").await.expect("at the end all the same");
    assert_eq!(log.stream_position().await.expect("after it"), 16);
    log.seek(SeekFrom::Start(14))
        .await
        .expect("to what was appended to");
    let mut tail = String::new();
    log.read_to_string(&mut tail).await.expect("to the end");
    assert_eq!(tail, "!A");
}

/// L151: A cancelled read moves no cursor; the next read returns those bytes.
async fn l151_a_cancelled_read_moves_nothing<R: Runtime>(rt: R) {
    const LEN: usize = 200_000;
    let path = folder(&rt).await.join("file");
    fs::write_in(&path, bytes_from(0, LEN), &rt)
        .await
        .expect("written");
    let file = File::open_in(&path, &rt).await.expect("it opens");
    let mut at = 0;
    for round in 0..150 {
        let probe = Probe::new();
        let mut lost = [0; 700];
        let mut read = Box::pin(file.read(&mut lost));
        match probe.poll(read.as_mut()) {
            std::task::Poll::Ready(n) => at += n.expect("not at the end"),
            // The job may have begun, may be over, may have told us so.
            std::task::Poll::Pending if round % 3 == 0 => probe.woken().await,
            std::task::Poll::Pending => step_aside(round % 5).await,
        }
        drop(read);
        assert!(probe.is_let_go().await, "a cancelled read keeps its waker");
        if round % 4 == 0 {
            let position = file.stream_position().await.expect("its cursor");
            assert_eq!(position, at as u64, "a cancelled read moved the cursor");
        }
        let mut next = [0; 300];
        let n = file.read(&mut next).await.expect("the next bytes");
        assert_eq!(next[..n], bytes_from(at, n), "round {round}");
        at += n;
    }
}

/// L152: A cancelled write leaves a prefix of its bytes, and later operations come after it.
async fn l152_a_cancelled_write_leaves_a_prefix<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for round in 0..40 {
        let path = folder.join(round.to_string());
        let file = read_write(&path, &rt).await;
        let cancelled = bytes_from(0, 60_000);
        let _ = poll_once(file.write(&cancelled)).await;
        step_aside(round % 4).await;
        // Comes after it, wherever that ended.
        let len = file.metadata().await.expect("its metadata").len() as usize;
        assert!(len <= cancelled.len());
        file.write_all(b"END").await.expect("written");
        let all = fs::read_in(&path, &rt).await.expect("it is there");
        assert_eq!(
            all.len(),
            len + 3,
            "the cancelled write went on after a later operation"
        );
        assert!(all[..len] == cancelled[..len] && &all[len..] == b"END");
    }
}

/// L154: A read at the end is `Ok(0)`; after the file grew it returns the new bytes.
async fn l154_the_end_moves_when_the_file_grows<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let writer = File::create_in(&path, &rt).await.expect("it is made");
    let reader = File::open_in(&path, &rt).await.expect("it opens");
    let mut buf = [0; 16];
    for round in 0..20 {
        for _ in 0..2 {
            assert_eq!(reader.read(&mut buf).await.expect("the end"), 0);
        }
        writer
            .write_all(&[byte_at(round); 3])
            .await
            .expect("written");
        assert_eq!(reader.read(&mut buf).await.expect("what is new"), 3);
        assert_eq!(buf[..3], [byte_at(round); 3]);
    }
    assert_eq!(reader.read(&mut []).await.expect("an empty buffer"), 0);
}

/// L155: A seek before the start is `InvalidInput`, and the cursor stays; one beyond the end is
/// fine.
async fn l155_a_bad_seek_moves_nothing<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    fs::write_in(&path, b"0123456789", &rt)
        .await
        .expect("written");
    let file = File::open_in(&path, &rt).await.expect("it opens");
    file.seek(SeekFrom::Start(4)).await.expect("to the fifth");
    for before in [
        SeekFrom::Current(-5),
        SeekFrom::End(-11),
        SeekFrom::Current(i64::MIN),
    ] {
        let error = file.seek(before).await.expect_err("before the start");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(file.stream_position().await.expect("its cursor"), 4);
    }
    let far = 5 << 30;
    assert_eq!(
        file.seek(SeekFrom::Start(far))
            .await
            .expect("beyond the end"),
        far
    );
    assert_eq!(file.read(&mut [0; 4]).await.expect("nothing is there"), 0);
    assert_eq!(file.stream_position().await.expect("its cursor"), far);
    let mut four = [0; 4];
    assert_eq!(file.read_at(&mut four, 6).await.expect("at a place"), 4);
    assert_eq!(&four, b"6789");
    assert_eq!(
        file.read_at(&mut four, far)
            .await
            .expect("nothing is there"),
        0
    );
    assert_eq!(file.stream_position().await.expect("its cursor"), far);
}

/// L159: Metadata and lengths that are asked of or set on an open file come after its writes.
async fn l159_metadata_comes_after_writes<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let file = read_write(&path, &rt).await;
    for round in 1..20 {
        file.seek(SeekFrom::End(0)).await.expect("to the end");
        let before = file.metadata().await.expect("its metadata").len();
        file.write_all(&bytes_from(0, round * 100))
            .await
            .expect("written");
        let len = file.metadata().await.expect("its metadata").len();
        assert_eq!(len, before + round as u64 * 100);
        if round % 3 == 0 {
            file.set_len(len / 2).await.expect("shorter");
            assert_eq!(file.metadata().await.expect("its metadata").len(), len / 2);
        }
        // One that was dropped does not overtake the length either.
        let _ = poll_once(file.write(&bytes_from(0, 50))).await;
        file.set_len(7).await.expect("shorter");
        sleep_in(Duration::from_millis(1), &rt).await;
        assert_eq!(
            fs::metadata_in(&path, &rt)
                .await
                .expect("it is there")
                .len(),
            7
        );
    }
}

/// L200: The result of a dropped write is never taken for the next one's: that one's `Ok(n)` means
/// its own bytes.
async fn l200_a_dropped_write_lends_nothing<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for round in 0..60 {
        let path = folder.join(round.to_string());
        let mut file = File::create_in(&path, &rt).await.expect("it is made");
        let _ = poll_once(file.write(&[b'A'; 4])).await;
        match round % 3 {
            0 => {}
            1 => step_aside(round).await,
            _ => sleep_in(Duration::from_micros(300), &rt).await,
        }
        let n = match round % 2 {
            0 => file.write(b"BBBB").await.expect("written"),
            _ => AsyncWriteExt::write(&mut file, b"BBBB")
                .await
                .expect("written"),
        };
        drop(file);
        let all = fs::read_in(&path, &rt).await.expect("it is there");
        let own = all.iter().filter(|byte| **byte == b'B').count();
        assert_eq!(own, n, "round {round}: told {n}, and the file has {all:?}");
        assert!(all.ends_with(&b"BBBB"[..n]));
    }
}
