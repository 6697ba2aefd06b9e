//! Files that cannot seek: pipes, where what was read is gone from the system.

use std::io::{ErrorKind, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::pin::pin;

use anyrt_api::fs::File;

use super::runtime::{Calls, poll_once, wait_for};
use super::take_in;

fn pipe(rt: &Calls) -> (File<Calls>, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let file = take_in(rt, OwnedFd::from(reader));
    file.as_raw().refuse_inline();
    (file, writer)
}

/// L151: what a dropped read took out of the pipe is the next one's.
#[test]
fn the_bytes_of_a_dropped_read_are_kept() {
    for runs_before_the_drop in [false, true] {
        let rt = Calls::default();
        let (file, mut writer) = pipe(&rt);
        writer.write_all(b"0123456789").expect("room in the pipe");
        {
            let mut buf = [0; 8];
            let mut read = pin!(file.read(&mut buf));
            assert!(poll_once(read.as_mut()).is_pending());
            if runs_before_the_drop {
                rt.run_all();
            }
        }
        let mut buf = [0; 16];
        let mut all = Vec::new();
        for most in [3, 1, 16, 16] {
            let n = rt.block_on(file.read(&mut buf[..most])).expect("it reads");
            all.extend_from_slice(&buf[..n]);
        }
        assert_eq!(all, b"0123456789");
        drop(writer);
        assert_eq!(rt.block_on(file.read(&mut buf)).expect("it reads"), 0);
        assert_eq!(rt.block_on(file.read(&mut buf)).expect("it reads"), 0);
    }
}

/// A read that waits holds up no write, and none of the rest.
#[test]
fn a_read_that_waits_holds_nothing_up() {
    let rt = Calls::on_threads();
    let (near, far) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
    let (near, far) = (
        take_in(&rt, OwnedFd::from(near)),
        take_in(&rt, OwnedFd::from(far)),
    );
    near.as_raw().refuse_inline();
    let mut buf = [0; 4];
    let mut read = Box::pin(near.read(&mut buf));
    assert!(poll_once(read.as_mut()).is_pending());
    wait_for(near.write_all(b"ping")).expect("it writes");
    wait_for(near.metadata()).expect("it is there");
    let mut echo = [0; 4];
    wait_for(far.read_exact(&mut echo)).expect("it reads");
    wait_for(far.write_all(&echo)).expect("it writes");
    assert_eq!(wait_for(read).expect("it reads"), 4);
    assert_eq!(&buf, b"ping");
}

#[test]
fn a_pipe_does_not_seek() {
    let rt = Calls::default();
    let (file, _writer) = pipe(&rt);
    for to in [SeekFrom::Start(0), SeekFrom::Current(0), SeekFrom::End(0)] {
        let error = rt
            .block_on(file.seek(to))
            .expect_err("a pipe does not seek");
        assert_eq!(error.kind(), ErrorKind::NotSeekable);
    }
    let error = rt.block_on(file.read_at(&mut [0; 1], 0));
    assert_eq!(error.expect_err("nor that").kind(), ErrorKind::NotSeekable);
}

/// L086: a pipe that somebody made non-blocking is waited for.
#[test]
fn would_block_never_escapes() {
    let rt = Calls::on_threads();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let fd = OwnedFd::from(reader);
    rustix::fs::fcntl_setfl(&fd, rustix::fs::OFlags::NONBLOCK).expect("flags are set");
    let file = take_in(&rt, fd);
    let mut buf = [0; 4];
    let mut read = Box::pin(file.read(&mut buf));
    assert!(poll_once(read.as_mut()).is_pending());
    writer.write_all(b"late").expect("room in the pipe");
    assert_eq!(wait_for(read).expect("it reads"), 4);
    assert_eq!(&buf, b"late");
}

#[test]
fn bytes_that_would_be_lost_are_not_given_away() {
    let rt = Calls::default();
    let (file, mut writer) = pipe(&rt);
    writer.write_all(b"0123").expect("room in the pipe");
    assert!(poll_once(pin!(file.read(&mut [0; 4]))).is_pending());
    let given = rt.block_on(file.into_raw().into_std());
    assert!(given.is_err(), "the file holds four bytes");

    let (file, mut writer) = pipe(&rt);
    writer.write_all(b"0123").expect("room in the pipe");
    rt.block_on(file.read_exact(&mut [0; 4])).expect("it reads");
    rt.block_on(file.into_raw().into_std())
        .expect("it holds nothing");
}
