//! Operations that are dropped half-way (L151, L152, L200), at every point where they can be.

use std::io::{self, IoSlice, Seek, SeekFrom};
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

use anyrt_api::fs::{File, RawFile};
use anyrt_api::io::{AsyncRead, AsyncSeek, AsyncWrite, AsyncWriteExt, Direction, RawObject, Wait};

use super::runtime::{Calls, poll_once};
use super::{folder_with, open, open_pooled};

fn cursor(file: &File<Calls>) -> u64 {
    file.as_raw().as_std().stream_position().expect("it seeks")
}

#[test]
fn a_dropped_read_moves_no_cursor() {
    for runs_before_the_drop in [false, true] {
        let rt = Calls::default();
        let (_folder, path) = folder_with(b"0123456789");
        let file = open_pooled(&rt, &path);
        let mut buf = [0; 4];
        {
            let mut read = pin!(file.read(&mut buf));
            assert!(poll_once(read.as_mut()).is_pending());
            if runs_before_the_drop {
                rt.run_all();
            }
        }
        rt.run_all();
        assert_eq!(cursor(&file), 0);
        // What it brought is forgotten: somebody else may write meanwhile.
        std::fs::write(&path, b"ABCDEFGHIJ").expect("room for it");
        assert_eq!(rt.block_on(file.read(&mut buf)).expect("it reads"), 4);
        assert_eq!(&buf, b"ABCD");
        assert_eq!(cursor(&file), 4);
    }
}

#[test]
fn what_a_dropped_read_brought_is_not_taken_for_newer_bytes() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open_pooled(&rt, &path);
    // Without a place for a key, nobody says that the read was dropped.
    let mut shared = &file;
    let mut cx = Context::from_waker(Waker::noop());
    let read = Pin::new(&mut shared).poll_read(&mut cx, &mut [0; 4]);
    assert!(read.is_pending());
    rt.run_all();
    rt.block_on(file.write_all_at(b"abcd", 0))
        .expect("it writes");
    let mut buf = [0; 4];
    rt.block_on(file.read_exact(&mut buf)).expect("it reads");
    assert_eq!(&buf, b"abcd");
}

/// The cursor is the system's: whoever has a duplicate of the descriptor moves it too.
#[test]
fn a_cursor_that_was_moved_from_outside_wins() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open_pooled(&rt, &path);
    let mut outside = file.as_raw().as_std().try_clone().expect("a duplicate");
    let mut buf = [0; 4];
    let mut read = Box::pin(file.read(&mut buf));
    assert!(poll_once(read.as_mut()).is_pending());
    rt.run_all();
    outside.seek(SeekFrom::Start(6)).expect("it seeks");
    assert_eq!(rt.block_on(read).expect("it reads"), 4);
    assert_eq!(&buf, b"6789");
}

#[test]
fn a_seek_overtakes_a_read_that_was_dropped() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open_pooled(&rt, &path);
    let mut buf = [0; 4];
    assert!(poll_once(pin!(file.read(&mut buf))).is_pending());
    let at = rt.block_on(file.seek(SeekFrom::Current(6)));
    assert_eq!(at.expect("it seeks"), 6);
    rt.run_all();
    assert_eq!(cursor(&file), 6);
    rt.block_on(file.read_exact(&mut buf)).expect("it reads");
    assert_eq!(&buf, b"6789");
}

/// L200, for an operation that has a key of its own.
#[test]
fn a_dropped_write_lends_its_success_to_nobody() {
    for runs_before_the_drop in [false, true] {
        let rt = Calls::default();
        let (_folder, path) = folder_with(b"");
        let file = open(&rt, &path);
        {
            let mut first = pin!(file.write(b"AAAA"));
            assert!(poll_once(first.as_mut()).is_pending());
            if runs_before_the_drop {
                rt.run_all();
            }
        }
        let n = rt.block_on(file.write(b"BBBB")).expect("it writes");
        assert_eq!(n, 4);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"AAAABBBB");
    }
}

/// L200, for the two forms whose drop nobody sees.
#[test]
fn a_dropped_write_through_the_traits_lends_its_success_to_nobody() {
    let mut cx = Context::from_waker(Waker::noop());
    for runs_before_the_drop in [false, true] {
        let rt = Calls::default();
        let (_folder, path) = folder_with(b"");
        let mut owned = open(&rt, &path);
        assert!(
            Pin::new(&mut owned)
                .poll_write(&mut cx, b"AAAA")
                .is_pending()
        );
        if runs_before_the_drop {
            rt.run_all();
        }
        let n = rt.block_on(AsyncWriteExt::write(&mut owned, b"BBBB"));
        assert_eq!(n.expect("it writes"), 4);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"AAAABBBB");

        let mut shared = &owned;
        assert!(
            Pin::new(&mut shared)
                .poll_write(&mut cx, b"CC")
                .is_pending()
        );
        if runs_before_the_drop {
            rt.run_all();
        }
        let n = rt.block_on(AsyncWriteExt::write(&mut shared, b"DDDD"));
        assert_eq!(n.expect("it writes"), 4);
        let all = std::fs::read(&path).expect("it is there");
        assert_eq!(all, b"AAAABBBBCCDDDD");
    }
}

