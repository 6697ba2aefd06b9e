//! The order of fdatasync and acknowledgement, and a disk that fails, seen from outside by strace.
#![cfg(target_os = "linux")]

mod house;

use std::fs;
use std::path::Path;
use std::process::Command;

use redis::{Commands, TypedCommands};

use self::house::{ChildStore, RUNTIMES};

/// Whether strace can be used; where it cannot, that is said loudly, and is a failure in CI.
fn has_strace() -> bool {
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .status();
    if works.is_ok_and(|status| status.success()) {
        return true;
    }
    eprintln!("NOT TESTED: strace is missing or not allowed: nothing is known of fdatasync");
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!in_ci, "CI must have strace");
    false
}

/// A store under strace; its trace goes to `trace`.
fn start_traced(runtime: &str, dir: &Path, trace: &Path, options: &[&str]) -> ChildStore {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-ttt", "-s", "64", "-o"])
        .arg(trace)
        .args(options);
    command.arg(env!("CARGO_BIN_EXE_kv"));
    command.args([
        "serve",
        "--runtime",
        runtime,
        "--port",
        "0",
        "--appendfsync",
        "always",
    ]);
    command.arg("--dir").arg(dir);
    ChildStore::run(command)
}

/// Ends the store behind strace: strace passes nothing on, so the store is asked itself.
fn stop(mut store: ChildStore) {
    let tracer = store.child.id();
    let children = format!("/proc/{tracer}/task/{tracer}/children");
    let children = fs::read_to_string(children).expect("strace has a child");
    let status = Command::new("kill")
        .arg("-INT")
        .args(children.split_whitespace())
        .status();
    assert!(status.expect("kill runs").success());
    assert!(store.child.wait().expect("strace ends").success());
}

/// What one line of the trace says about the log and the client.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    /// A record was written.
    Append,
    /// A sync of the log began: it covers the records that were written before.
    SyncBegins(u32),
    /// It ended well.
    SyncEnds(u32),
    /// `+OK` is on its way to the client.
    Acknowledge,
}

/// Reads the events out of a trace. A call that another interrupts stands on two lines.
fn events(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for line in trace.lines() {
        let mut parts = line.split_whitespace();
        let thread = parts
            .next()
            .and_then(|pid| pid.parse().ok())
            .expect("a thread's number");
        let call = parts.skip(1).collect::<Vec<_>>().join(" ");
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        let is_resumed =
            call.starts_with("<... fdatasync resumed") || call.starts_with("<... fsync");
        let is_write = ["write(", "pwrite64(", "writev(", "sendto(", "sendmsg("]
            .iter()
            .any(|name| call.starts_with(name));
        if is_write && call.contains(r"*3\r\n$3\r\nSET") {
            events.push(Event::Append);
        } else if is_write && call.contains(r#""+OK\r\n"#) {
            events.push(Event::Acknowledge);
        } else if is_sync {
            events.push(Event::SyncBegins(thread));
            if call.ends_with("= 0") {
                events.push(Event::SyncEnds(thread));
            }
        } else if is_resumed && call.ends_with("= 0") {
            events.push(Event::SyncEnds(thread));
        }
    }
    events
}

/// The number of acknowledgements, each of which must come after a sync that covers its record.
fn check_order(events: &[Event]) -> usize {
    let (mut appended, mut synced, mut acknowledged) = (0, 0, 0);
    let mut running: Vec<(u32, usize)> = Vec::new();
    for event in events {
        match event {
            Event::Append => appended += 1,
            Event::SyncBegins(thread) => running.push((*thread, appended)),
            Event::SyncEnds(thread) => {
                running.retain(|(other, covered)| {
                    if other == thread {
                        synced = synced.max(*covered);
                    }
                    other != thread
                });
            }
            Event::Acknowledge => {
                acknowledged += 1;
                assert!(acknowledged <= synced, "acknowledged before it was synced");
            }
        }
    }
    acknowledged
}

#[test]
fn the_check_finds_an_acknowledgement_that_comes_too_early() {
    let (append, ok) = (Event::Append, Event::Acknowledge);
    let early = [append, Event::SyncBegins(1), ok];
    assert!(std::panic::catch_unwind(|| check_order(&early)).is_err());
    let uncovered = [
        Event::SyncBegins(1),
        Event::Append,
        Event::SyncEnds(1),
        Event::Acknowledge,
    ];
    assert!(std::panic::catch_unwind(|| check_order(&uncovered)).is_err());
    let good = [
        Event::Append,
        Event::SyncBegins(1),
        Event::SyncEnds(1),
        Event::Acknowledge,
    ];
    assert_eq!(check_order(&good), 1);
}

