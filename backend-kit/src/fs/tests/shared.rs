//! One file, many tasks: bytes go to one reader each, writes stay whole, nobody is forgotten.

use std::io::{Seek, SeekFrom};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use anyrt_api::fs::{File, OpenOptions, RawFile};
use anyrt_api::io::{AsyncRead, AsyncReadExt, AsyncWrite, Wait};

use super::runtime::{Calls, wait_for};
use super::{folder_with, open, open_pooled};

const N_TASKS: usize = 8;

/// L093 for files: each byte goes to exactly one reader, by whatever way it reads.
#[test]
fn readers_share_the_bytes() {
    for is_pooled in [false, true] {
        let rt = Calls::on_threads();
        let bytes: Vec<u8> = (0..40_000u32).flat_map(u32::to_le_bytes).collect();
        let (_folder, path) = folder_with(&bytes);
        let mut options = OpenOptions::new();
        let file = wait_for(options.read(true).open_in(&path, &rt)).expect("it is there");
        if is_pooled {
            file.as_raw().refuse_inline();
        }
        let seen = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for i in 0..N_TASKS {
                let (file, seen) = (&file, &seen);
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    let mut buf = [0; 128];
                    // Reads of a multiple of four bytes: no number is torn.
                    loop {
                        let n = match i % 2 {
                            0 => wait_for(file.read(&mut buf)),
                            _ => wait_for(AsyncReadExt::read(&mut &*file, &mut buf)),
                        };
                        let n = n.expect("it reads");
                        if n == 0 {
                            break;
                        }
                        mine.extend_from_slice(&buf[..n]);
                    }
                    seen.lock().expect("no reader panicked").extend(mine);
                });
            }
        });
        let seen = seen.into_inner().expect("no reader panicked");
        let mut numbers: Vec<u32> = seen
            .chunks_exact(4)
            .map(|four| u32::from_le_bytes(four.try_into().expect("four bytes")))
            .collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..40_000), "pooled: {is_pooled}");
    }
}

/// Every record is in the file once, and whole, by handles, clones and references.
#[test]
fn writers_share_the_cursor() {
    const N_RECORDS: usize = 50;
    let rt = Calls::on_threads();
    let (_folder, path) = folder_with(b"");
    let mut options = OpenOptions::new();
    let file = wait_for(options.write(true).open_in(&path, &rt)).expect("it is there");
    thread::scope(|scope| {
        for i in 0..N_TASKS {
            let clone = wait_for(file.try_clone()).expect("it is cloned");
            let file = &file;
            scope.spawn(move || {
                for j in 0..N_RECORDS {
                    let record = format!("{i:02}-{j:04};");
                    let n = match i % 3 {
                        0 => wait_for(file.write(record.as_bytes())),
                        1 => wait_for(clone.write(record.as_bytes())),
                        _ => {
                            let bytes = record.as_bytes();
                            let write =
                                |cx: &mut Context<'_>| Pin::new(&mut &*file).poll_write(cx, bytes);
                            wait_for(std::future::poll_fn(write))
                        }
                    };
                    assert_eq!(n.expect("it writes"), record.len());
                }
            });
        }
    });
    let text = std::fs::read_to_string(&path).expect("it is there");
    let mut records: Vec<_> = text.split_terminator(';').map(str::to_owned).collect();
    records.sort();
    let all = (0..N_TASKS).flat_map(|i| (0..N_RECORDS).map(move |j| format!("{i:02}-{j:04}")));
    assert!(records.into_iter().eq(all));
}

/// While tasks read and write, others come and go: nobody waits for ever.
#[test]
fn those_who_leave_wake_those_who_stay() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open_pooled(&rt, &path);
    let (mut one, mut two) = ([0; 4], [0; 4]);
    let mut leaves = Box::pin(file.read(&mut one));
    let mut stays = Box::pin(file.read(&mut two));
    let woken = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    assert!(leaves.as_mut().poll(&mut cx).is_pending());
    assert!(stays.as_mut().poll(&mut cx).is_pending());
    drop(leaves);
    assert!(woken.take(), "the read that it waited for was forgotten");
    assert!(stays.as_mut().poll(&mut cx).is_pending());
    rt.run_all();
    assert!(woken.take());
    let Poll::Ready(Ok(4)) = stays.as_mut().poll(&mut cx) else {
        panic!("its read is done");
    };
    drop(stays);
    assert_eq!(&two, b"0123");
}

