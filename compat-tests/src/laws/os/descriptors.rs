//! Laws that count descriptors and threads: L054, L096, L098, L103, L110 and L157.

use std::fs::File;
use std::net::TcpStream as StdStream;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyrt_api::net::{TcpStream, UdpSocket};
use anyrt_api::{AnyRuntime, BlockOn, Runtime, Spawn, fs};
use futures_lite::future::poll_once;

use super::process::{descriptors, descriptors_settle, threads};
use crate::gate::step_aside;
use crate::peers::{any_port, listener, pair};
use crate::scratch::folder;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l054_many_runtimes_leave_nothing in lab),
        law!(l096_descriptors_are_closed_once),
        law!(l098_a_failed_registration_leaks_nothing erased),
        law!(l103_a_child_sees_no_descriptor in lab),
        law!(l110_a_dropped_connect_closes_its_socket),
        law!(l157_a_dropped_folder_is_closed),
    ]
}

/// L054: Making and dropping many runtimes returns threads and descriptors to where they were.
fn l054_many_runtimes_leave_nothing<B: Backend>(lab: &Lab<B>) {
    let one_life = |shuts_down: bool| {
        let owner = lab.start();
        let rt = owner.handle();
        owner.block_on(async {
            let _pair = pair(&rt).await;
            rt.spawn_blocking(|| ()).await.expect("a closure");
            rt.spawn(async { step_aside(2).await })
                .await
                .expect("a task");
        });
        match shuts_down {
            true => owner.shutdown(Duration::from_secs(5)),
            false => drop(owner),
        }
    };
    // What the process makes once and keeps.
    (0..3).for_each(|_| one_life(true));
    let clock = lab.start();
    let (descriptors_before, threads_before) = (descriptors(), threads());
    (0..60).for_each(|i| one_life(i % 2 == 0));
    clock.block_on(async {
        let rt = clock.handle();
        descriptors_settle(&rt, descriptors_before).await;
        for _ in 0..100 {
            if threads() <= threads_before + 2 {
                return;
            }
            anyrt_api::time::sleep_in(Duration::from_millis(20), &rt).await;
        }
        panic!(
            "{} threads are left, {threads_before} were at the start",
            threads()
        );
    });
}

/// L096: Descriptors are closed, once, when the last clone is dropped, also with an operation
/// pending.
async fn l096_descriptors_are_closed_once<R: Runtime>(rt: R) {
    drop(pair(&rt).await);
    let path = folder(&rt).await.join("file");
    fs::write_in(&path, b"some bytes", &rt)
        .await
        .expect("written");
    let baseline = descriptors();
    for round in 0..5 {
        let mut held = Vec::new();
        for _ in 0..10 {
            let (ours, peer) = pair(&rt).await;
            let (listener, _) = listener(&rt).await;
            let udp = UdpSocket::bind_in(any_port(), &rt).await.expect("a socket");
            let file = fs::File::open_in(&path, &rt).await.expect("it opens");
            let reader = ours.clone();
            let pending = rt.spawn(async move { reader.read(&mut [0; 4]).await });
            assert!(poll_once(pin!(listener.accept())).await.is_none());
            held.push((ours, peer, listener, udp, file, pending));
        }
        assert!(descriptors() >= baseline + 50, "five to each");
        step_aside(round).await;
        for (ours, peer, listener, udp, file, pending) in held {
            drop((ours, listener, udp, file));
            // Its task holds the last clone of a stream that nobody else has.
            pending.abort();
            drop(peer);
        }
        descriptors_settle(&rt, baseline).await;
    }
}

/// L098: A registration that fails is an error and leaks neither descriptor nor memory.
async fn l098_a_failed_registration_leaks_nothing(rt: AnyRuntime) {
    drop(pair(&rt).await);
    let baseline = descriptors();
    for _ in 0..50 {
        // A regular file in the place of a socket: no poller takes it.
        let file = File::open(std::env::current_exe().expect("this program")).expect("it opens");
        let disguised = StdStream::from(OwnedFd::from(file));
        if let Ok(stream) = TcpStream::from_std_in(disguised, &rt) {
            // Where files can be registered, or are only at the first wait, it is no socket.
            stream.write(b"x").await.expect_err("it is no socket");
        }
    }
    descriptors_settle(&rt, baseline).await;
    let (ours, peer) = pair(&rt).await;
    ours.write_all(b"fine").await.expect("others work");
    peer.read_exact(&mut [0; 4]).await.expect("others work");
}

/// L103: Every descriptor is closed on `exec`: a child sees those that it was given.
fn l103_a_child_sees_no_descriptor<B: Backend>(lab: &Lab<B>) {
    let seen = || {
        let mut list = Command::new("ls");
        list.arg("/dev/fd/")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let output = list.output().expect("`ls` runs").stdout;
        String::from_utf8_lossy(&output).lines().count()
    };
    let before = seen();
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async {
        let (ours, peer) = pair(&rt).await;
        let (listener, addr) = listener(&rt).await;
        let udp = UdpSocket::bind_in(any_port(), &rt).await.expect("a socket");
        let path = folder(&rt).await.join("file");
        let file = fs::File::create_in(&path, &rt).await.expect("it is made");
        let connecting = TcpStream::connect_in(addr, &rt).await.expect("it connects");
        let during = rt.spawn_blocking(seen).await.expect("the closure");
        assert_eq!(
            during, before,
            "a child inherits descriptors of the runtime"
        );
        drop((ours, peer, listener, udp, file, connecting));
    });
}

/// L110: Dropping the future of a connect closes the socket.
async fn l110_a_dropped_connect_closes_its_socket<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let warm = TcpStream::connect_in(addr, &rt).await.expect("it connects");
    drop((warm, listener.accept().await.expect("it accepts")));
    let baseline = descriptors();
    for polls in 0..20 {
        let mut connect = Box::pin(TcpStream::connect_in(addr, &rt));
        for _ in 0..polls % 3 {
            if poll_once(connect.as_mut()).await.is_some() {
                break;
            }
        }
        drop(connect);
    }
    descriptors_settle(&rt, baseline).await;
}

/// L157: A folder that is dropped half-read is closed.
async fn l157_a_dropped_folder_is_closed<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for i in 0..50 {
        std::fs::write(folder.join(i.to_string()), b"").expect("written");
    }
    let baseline = descriptors();
    for _ in 0..10 {
        let mut entries = fs::read_dir_in(&folder, &rt).await.expect("it opens");
        assert!(entries.next_entry().await.expect("an entry").is_some());
        drop(entries);
    }
    descriptors_settle(&rt, baseline).await;
}
