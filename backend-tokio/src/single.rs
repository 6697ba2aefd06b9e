//! A single-threaded runtime that is always driven: [`Single`].
//!
//! Whoever is inside `block_on` drives it, as in tokio. While nobody is, a helper thread does, so
//! that a handle to it never hangs (`L179`). Knows nothing of what runs on it.

use std::future::{Future, poll_fn};
use std::io;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use anyrt_kit::lock::{Condition, Lock};

/// The runtime and its helper.
pub(crate) struct Single {
    rt: Arc<Ending>,
    turn: Arc<Turn>,
}

impl Single {
    pub(crate) fn start(rt: tokio::runtime::Runtime, name: String) -> io::Result<Self> {
        let single = Single {
            rt: Arc::new(Ending(Some(rt))),
            turn: Arc::new(Turn::default()),
        };
        let (rt, turn) = (Arc::clone(&single.rt), Arc::clone(&single.turn));
        thread::Builder::new().name(name).spawn(move || {
            while turn.wait_for_it() {
                rt.get().block_on(turn.until_wanted());
            }
            drop(rt);
            turn.leave();
        })?;
        Ok(single)
    }

    #[track_caller]
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _inside = self.turn.take();
        self.rt.get().block_on(future)
    }

    pub(crate) fn shutdown(self, limit: Duration) {
        let started = Instant::now();
        self.turn.stop();
        self.turn.wait_for_leave(limit);
        let rt = Arc::clone(&self.rt);
        drop(self);
        // If the helper is stuck in a task, it ends the runtime when it gets out of it.
        if let Some(rt) = Arc::into_inner(rt).and_then(Ending::take) {
            rt.shutdown_timeout(limit.saturating_sub(started.elapsed()));
        }
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        self.turn.stop();
    }
}

/// A tokio runtime that may be dropped anywhere.
struct Ending(Option<tokio::runtime::Runtime>);

impl Ending {
    fn get(&self) -> &tokio::runtime::Runtime {
        self.0.as_ref().expect("it is there until the end")
    }

    fn take(mut self) -> Option<tokio::runtime::Runtime> {
        self.0.take()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(rt) = self.0.take() {
            rt.shutdown_background();
        }
    }
}

/// Whose turn it is to drive: the helper's, unless somebody is inside `block_on`.
#[derive(Default)]
struct Turn {
    state: Lock<State>,
    changed: Condition,
}

#[derive(Default)]
struct State {
    n_inside: usize,
    is_stopped: bool,
    has_left: bool,
    /// The helper's, while it drives.
    helper: Option<Waker>,
}

impl State {
    fn wants_helper_out(&self) -> bool {
        self.n_inside > 0 || self.is_stopped
    }
}

impl Turn {
    /// The helper: waits until nobody else drives; false if it is to end.
    fn wait_for_it(&self) -> bool {
        let mut state = self.state.lock();
        while state.n_inside > 0 && !state.is_stopped {
            state = self.changed.wait(state);
        }
        !state.is_stopped
    }

    /// The helper: ready when somebody else is to drive.
    fn until_wanted(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if state.wants_helper_out() {
                return Poll::Ready(());
            }
            // Our own waker of a runtime's `block_on`: nothing of a user's.
            state.helper = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// The helper: it is out, and its share of the runtime is dropped.
    fn leave(&self) {
        self.state.lock().has_left = true;
        self.changed.notify_all();
    }

    fn take(&self) -> Inside<'_> {
        self.change(|state| state.n_inside += 1);
        Inside { turn: self }
    }

    fn stop(&self) {
        self.change(|state| state.is_stopped = true);
    }

    fn wait_for_leave(&self, limit: Duration) {
        let is_there = |state: &mut State| !state.has_left;
        let state = self.state.lock();
        drop(self.changed.wait_timeout_while(state, limit, is_there));
    }

    /// Changes whose turn it is, and lets the helper know.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let helper = {
            let mut state = self.state.lock();
            change(&mut state);
            self.changed.notify_all();
            if state.wants_helper_out() {
                state.helper.take()
            } else {
                None
            }
        };
        if let Some(helper) = helper {
            helper.wake();
        }
    }
}

/// Somebody inside `block_on`.
struct Inside<'a> {
    turn: &'a Turn,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.turn.change(|state| state.n_inside -= 1);
    }
}
