//! Laws of a resolver that does not answer: L139 and L140.
//!
//! The system's resolver reads its file of hosts first. Here that is a pipe to which nobody writes,
//! so that every lookup hangs until the law lets it go.

use std::fs::OpenOptions as StdOptions;
use std::path::PathBuf;
use std::time::Duration;

use anyrt_api::fs;
use anyrt_api::net::lookup_host_in;
use anyrt_api::task::JoinHandle;
use anyrt_api::time::{sleep_in, timeout_in};
use anyrt_api::{BlockOn, Runtime, Spawn, Timer};
use futures_lite::future::poll_once;

use crate::bound::at_most;
use crate::gate::step_aside;
use crate::harness::{Tool, inside, shared_folder};
use crate::scratch::folder;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l139_a_hanging_lookup_blocks_no_worker in lab).stochastic(),
        law!(l139_a_dropped_lookup_is_over_at_once in lab).stochastic(),
        law!(l140_lookups_leave_room_for_files in lab).stochastic(),
    ]
}

/// The pipe in the place of the file of hosts.
struct Hosts(PathBuf);

impl Hosts {
    /// Lets those go that wait for it just now: they read an end.
    fn let_go(&self) {
        let both = StdOptions::new().read(true).write(true).open(&self.0);
        drop(both.expect("the pipe is there"));
    }
}

/// Puts a pipe in the place of the file of hosts, for the process behind it.
const HANG: &str = r#"
[ -p "$1/hosts" ] || mkfifo "$1/hosts"
mount --bind "$1/hosts" /etc/hosts && shift && exec "$@"
"#;

/// Runs a law while every lookup hangs.
fn while_it_hangs(law: impl FnOnce(Hosts)) {
    let folder = shared_folder("resolver");
    let path = folder.display().to_string();
    let line = ["unshare", "-rm", "sh", "-c", HANG, "sh", &path];
    inside(&Tool::new(line), || law(Hosts(folder.join("hosts"))));
}

/// Lookups that hang.
async fn lookups<R: Runtime>(n: u16, rt: &R) -> Vec<JoinHandle<(), R>> {
    let lookup = |port| {
        let own = rt.clone();
        rt.spawn(async move { drop(lookup_host_in(("localhost", port), &own).await) })
    };
    let all: Vec<_> = (1..=n).map(lookup).collect();
    sleep_in(Duration::from_millis(20), rt).await;
    assert!(all.iter().all(|lookup| !lookup.is_finished()), "they hang");
    all
}

/// L139: A lookup that hangs blocks no worker: tasks, timers and closures go on, and it resolves
/// when the resolver does.
fn l139_a_hanging_lookup_blocks_no_worker<B: Backend>(lab: &Lab<B>) {
    while_it_hangs(|hosts| {
        let owner = lab.start_with(|setup| setup.workers = 1);
        let rt = owner.handle();
        owner.block_on(async {
            let hang = lookups(3, &rt).await;
            let mut late = Duration::ZERO;
            for _ in 0..20 {
                let deadline = rt.now() + Duration::from_millis(5);
                rt.sleep_until(deadline).await;
                late = late.max(rt.now() - deadline);
                rt.spawn(step_aside(2)).await.expect("tasks go on");
                rt.spawn_blocking(|| ()).await.expect("closures go on");
            }
            at_most("late by", late, Duration::from_millis(100));
            assert!(hang.iter().all(|lookup| !lookup.is_finished()));
            while hang.iter().any(|lookup| !lookup.is_finished()) {
                hosts.let_go();
                sleep_in(Duration::from_millis(1), &rt).await;
            }
            for lookup in hang {
                lookup.await.expect("no panic");
            }
        });
    });
}

/// L139: Dropping the lookup returns at once, a time limit around it holds, and the owner's drop
/// does not wait for it.
fn l139_a_dropped_lookup_is_over_at_once<B: Backend>(lab: &Lab<B>) {
    while_it_hangs(|_| {
        let owner = lab.start();
        let clock = lab.start().handle();
        let rt = owner.handle();
        owner.block_on(async {
            let mut lookup = Box::pin(lookup_host_in(("localhost", 1), &rt));
            assert!(poll_once(lookup.as_mut()).await.is_none());
            sleep_in(Duration::from_millis(20), &rt).await;
            let before = rt.now();
            drop(lookup);
            at_most("the drop took", rt.now() - before, SOON);
            let before = rt.now();
            let limit = Duration::from_millis(100);
            let lookup = lookup_host_in(("localhost", 1), &rt);
            let timed = timeout_in(limit, lookup, &rt).await;
            assert!(timed.is_err(), "it does not hang");
            at_most("the limit took", rt.now() - before, limit + SOON);
        });
        let before = clock.now();
        drop(owner);
        at_most("the owner's drop took", clock.now() - before, SOON);
    });
}

/// L140: However many lookups hang, files are made, written, synced and removed.
fn l140_lookups_leave_room_for_files<B: Backend>(lab: &Lab<B>) {
    while_it_hangs(|_| {
        let owner = lab.start();
        let rt = owner.handle();
        owner.block_on(async {
            let folder = folder(&rt).await;
            let hang = lookups(200, &rt).await;
            let before = rt.now();
            for i in 0..10 {
                let path = folder.join(i.to_string());
                let file = fs::File::create_in(&path, &rt).await.expect("it is made");
                file.write_all(b"content").await.expect("written");
                file.sync_all().await.expect("synced");
                fs::remove_file_in(&path, &rt).await.expect("removed");
            }
            at_most("files took", rt.now() - before, Duration::from_secs(1));
            assert!(hang.iter().all(|lookup| !lookup.is_finished()), "they hang");
        });
        // Those that hang are stuck for good, and end with the process.
        owner.shutdown(Duration::from_millis(100));
    });
}

/// What needs no waiting.
const SOON: Duration = Duration::from_millis(50);
