//! The threads of a runtime: workers, a [`Spare`] in the place of one that blocks, and those of the
//! pool for blocking calls.
//!
//! Knows nothing of what the tasks do. async-io's `block_on` lets an idle worker wait for sockets
//! and timers itself.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use anyrt_api::current;
use anyrt_kit::blocking::Body;
use async_channel::{Receiver, Sender, bounded};
use futures_lite::future::or;

use crate::gauge::Gauge;
use crate::home::{Home, Tasks};

/// Tells the workers to stop: nothing is ever sent, the channel is closed.
pub(crate) type Stop = Receiver<()>;

/// A channel whose receivers end when the sender is dropped or closed.
pub(crate) fn stop() -> (Sender<()>, Stop) {
    bounded(1)
}

/// Starts a thread that runs tasks until `stop`.
pub(crate) fn start(name: String, tasks: Tasks, stop: Stop) -> io::Result<()> {
    let busy = tasks.home().threads.enter();
    thread::Builder::new().name(name).spawn(move || {
        run(tasks, || stop.recv());
        drop(busy);
    })?;
    Ok(())
}

/// Starts a thread of the pool for blocking calls.
pub(crate) fn start_blocking(name: String, threads: &Arc<Gauge>, body: Body) -> io::Result<()> {
    let busy = threads.enter();
    thread::Builder::new().name(name).spawn(move || {
        body();
        drop(busy);
    })?;
    Ok(())
}

/// The loop of a worker. The last to leave drops the tasks that are left, inside `drive`.
fn run<F: Future>(tasks: Tasks, until: impl Fn() -> F) {
    let any = tasks.home().any();
    current::drive(any, || {
        // Users' panics are caught nearer to them; nothing else is to end a worker either.
        let once = || async_io::block_on(tasks.executor().run(until()));
        while catch_unwind(AssertUnwindSafe(once)).is_err() {}
        drop(tasks);
    });
}

/// A thread that runs tasks in the place of one that blocks, until it is dropped.
pub(crate) struct Spare {
    _stop: Sender<()>,
}

impl Spare {
    /// Without a thread to be had the tasks wait, as they would without a spare.
    pub(crate) fn start(home: &Arc<Home>) -> Option<Self> {
        let tasks = home.tasks()?;
        let all = home.stop.clone();
        let (sender, here) = stop();
        let busy = tasks.home().threads.enter();
        let spawned = thread::Builder::new()
            .name("anyrt-spare".into())
            .spawn(move || {
                run(tasks, || or(all.recv(), here.recv()));
                drop(busy);
            });
        spawned.ok()?;
        Some(Spare { _stop: sender })
    }
}