/// The same bytes again are the same write: it is in the file once or twice, and never not at all.
#[test]
fn the_same_bytes_may_take_the_success() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    let mut cx = Context::from_waker(Waker::noop());
    let mut shared = &file;
    assert!(
        Pin::new(&mut shared)
            .poll_write(&mut cx, b"AAAA")
            .is_pending()
    );
    rt.run_all();
    let n = rt.block_on(AsyncWriteExt::write(&mut shared, b"AAAAtail"));
    assert_eq!(n.expect("it writes"), 4);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"AAAA");
}

#[test]
fn the_error_of_a_dropped_write_is_reported_once_by_the_next() {
    type Report = fn(&Calls, &File<Calls>) -> io::Result<()>;
    let reports: [Report; 4] = [
        |rt, file| rt.block_on(file.write(b"next")).map(drop),
        |rt, file| rt.block_on(file.flush()),
        |rt, file| rt.block_on(file.sync_all()),
        |rt, mut file| rt.block_on(AsyncWriteExt::flush(&mut file)),
    ];
    for report in reports {
        for runs_before_the_drop in [false, true] {
            let rt = Calls::default();
            let file = open(&rt, "/dev/full".as_ref());
            {
                let mut write = pin!(file.write(b"lost"));
                assert!(poll_once(write.as_mut()).is_pending());
                if runs_before_the_drop {
                    rt.run_all();
                }
            }
            let error = report(&rt, &file).expect_err("the disk is full");
            assert_eq!(error.raw_os_error(), Some(28));
            rt.block_on(file.flush())
                .expect("an error is reported once");
        }
    }
}

#[test]
fn the_error_of_a_dropped_positional_write_is_reported() {
    let rt = Calls::default();
    let file = open(&rt, "/dev/full".as_ref());
    {
        let mut write = pin!(file.write_at(b"lost", 0));
        assert!(poll_once(write.as_mut()).is_pending());
        rt.run_all();
    }
    let error = rt.block_on(file.flush()).expect_err("the disk is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn what_comes_after_a_dropped_change_waits_for_it() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open(&rt, &path);
    assert!(poll_once(pin!(file.set_len(4))).is_pending());
    let mut buf = [0; 10];
    assert_eq!(rt.block_on(file.read(&mut buf)).expect("it reads"), 4);

    assert!(poll_once(pin!(file.write_at(b"ab", 0))).is_pending());
    assert_eq!(rt.block_on(file.read_at(&mut buf, 0)).expect("it reads"), 4);
    assert_eq!(&buf[..4], b"ab23");

    assert!(poll_once(pin!(file.write(b"ef"))).is_pending());
    let len = rt.block_on(file.metadata()).expect("it is there").len();
    assert_eq!(len, 6);
}

#[test]
fn a_dropped_seek_from_the_end_lends_its_answer_to_nobody() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let mut file = open(&rt, &path);
    let mut cx = Context::from_waker(Waker::noop());
    let seek = Pin::new(&mut file).poll_seek(&mut cx, SeekFrom::End(-2));
    assert!(seek.is_pending());
    let at = rt.block_on(file.seek(SeekFrom::End(-7)));
    assert_eq!(at.expect("it seeks"), 3);
    assert_eq!(cursor(&file), 3);
}

#[test]
fn a_vectored_write_that_waits_is_one_write() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    let bufs = [
        IoSlice::new(b"one "),
        IoSlice::new(b""),
        IoSlice::new(b"two"),
    ];
    let n = rt.block_on(file.write_vectored(&bufs)).expect("it writes");
    assert_eq!(n, 7);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"one two");
}

/// L009: the waker is given up at once.
#[test]
fn a_dropped_operation_releases_its_waker() {
    struct Nothing;
    impl std::task::Wake for Nothing {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open_pooled(&rt, &path);
    let task = std::sync::Arc::new(Nothing);
    let waker = Waker::from(std::sync::Arc::clone(&task));
    let mut cx = Context::from_waker(&waker);
    let mut wait = Wait::new();
    let raw = file.as_raw();
    assert!(raw.poll_read(&mut cx, &mut wait, &mut [0; 4]).is_pending());
    drop(waker);
    assert_eq!(std::sync::Arc::strong_count(&task), 2);
    raw.cancel_wait(Direction::Read, &mut wait);
    assert_eq!(std::sync::Arc::strong_count(&task), 1);
    assert!(wait.key().is_none());
}