/// A clone shares the cursor and the order of operations.
#[test]
fn a_clone_shares_the_cursor() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = open(&rt, &path);
    rt.block_on(async {
        let clone = file.try_clone().await.expect("it is cloned");
        file.read_exact(&mut [0; 3]).await.expect("it reads");
        assert_eq!(clone.stream_position().await.expect("it seeks"), 3);
        clone.seek(SeekFrom::Start(7)).await.expect("it seeks");
        let mut rest = String::new();
        file.read_to_string(&mut rest).await.expect("it reads");
        assert_eq!(rest, "789");
    });
}

/// L010: a waker whose destructor comes back to the file meets no lock.
#[test]
fn wakers_are_never_touched_under_the_lock() {
    struct Back(Mutex<Option<Arc<File<Calls>>>>);
    impl Wake for Back {
        fn wake(self: Arc<Self>) {
            self.come_back();
        }
    }
    impl Back {
        fn come_back(&self) {
            let file = self.0.lock().expect("nobody panicked").take();
            if let Some(file) = file {
                let _ = file.as_raw().try_read_at(&mut [0; 1], 0);
                let mut cx = Context::from_waker(Waker::noop());
                let mut shared = &*file;
                let _ = Pin::new(&mut shared).poll_read(&mut cx, &mut [0; 1]);
            }
        }
    }
    impl Drop for Back {
        fn drop(&mut self) {
            self.come_back();
        }
    }
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"0123456789");
    let file = Arc::new(open_pooled(&rt, &path));
    let back = || Waker::from(Arc::new(Back(Mutex::new(Some(Arc::clone(&file))))));
    let raw = file.as_raw();
    let mut wait = Wait::new();
    // Entered, displaced by another, woken, and dropped by a cancel.
    for _ in 0..3 {
        let waker = back();
        let mut cx = Context::from_waker(&waker);
        assert!(raw.poll_write(&mut cx, &mut wait, b"x").is_pending());
    }
    rt.run_all();
    let waker = back();
    let mut cx = Context::from_waker(&waker);
    assert!(raw.poll_write(&mut cx, &mut wait, b"x").is_ready());
    assert!(raw.poll_write(&mut cx, &mut wait, b"y").is_pending());
    drop(waker);
    use anyrt_api::io::{Direction, RawObject};
    raw.cancel_wait(Direction::Write, &mut wait);
    rt.run_all();
}

/// A panic of a waker stays with it.
#[test]
fn a_waker_that_panics_disturbs_no_other() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("a waker that panics");
        }
    }
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    let (mut one, mut two) = (Box::pin(file.write(b"one")), Box::pin(file.write(b"two")));
    let bomb = Waker::from(Arc::new(Bomb));
    assert!(
        one.as_mut()
            .poll(&mut Context::from_waker(&bomb))
            .is_pending()
    );
    let woken = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&woken));
    assert!(
        two.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    rt.run_all();
    assert!(woken.take());
    assert_eq!(rt.block_on(one).expect("it writes"), 3);
    assert_eq!(rt.block_on(two).expect("it writes"), 3);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"onetwo");
}

/// Appends go to the end, wherever the cursor was, and leave it there.
#[test]
fn appends_go_to_the_end() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"head");
    let mut options = OpenOptions::new();
    let file = rt.block_on(options.append(true).read(true).open_in(&path, &rt));
    let file = file.expect("it is there");
    rt.block_on(async {
        file.write_all(b" one").await.expect("it writes");
        file.rewind().await.expect("it seeks");
        file.write_all(b" two").await.expect("it writes");
    });
    let mut std = file.as_raw().as_std();
    assert_eq!(std.stream_position().expect("it seeks"), 12);
    assert_eq!(std::fs::read(&path).expect("it is there"), b"head one two");
}

#[derive(Default)]
struct Flag(std::sync::atomic::AtomicBool);

impl Flag {
    fn take(&self) -> bool {
        self.0.swap(false, std::sync::atomic::Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