#[test]
fn every_acknowledgement_comes_after_a_sync_that_covers_it() {
    if !has_strace() {
        return;
    }
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let trace = dir.path().join("trace.txt");
        let store = start_traced(
            runtime,
            dir.path(),
            &trace,
            &[
                "-e",
                "trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync",
            ],
        );
        let mut client = store.client();
        for i in 0..50 {
            TypedCommands::set(&mut client, format!("key:{i}"), i).expect("set");
        }
        drop(client);
        stop(store);
        let trace = fs::read_to_string(&trace).expect("a trace");
        let events = events(&trace);
        assert_eq!(
            events
                .iter()
                .filter(|event| **event == Event::Append)
                .count(),
            50,
            "{runtime}"
        );
        assert_eq!(check_order(&events), 50, "{runtime}");
    }
}

/// Counts upwards until a write is refused; the last number that was not. strace counts the calls
/// of each thread, so which one fails depends on how many threads the pool has used.
fn count_until_refused(runtime: &str, client: &mut redis::Connection) -> u64 {
    for i in 1..1000 {
        if let Err(error) = TypedCommands::set(client, "k", i) {
            assert_eq!(error.code(), Some("MISCONF"), "{runtime}: {error}");
            return i - 1;
        }
    }
    panic!("{runtime}: no call was made to fail");
}

fn value(client: &mut redis::Connection) -> Option<u64> {
    Commands::get(client, "k").expect("reads go on")
}

#[test]
fn a_failed_fdatasync_refuses_that_write_and_every_later_one() {
    if !has_strace() {
        return;
    }
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let trace = dir.path().join("trace.txt");
        let inject = [
            "-e",
            "trace=fdatasync",
            "-e",
            "inject=fdatasync:error=EIO:when=4",
        ];
        let store = start_traced(runtime, dir.path(), &trace, &inject);
        let mut client = store.client();
        let last = count_until_refused(runtime, &mut client);
        assert!(
            last >= 3,
            "{runtime}: the first three calls of a thread succeed"
        );
        let n_syncs = fs::read_to_string(&trace)
            .expect("a trace")
            .matches("fdatasync(")
            .count();
        for i in 0..5 {
            // The refused write did not happen, and reads go on.
            assert_eq!(value(&mut client), Some(last), "{runtime}");
            let error = TypedCommands::set(&mut client, "k", i).expect_err("it is refused");
            assert_eq!(error.code(), Some("MISCONF"), "{runtime}: {error}");
        }
        let trace = fs::read_to_string(&trace).expect("a trace");
        assert_eq!(
            trace.matches("fdatasync(").count(),
            n_syncs,
            "{runtime}: it was tried again"
        );
        drop(client);
        stop(store);
        let store = ChildStore::start(runtime, dir.path(), &[]);
        assert_eq!(value(&mut store.client()), Some(last), "{runtime}");
    }
}

#[test]
fn a_full_disk_refuses_the_write_and_the_next_one_is_tried() {
    if !has_strace() {
        return;
    }
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let trace = dir.path().join("trace.txt");
        let log = dir.path().join("appendonly.aof");
        fs::write(&log, "").expect("a log");
        let log = log.to_str().expect("a path of text").to_owned();
        let inject = [
            "-P",
            &log,
            "-e",
            "trace=write",
            "-e",
            "inject=write:error=ENOSPC:when=2",
        ];
        let store = start_traced(runtime, dir.path(), &trace, &inject);
        let mut client = store.client();
        let last = count_until_refused(runtime, &mut client);
        assert_eq!(value(&mut client), Some(last), "{runtime}");
        let after: u64 = (0..100)
            .find_map(|_| redis::cmd("INCR").arg("k").query(&mut client).ok())
            .expect("there is room again");
        assert_eq!(after, last + 1, "{runtime}");
        drop(client);
        stop(store);
        let store = ChildStore::start(runtime, dir.path(), &[]);
        assert_eq!(value(&mut store.client()), Some(after), "{runtime}");
    }
}
