//! Laws of system calls that fail, shown by calls that are made to fail: L087, L098, L099, L101,
//! L102 and L114.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyrt_api::fs::{self, File, OpenOptions};
use anyrt_api::io::copy;
use anyrt_api::net::{AcceptError, TcpStream, UdpSocket};
use anyrt_api::time::timeout_in;
use anyrt_api::{BlockOn, Runtime};
use futures_lite::future::zip;

use super::faults::{Fault, end_with, with};
use super::process::{descriptors, descriptors_settle, processor_time, resident};
use crate::bound::{at_most, at_most_count};
use crate::harness::shared_folder;
use crate::peers::{any_port, bytes_from, datagrams, listener, pair, read_checked};
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l087_interrupted_calls_of_sockets_are_made_again in lab),
        law!(l087_interrupted_calls_of_files_are_made_again in lab),
        law!(l098_a_refused_registration_is_an_error in lab),
        law!(l099_a_failed_deregistration_leaks_nothing in lab).limit(
            Duration::from_secs(30),
            "thousands of sockets, each call of which is traced",
        ),
        law!(l101_an_interrupted_wait_is_waited_again in lab).stochastic(),
        law!(l102_a_driver_that_cannot_wait_says_so in lab),
        law!(l114_an_aborted_connection_ends_nothing in lab),
        law!(l114_a_failed_handshake_ends_nothing in lab),
    ]
}

/// Every third call, by thread.
const EVERY_THIRD: &str = "2+3";

/// Sends a mebibyte each way, while connections come and go beside it.
async fn talk<R: Runtime>(rt: R) {
    const LEN: usize = 1 << 20;
    let (ours, peer) = pair(&rt).await;
    let writer = rt.spawn(async move {
        for start in (0..LEN).step_by(1 << 14) {
            let bytes = bytes_from(start, 1 << 14);
            ours.write_all(&bytes).await.expect("never interrupted");
        }
    });
    let (listener, addr) = listener(&rt).await;
    let ((one, own), (other, to)) = (datagrams(&rt).await, datagrams(&rt).await);
    for i in 0..30_u8 {
        let ends = zip(TcpStream::connect_in(addr, &rt), listener.accept()).await;
        ends.0.expect("never interrupted");
        ends.1.expect("never interrupted");
        one.send_to(&[i], to).await.expect("never interrupted");
        let got = other.recv_from(&mut [0; 4]).await;
        assert_eq!(got.expect("never interrupted"), (1, own));
    }
    let got = read_checked(&peer, 1 << 13).await;
    assert_eq!(got.expect("never interrupted"), LEN);
    writer.await.expect("never interrupted");
}

/// L087: Calls of sockets that are interrupted are made again.
fn l087_interrupted_calls_of_sockets_are_made_again<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "?accept,accept4,recvfrom,recvmsg,sendto,sendmsg,readv,writev",
        answer: "error=EINTR",
        when: EVERY_THIRD,
        path: None,
    };
    with(&fault, || lab.run(talk));
}

/// L087: And so are those of files.
fn l087_interrupted_calls_of_files_are_made_again<B: Backend>(lab: &Lab<B>) {
    let path = shared_folder("files").join("file");
    let fault = Fault {
        calls: "openat,?openat2,read,write,readv,writev,pread64,preadv2,pwrite64,\
                fsync,fdatasync,ftruncate",
        answer: "error=EINTR",
        when: EVERY_THIRD,
        path: Some(&path),
    };
    with(&fault, || {
        let owner = lab.start();
        owner.block_on(use_file(path.clone(), owner.handle()));
    });
}

async fn use_file<R: Runtime>(path: PathBuf, rt: R) {
    for round in 1..30 {
        let bytes = bytes_from(0, 1_000 * round);
        fs::write_in(&path, &bytes, &rt)
            .await
            .expect("never interrupted");
        assert!(fs::read_in(&path, &rt).await.expect("never interrupted") == bytes);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open_in(&path, &rt).await;
        let file = file.expect("never interrupted");
        file.write_all(&bytes[..500])
            .await
            .expect("never interrupted");
        file.write_at(&bytes[..9], 0)
            .await
            .expect("never interrupted");
        let mut some = [0; 100];
        file.read_exact(&mut some).await.expect("never interrupted");
        assert_eq!(some[..], bytes_from(500, 100));
        file.read_at(&mut some, 7).await.expect("never interrupted");
        file.sync_all().await.expect("never interrupted");
        file.sync_data().await.expect("never interrupted");
        file.set_len(10).await.expect("never interrupted");
        drop(
            File::create_in(&path, &rt)
                .await
                .expect("never interrupted"),
        );
    }
}

/// L098: A registration that the system refuses is its error, and leaks nothing; others work.
fn l098_a_refused_registration_is_an_error<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "epoll_ctl",
        answer: "error=ENOSPC",
        // Those with which a runtime starts are not among them, and they come to an end.
        when: "9..60",
        path: None,
    };
    with(&fault, || {
        let owner = lab.start_with(|setup| setup.workers = 1);
        let rt = owner.handle();
        owner.block_on(async {
            drop(UdpSocket::bind_in(any_port(), &rt).await);
            let baseline = descriptors();
            let mut refused = 0;
            for _ in 0..200 {
                match UdpSocket::bind_in(any_port(), &rt).await {
                    Ok(socket) => drop(socket),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
                        refused += 1;
                    }
                }
            }
            assert!(
                refused > 0,
                "a registration was refused, and nobody was told"
            );
            descriptors_settle(&rt, baseline).await;
            let (ours, peer) = pair(&rt).await;
            ours.write_all(b"fine").await.expect("others work");
            peer.read_exact(&mut [0; 4]).await.expect("others work");
        });
    });
}

