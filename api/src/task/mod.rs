//! Tasks: the counterpart of [`std::thread`] for futures.
//!
//! [`spawn`] and [`spawn_blocking`] start them, a [`JoinHandle`] waits for one, a [`TaskGroup`] for
//! many; [`local::scope`] runs futures that are not `Send`. Knows nothing of executors: those are
//! the backend's.

mod abort;
mod builder;
mod error;
mod group;
mod join;
pub mod local;
mod local_key;
mod spawn;

use std::future::{Future, poll_fn};
use std::task::Poll;

pub use abort::AbortOnDrop;
pub use builder::Builder;
pub use error::JoinError;
pub use group::TaskGroup;
pub use join::JoinHandle;
#[doc(hidden)]
pub use local::spawn_local;
pub use local_key::{AccessError, LocalKey, TaskLocalFuture};
pub use spawn::{RawJoin, Spawn, TaskId, TaskMeta};

use crate::AnyRuntime;
use crate::current::{no_runtime, undriven, with_current};
#[doc(inline)]
pub use crate::task_local;

/// Starts a task on the current runtime: [`std::thread::spawn`] for futures.
///
/// Dropping the handle detaches. [`Spawn`] has the contract; [`Builder`] gives the task a name.
///
/// # Panics
///
/// At the caller, if there is no current runtime: see `L195`.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    start(|rt| rt.spawn_raw(future, TaskMeta::new()))
}

/// Starts a task on `rt`: as [`spawn`], without a box.
#[track_caller]
pub fn spawn_in<F, R>(future: F, rt: &R) -> JoinHandle<F::Output, R>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    R: Spawn,
{
    rt.spawn(future)
}

/// Runs `f` on a thread that may block, with the current runtime entered there.
///
/// Dropping the handle does not cancel it.
///
/// # Panics
///
/// At the caller, if there is no current runtime: see `L195`.
#[track_caller]
pub fn spawn_blocking<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    start(|rt| rt.spawn_blocking_raw(f, TaskMeta::new()))
}

/// Runs `f` on a thread of `rt` that may block: as [`spawn_blocking`].
#[track_caller]
pub fn spawn_blocking_in<F, T, R>(f: F, rt: &R) -> JoinHandle<T, R>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
    R: Spawn,
{
    rt.spawn_blocking(f)
}

/// Runs `f`, which may block, on this thread, and lets the current runtime go on without it.
///
/// Outside any runtime `f` just runs. Inside, `block_on` is allowed. Other futures of the same task
/// (the other arm of a `join`) wait until `f` returns; if that matters, use [`spawn_blocking`].
///
/// # Panics
///
/// On a lent single-threaded runtime: see [`Spawn::block_in_place`].
#[track_caller]
pub fn block_in_place<F, T>(f: F) -> T
where
    F: FnOnce() -> T,
{
    // Not lent for as long as `f` runs, since `f` may enter other runtimes: cloned.
    match AnyRuntime::try_current() {
        Some(rt) => rt.block_in_place(f),
        None => undriven(f),
    }
}

/// Runs `f`, which may block, on this thread, and lets `rt` go on without it: as
/// [`block_in_place`].
///
/// # Panics
///
/// As [`block_in_place`].
#[track_caller]
pub fn block_in_place_in<F, T, R>(f: F, rt: &R) -> T
where
    F: FnOnce() -> T,
    R: Spawn,
{
    rt.block_in_place(f)
}

/// Lets other tasks run: [`std::thread::yield_now`] for tasks.
///
/// - `L066` It is pending exactly once and wakes itself; every task that was ready runs before it
///   has come around 1,000 times.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[track_caller]
fn start<T: Send + 'static>(
    start: impl FnOnce(&AnyRuntime) -> <AnyRuntime as Spawn>::RawJoin<T>,
) -> JoinHandle<T> {
    match with_current(start) {
        Some(raw) => JoinHandle::from_raw(raw),
        None => no_runtime(std::panic::Location::caller()),
    }
}
