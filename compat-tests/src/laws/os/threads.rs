//! Laws of threads: how many there are, and what happens if there can be no more: L040, L042, L055
//! and L058.

use std::fs;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyrt_api::time::sleep_in;
use anyrt_api::{BlockOn, Spawn, Timer, fs as files};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::process::{descriptors, threads};
use crate::gate::Gate;
use crate::unshown::unshown;
use crate::{Backend, Lab, Law, Setup};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l040_a_closure_without_a_thread_fails_or_waits in lab),
        law!(l042_idle_blocking_threads_end in lab).limit(
            Duration::from_secs(25),
            "where it cannot be chosen a thread may wait for ten seconds",
        ),
        law!(l055_a_start_without_threads_is_an_error in lab),
        law!(l058_a_handle_starts_nothing in lab),
    ]
}

/// No thread can be started in this process until this is dropped: there is room for small things,
/// and none for a stack.
struct NoThreads {
    limit: Rlimit,
    /// They have the stacks that were there already.
    parked: Vec<(Sender<()>, JoinHandle<()>)>,
}

impl NoThreads {
    /// As [`now`](Self::now), but for so many threads: they can be started.
    fn but(number: usize) -> Option<Self> {
        let mut none = NoThreads::now()?;
        // Their stacks stay, for others.
        let kept = none.parked.len().saturating_sub(number);
        none.release(kept);
        Some(none)
    }

    /// Lets all parked threads but the first `kept` go.
    fn release(&mut self, kept: usize) {
        for (release, thread) in self.parked.drain(kept..) {
            drop(release);
            thread.join().expect("it was parked");
        }
    }

    /// `None` where a process cannot be kept from starting threads, which the report says then.
    fn now() -> Option<Self> {
        let limit = getrlimit(Resource::As);
        let room = address_space()? + ROOM;
        let tight = Rlimit {
            current: Some(room),
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::As, tight) {
            unshown(format!("the size of a process cannot be limited: {error}"));
            return None;
        }
        // The report of a panic looks for the symbols of the stack, for which there is no room.
        std::panic::set_hook(Box::new(|_| {}));
        let mut none = NoThreads {
            limit,
            parked: Vec::new(),
        };
        for _ in 0..1_000 {
            let (release, released) = channel::<()>();
            let park = move || {
                let _ = released.recv();
            };
            match thread::Builder::new().spawn(park) {
                Ok(thread) => none.parked.push((release, thread)),
                Err(_) => return Some(none),
            }
        }
        unshown("threads start under every limit here");
        None
    }
}

impl Drop for NoThreads {
    fn drop(&mut self) {
        setrlimit(Resource::As, self.limit).expect("the limit is raised again");
        let _ = std::panic::take_hook();
        self.release(0);
    }
}

/// The bytes of addresses that this process has taken.
fn address_space() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok();
    let size = status.as_deref().and_then(|status| {
        let line = status.lines().find(|line| line.starts_with("VmSize:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    if size.is_none() {
        unshown("the system does not say how large a process is");
    }
    size.map(|kib| kib << 10)
}

/// L040: A closure for which no thread can be had is an error on its handle, and never runs then,
/// or it runs later. It never hangs, and the rest of the runtime goes on.
fn l040_a_closure_without_a_thread_fails_or_waits<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async { sleep_in(Duration::from_millis(5), &rt).await });
    let Some(none) = NoThreads::now() else {
        return;
    };
    let ran: Vec<_> = (0..5).map(|_| Gate::new()).collect();
    let calls: Vec<_> = ran
        .iter()
        .map(|ran| {
            let ran = ran.clone();
            rt.spawn_blocking(move || ran.open())
        })
        .collect();
    owner.block_on(async {
        sleep_in(Duration::from_millis(5), &rt).await;
        rt.spawn(async {}).await.expect("tasks go on");
    });
    drop(none);
    owner.block_on(async {
        // No other call comes that would start a thread for these.
        let mut n_run = 0;
        for call in calls {
            match call.await {
                Ok(()) => n_run += 1,
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
        let path = std::env::temp_dir();
        let found = files::metadata_in(path, &rt).await;
        found.expect("files work again");
        for _ in 0..10 {
            rt.spawn_blocking(|| ()).await.expect("a thread");
        }
        let ran: usize = ran.iter().map(Gate::count).sum();
        assert_eq!(
            ran, n_run,
            "a closure ran whose handle had said that it cannot"
        );
    });
}

/// L042: A thread for blocking closures that finds nothing to do ends, within the time that was
/// chosen, or ten seconds.
fn l042_idle_blocking_threads_end<B: Backend>(lab: &Lab<B>) {
    const CALLS: usize = 8;
    let keep_alive = Duration::from_millis(50);
    let owner = lab.start_with(|setup| setup.blocking_keep_alive = keep_alive);
    let rt = owner.handle();
    owner.block_on(async {
        sleep_in(Duration::from_millis(5), &rt).await;
        let before = threads();
        for _ in 0..2 {
            let (all_here, mut releases) = (Gate::new(), Vec::new());
            let calls: Vec<_> = (0..CALLS)
                .map(|_| {
                    let ((release, released), here) = (channel::<()>(), all_here.clone());
                    releases.push(release);
                    rt.spawn_blocking(move || {
                        here.open();
                        let _ = released.recv();
                    })
                })
                .collect();
            all_here.wait_for(CALLS).await;
            drop(releases);
            for call in calls {
                call.await.expect("it was released");
            }
            let limit = rt.now() + Duration::from_secs(11);
            while threads() > before {
                assert!(rt.now() < limit, "{} threads, {before} before", threads());
                sleep_in(Duration::from_millis(10), &rt).await;
            }
        }
    });
}

/// L055: A runtime for which no thread can be had is an error, and one can be made once there are.
fn l055_a_start_without_threads_is_an_error<B: Backend>(lab: &Lab<B>) {
    for number in 0..4 {
        // Not one of those that it needs, or some and not others.
        let Some(none) = NoThreads::but(number % 2) else {
            return;
        };
        // One that starts them later has to say it then.
        drop(B::start(&Setup::default()));
        drop(none);
    }
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async {
        sleep_in(Duration::from_millis(1), &rt).await;
        rt.spawn(async {}).await.expect("it runs");
    });
}

/// L058: The library alone, and a handle, start no thread and open no descriptor.
fn l058_a_handle_starts_nothing<B: Backend>(lab: &Lab<B>) {
    // The law's own, and the one that looks after its parent.
    assert!(threads() <= 2, "{} threads before any runtime", threads());
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async { sleep_in(Duration::from_millis(5), &rt).await });
    let (threads_before, descriptors_before) = (threads(), descriptors());
    let handles: Vec<_> = (0..100).map(|_| (owner.handle(), rt.clone())).collect();
    assert_eq!(threads(), threads_before, "a handle started a thread");
    assert_eq!(
        descriptors(),
        descriptors_before,
        "a handle opened something"
    );
    drop(handles);
    drop(owner);
}

/// Less than a stack needs, and enough for all else that a law does.
const ROOM: u64 = 1 << 20;