/// L099: A deregistration that fails leaks neither descriptor nor memory.
fn l099_a_failed_deregistration_leaks_nothing<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "epoll_ctl",
        answer: "error=ENOENT",
        // On a thread that makes and drops one socket after the other: once a registration has
        // met it, every second call is a deregistration.
        when: "9+2",
        path: None,
    };
    with(&fault, || {
        let owner = lab.start_with(|setup| setup.workers = 1);
        let rt = owner.handle();
        owner.block_on(async {
            let cycle = async |times| {
                for _ in 0..times {
                    drop(UdpSocket::bind_in(any_port(), &rt).await);
                }
            };
            cycle(500).await;
            let (baseline, before) = (descriptors(), resident());
            cycle(8_000).await;
            assert_eq!(descriptors(), baseline, "descriptors are leaked");
            if let (Some(before), Some(after)) = (before, resident()) {
                let grown = after.saturating_sub(before) >> 10;
                at_most_count("KiB more after 8,000 sockets:", grown, 512);
            }
        });
    });
}

/// L101: A wait for events that is interrupted is waited again; timers stay right, and events come.
fn l101_an_interrupted_wait_is_waited_again<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "?epoll_wait,?epoll_pwait,?epoll_pwait2,?poll,?ppoll",
        answer: "error=EINTR",
        when: EVERY_THIRD,
        path: None,
    };
    with(&fault, || lab.run(wait_and_talk));
}

async fn wait_and_talk<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let mut late = Duration::ZERO;
    for i in 0..30_u8 {
        let deadline = rt.now() + Duration::from_millis(5);
        rt.sleep_until(deadline).await;
        assert!(rt.now() >= deadline, "an interrupt ended a sleep");
        late = late.max(rt.now() - deadline);
        let mut byte = [0];
        let (read, written) = zip(peer.read(&mut byte), ours.write(&[i])).await;
        assert_eq!((read.expect("it comes"), byte), (1, [i]));
        written.expect("it is written");
    }
    at_most("late by", late, Duration::from_millis(200));
    drop(ours);
    assert_eq!(peer.read(&mut [0; 1]).await.expect("the end"), 0);
}

/// L102: A driver that can wait for events no more says so: by the error of who waits, or by ending
/// the process with a message. It neither spins nor falls silent.
fn l102_a_driver_that_cannot_wait_says_so<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "?epoll_wait,?epoll_pwait,?epoll_pwait2",
        answer: "error=EBADF",
        // For ever, once it has worked.
        when: "30+",
        path: None,
    };
    let ended = end_with(&fault, || {
        let owner = lab.start_with(|setup| setup.workers = 1);
        let error = owner.block_on(talk_until_an_error(owner.handle()));
        println!("it said: {error}");
        let (_nobody, rests) = channel::<()>();
        let before = processor_time();
        let _ = rests.recv_timeout(Duration::from_millis(400));
        at_most(
            "busy for",
            processor_time() - before,
            Duration::from_millis(150),
        );
    });
    if let Some((held, said)) = ended {
        assert!(
            held || said.contains("Bad file descriptor"),
            "it ended without a word"
        );
    }
}

/// Sends bytes to and fro until the runtime gives up.
async fn talk_until_an_error<R: Runtime>(rt: R) -> io::Error {
    let (ours, peer) = pair(&rt).await;
    let echo = rt.spawn(copy(peer.clone(), peer));
    let error = loop {
        let mut byte = [0];
        let (sent, echoed) = zip(ours.write_all(b"x"), ours.read_exact(&mut byte)).await;
        if let Err(error) = sent.and(echoed) {
            break error;
        }
    };
    drop(echo);
    error
}

/// Accepts connections, and takes errors of single ones between them for what they are.
async fn accept_all<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    for _ in 0..20 {
        let stream = TcpStream::connect_in(addr, &rt).await.expect("it connects");
        let own = stream.local_addr().expect("its address");
        loop {
            let next = timeout_in(Duration::from_secs(2), listener.accept(), &rt).await;
            match next.expect("the listener fell silent") {
                Ok((_, peer)) => break assert_eq!(peer, own),
                Err(error) => assert_eq!(AcceptError::of(&error), AcceptError::Connection),
            }
        }
    }
}

/// L114: A connection that its peer gave up before it was accepted is an error of that connection,
/// and the next is accepted.
fn l114_an_aborted_connection_ends_nothing<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "?accept,accept4",
        answer: "error=ECONNABORTED",
        when: EVERY_THIRD,
        path: None,
    };
    with(&fault, || lab.run(accept_all));
}

/// L114: And so is one whose handshake failed.
fn l114_a_failed_handshake_ends_nothing<B: Backend>(lab: &Lab<B>) {
    let fault = Fault {
        calls: "?accept,accept4",
        answer: "error=EPROTO",
        when: EVERY_THIRD,
        path: None,
    };
    with(&fault, || lab.run(accept_all));
}
