//! Laws of a process that is stopped and goes on: L080, L081, L087 and L101.
//!
//! A stop and a continue interrupt the wait for events, as a signal handler would.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyrt_api::net::TcpStream;
use anyrt_api::time::sleep_in;
use anyrt_api::{Runtime, fs};

use crate::bound::at_most;
use crate::peers::{bytes_from, listener, pair, read_checked};
use crate::probe::Probe;
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l080_overdue_alarms_fire_once_at_once).stochastic(),
        law!(l081_a_stop_wedges_nothing),
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

/// Stops this process for `seconds`, from outside, `times` times, with as long between them.
fn stop_for(seconds: &'static str, times: usize) {
    let script = "i=0; while [ $i -lt $2 ]; do \
         kill -STOP $1; sleep $3; kill -CONT $1; sleep $3; i=$((i+1)); done";
    let (id, times) = (std::process::id().to_string(), times.to_string());
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", &id, &times, seconds]);
    shell.stdin(Stdio::null()).stdout(Stdio::null());
    assert!(shell.status().expect("a shell runs").success());
}

/// L080: Alarms whose deadlines pass while the process is stopped fire when it goes on, at once and
/// once; the others when they are due.
async fn l080_overdue_alarms_fire_once_at_once<R: Runtime>(rt: R) {
    const STOP: Duration = Duration::from_millis(600);
    let start = rt.now();
    let mut alarms: Vec<_> = (0..100)
        .map(|i| {
            let deadline = start + STOP / 3 + Duration::from_millis(10) * i;
            (deadline, Box::pin(rt.sleep_until(deadline)), Probe::new())
        })
        .collect();
    // One that comes before the stop does not count.
    alarms.retain_mut(|(_, sleep, probe)| probe.poll(sleep.as_mut()).is_pending());
    let stop = rt.spawn_blocking(|| stop_for("0.6", 1));
    let (mut worst, mut longest, mut before) = (Duration::ZERO, Duration::ZERO, start);
    for (deadline, sleep, probe) in &mut alarms {
        probe.woken().await;
        let now = rt.now();
        longest = longest.max(now - before);
        before = now;
        assert!(now >= *deadline, "an alarm was early");
        assert!(probe.poll(sleep.as_mut()).is_ready());
        // The stop begins no earlier than the shell does, so it ends no earlier than this.
        worst = worst.max(now.saturating_duration_since((*deadline).max(start + STOP)));
    }
    assert!(
        longest >= STOP / 4,
        "the process was not stopped: {longest:?}"
    );
    at_most("late by", worst, Duration::from_millis(300));
    sleep_in(Duration::from_millis(20), &rt).await;
    let often = alarms.iter().filter(|(_, _, probe)| probe.wakes() != 1);
    assert_eq!(often.count(), 0, "alarms fired more than once");
    stop.await.expect("it is over");
}

/// L081: A process that is stopped for a while, and goes on, makes progress again: asleep, waiting
/// for an alarm, or at work.
async fn l081_a_stop_wedges_nothing<R: Runtime>(rt: R) {
    let stops = rt.spawn_blocking(|| stop_for("0.03", 30));
    let far = rt.spawn(rt.sleep_until(rt.now() + Duration::from_secs(3_600)));
    let mut round: u32 = 0;
    while !stops.is_finished() {
        round += 1;
        let (ours, peer) = pair(&rt).await;
        let echo = rt.spawn(async move { peer.write_all(b"some").await });
        if round.is_multiple_of(2) {
            // Asleep until another thread wakes it.
            rt.spawn_blocking(|| ()).await.expect("a closure");
        } else {
            let length = Duration::from_millis(u64::from(round % 40));
            sleep_in(length, &rt).await;
        }
        ours.read_exact(&mut [0; 4]).await.expect("four bytes");
        echo.await.expect("no panic").expect("written");
    }
    stops.await.expect("they are over");
    assert!(round > 1, "no progress beside the stops");
    far.cancel().await.expect_err("it is far from its deadline");
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
