//! Laws of a process that is stopped and goes on: L087 and L101.
//!
//! A stop and a continue interrupt the wait for events, as a signal handler would.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyrt_api::net::TcpStream;
use anyrt_api::time::sleep_in;
use anyrt_api::{Runtime, fs};

use crate::bound::at_most;
use crate::peers::{bytes_from, listener, pair, read_checked};
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l087_interrupted_never_escapes),
        law!(l101_an_interrupted_wait_goes_on).stochastic(),
    ]
}

/// Stops this process and lets it go on, `times` times, from outside.
fn interrupt(times: usize) {
    let script = "i=0; while [ $i -lt $2 ]; do kill -STOP $1; kill -CONT $1; i=$((i+1)); done";
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        script,
        "sh",
        &std::process::id().to_string(),
        &times.to_string(),
    ]);
    shell
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(shell.status().expect("a shell runs").success());
}

/// Writes files and reads them again, for a while.
async fn write_and_read<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    for round in 0..60 {
        let bytes = bytes_from(0, 1_000 * round);
        fs::write_in(&path, &bytes, &rt)
            .await
            .expect("never interrupted");
        let read = fs::read_in(&path, &rt).await.expect("never interrupted");
        assert_eq!(read, bytes);
    }
}

/// L087: `Interrupted` never escapes.
async fn l087_interrupted_never_escapes<R: Runtime>(rt: R) {
    const LEN: usize = 3 << 20;
    let interrupts = rt.spawn_blocking(|| interrupt(200));
    let (ours, peer) = pair(&rt).await;
    let writer = rt.spawn(async move {
        for start in (0..LEN).step_by(1 << 12) {
            ours.write_all(&bytes_from(start, 1 << 12))
                .await
                .expect("never interrupted");
        }
    });
    let files = rt.spawn(write_and_read(rt.clone()));
    let (listener, addr) = listener(&rt).await;
    for _ in 0..60 {
        let connect = TcpStream::connect_in(addr, &rt);
        let (client, server) = futures_lite::future::zip(connect, listener.accept()).await;
        client.expect("never interrupted");
        server.expect("never interrupted");
    }
    assert_eq!(
        read_checked(&peer, 1 << 12)
            .await
            .expect("never interrupted"),
        LEN
    );
    writer.await.expect("no error");
    files.await.expect("no error");
    interrupts.await.expect("they are over");
}

/// L101: An interrupted wait for events is waited again; timers stay right.
async fn l101_an_interrupted_wait_goes_on<R: Runtime>(rt: R) {
    let interrupts = rt.spawn_blocking(|| interrupt(100));
    loop {
        let before = rt.now();
        sleep_in(Duration::from_millis(5), &rt).await;
        let slept = rt.now() - before;
        assert!(
            slept >= Duration::from_millis(5),
            "an interrupt ended a sleep: {slept:?}"
        );
        if interrupts.is_finished() {
            break;
        }
    }
    interrupts.await.expect("they are over");
    let deadline = rt.now() + Duration::from_millis(5);
    rt.sleep_until(deadline).await;
    at_most("late by", rt.now() - deadline, Duration::from_millis(200));
    let (ours, peer) = pair(&rt).await;
    ours.write_all(b"on").await.expect("it goes on");
    peer.read_exact(&mut [0; 2]).await.expect("it goes on");
}
