//! Writes that are given their bytes: one trip, no copy, and their turn at the cursor.

use std::io;
use std::pin::pin;

use anyrt_api::fs::RawFile;

use super::runtime::{Calls, poll_once};
use super::{folder_with, open, open_pooled};

#[test]
fn the_bytes_go_to_the_pool_and_come_back() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open(&rt, &path);
    let before = rt.n_calls();
    let bytes = vec![7; 3_000_000];
    let memory = bytes.as_ptr();
    let back = rt.block_on(file.as_raw().write_owned(bytes));
    let back = back.expect("it is written");
    assert_eq!((back.as_ptr(), back.len()), (memory, 3_000_000));
    assert_eq!(rt.n_calls() - before, 1);
    assert!(std::fs::read(&path).expect("it is there") == back);
}

#[test]
fn others_come_before_it_or_after_it() {
    let rt = Calls::default();
    let (_folder, path) = folder_with(b"");
    let file = open_pooled(&rt, &path);
    let raw = file.as_raw();
    let mut first = pin!(file.write(b"one, "));
    assert!(poll_once(first.as_mut()).is_pending());
    let mut second = pin!(raw.write_owned(b"two, ".to_vec()));
    assert!(poll_once(second.as_mut()).is_pending());
    assert!(rt.run_one());
    assert!(!rt.run_one(), "the second began before the first was over");
    assert!(poll_once(second.as_mut()).is_pending());

    let mut buf = [0; 5];
    let mut read = pin!(file.read(&mut buf));
    let mut third = pin!(file.write(b"three"));
    assert!(poll_once(third.as_mut()).is_pending());
    assert!(poll_once(read.as_mut()).is_pending());
    assert!(rt.run_one());
    assert!(!rt.run_one(), "the third began before the second was over");
    assert_eq!(rt.block_on(third).expect("it writes"), 5);
    rt.block_on(second).expect("it writes");
    assert_eq!(rt.block_on(first).expect("it writes"), 5);
    assert_eq!(rt.block_on(read).expect("it reads"), 0, "at the end");
    let all = std::fs::read(&path).expect("it is there");
    assert_eq!(all, b"one, two, three");
}

/// L152.
#[test]
fn what_comes_after_a_dropped_one_waits_for_it() {
    for runs_before_the_drop in [false, true] {
        let rt = Calls::default();
        let (_folder, path) = folder_with(b"");
        let file = open(&rt, &path);
        {
            let mut write = pin!(file.as_raw().write_owned(b"AAAA".to_vec()));
            assert!(poll_once(write.as_mut()).is_pending());
            if runs_before_the_drop {
                rt.run_all();
            }
        }
        let n = rt.block_on(file.write(b"BBBB")).expect("it writes");
        assert_eq!(n, 4);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"AAAABBBB");
    }
}

/// L144, L146.
#[test]
fn its_error_is_its_own() {
    let rt = Calls::default();
    let file = open(&rt, "/dev/full".as_ref());
    let error = rt.block_on(file.as_raw().write_owned(b"lost".to_vec()));
    let error = error.expect_err("the disk is full");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    rt.block_on(file.flush()).expect("it was reported");
}

/// L200: of one that was dropped, it is the next one's, an owned one's too.
#[test]
fn the_error_of_a_dropped_one_is_reported_once_by_the_next() {
    for runs_before_the_drop in [false, true] {
        for by_flush in [false, true] {
            let rt = Calls::default();
            let file = open(&rt, "/dev/full".as_ref());
            {
                let mut write = pin!(file.as_raw().write_owned(b"lost".to_vec()));
                assert!(poll_once(write.as_mut()).is_pending());
                if runs_before_the_drop {
                    rt.run_all();
                }
            }
            let n_calls = rt.n_calls();
            let told = match by_flush {
                true => rt.block_on(file.flush()),
                false => {
                    let next = file.as_raw().write_owned(b"next".to_vec());
                    rt.block_on(next).map(drop)
                }
            };
            let error = told.expect_err("the disk is full");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert_eq!(rt.n_calls(), n_calls, "it is the error of the first");
            rt.block_on(file.flush())
                .expect("an error is reported once");
        }
    }
}
