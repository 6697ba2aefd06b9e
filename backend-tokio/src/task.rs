//! Tasks and blocking calls: tokio's, with our wrapper around the user's code.
//!
//! Knows nothing of sockets or timers. The door calls [`spawn`], [`spawn_blocking`] and
//! [`block_in_place`].

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use anyrt_api::current::{self, Root};
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_kit::lock::Lock;
use anyrt_kit::task::{Call, Catch, Name, Outcome};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{JoinHandle, coop};

use crate::Tokio;
use crate::io::Tie;

/// A future larger than this is boxed before it is moved about, so that it cannot overflow the
/// stack of its spawner (`L032`). tokio boxes such futures itself, but a few moves later.
const INLINE_MAX: usize = 16 * 1024;

/// What tokio's panic comes to, if the system has no thread.
pub(crate) const NO_THREAD: &str = "no thread could be started";

/// The join handle of a task, or of a blocking call, on tokio.
pub struct Join<T> {
    task: Result<JoinHandle<Outcome<T>>, NotStarted>,
    name: Name,
    /// Only for a runtime that may stop being driven.
    tie: Option<Tie>,
}

/// No thread could be had, or the runtime is the parent's. The error is given to the first who
/// joins.
struct NotStarted(Option<io::Error>);

/// Starts a task: one allocation, tokio's own.
pub(crate) fn spawn<F>(rt: &Tokio, future: F, meta: TaskMeta) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    if const { size_of::<F>() > INLINE_MAX } {
        return spawn_sized(rt, Box::pin(future), meta);
    }
    spawn_sized(rt, future, meta)
}

fn spawn_sized<F>(rt: &Tokio, future: F, meta: TaskMeta) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let name = meta.name;
    if let Some(forked) = rt.home.forked() {
        current::enter(rt.any(), || drop(Catch::new(future, None)));
        return Join::new(rt, Err(NotStarted(Some(forked))), name);
    }
    // Our budget replaces tokio's, which knows nothing of foreign executors.
    let root = Root::entering(rt.any(), Catch::new(future, name.clone()));
    let task = rt.home.handle.spawn(coop::unconstrained(root));
    Join::new(rt, Ok(task), name)
}

/// Runs a closure on tokio's blocking pool.
pub(crate) fn spawn_blocking<F, T>(rt: &Tokio, f: F, meta: TaskMeta) -> Join<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let name = meta.name;
    if let Some(forked) = rt.home.forked() {
        drop(Call::entering(rt.any(), f, None));
        return Join::new(rt, Err(NotStarted(Some(forked))), name);
    }
    let call = Call::entering(rt.any(), f, name.clone());
    let (home, number) = (Arc::clone(&rt.home), rt.home.refused.next());
    let run = move || match home.refused.take(number) {
        true => {
            drop(call);
            Err(JoinError::cancelled()).into()
        }
        false => call.run(),
    };
    let handle = &rt.home.handle;
    // tokio panics here if the system has no thread for it (`L040`). The closure is in its queue
    // then, and comes up again if a thread comes free; its handle has said by then that it cannot
    // run, so it must not.
    let started = catch_unwind(AssertUnwindSafe(|| handle.spawn_blocking(run)));
    let task = started.map_err(|_| {
        rt.home.refused.put(number);
        let cause = io::Error::new(io::ErrorKind::WouldBlock, NO_THREAD);
        NotStarted(Some(cause))
    });
    Join::new(rt, task, name)
}

/// The closures of one runtime for which tokio had no thread, though it keeps them in its queue.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    n_started: AtomicU64,
    /// Their number, so that a closure that runs need not lock.
    n_refused: AtomicUsize,
    refused: Lock<HashSet<u64>>,
}

impl Refused {
    /// A number for a closure.
    fn next(&self) -> u64 {
        self.n_started.fetch_add(1, Ordering::Relaxed)
    }

    /// It was refused.
    #[cold]
    fn put(&self, number: u64) {
        let mut refused = self.refused.lock();
        refused.insert(number);
        self.n_refused.store(refused.len(), Ordering::Release);
    }

    /// It has come up: true if it was refused.
    fn take(&self, number: u64) -> bool {
        // Acquire: pairs with the Release in `put`. A closure that was refused comes up after a
        // later one has got a thread.
        if self.n_refused.load(Ordering::Acquire) == 0 {
            return false;
        }
        let mut refused = self.refused.lock();
        let was_refused = refused.remove(&number);
        self.n_refused.store(refused.len(), Ordering::Release);
        was_refused
    }
}

/// Runs `f` in place. tokio hands this worker's tasks to another thread meanwhile.
///
/// # Panics
///
/// On the thread of a single-threaded runtime.
#[track_caller]
pub(crate) fn block_in_place<F: FnOnce() -> T, T>(f: F) -> T {
    let here = Handle::try_current();
    if here.is_ok_and(|rt| rt.runtime_flavor() == RuntimeFlavor::CurrentThread) {
        // tokio alone knows whether this thread drives that runtime or merely stands in its
        // context, as its blocking threads do; it answers by a panic.
        let may_block = catch_unwind(|| tokio::task::block_in_place(|| ()));
        assert!(
            may_block.is_ok(),
            "block_in_place would stall the only thread of this tokio runtime: use spawn_blocking"
        );
    }
    tokio::task::block_in_place(|| current::undriven(f))
}

impl<T> Join<T> {
    fn new(rt: &Tokio, task: Result<JoinHandle<Outcome<T>>, NotStarted>, name: Name) -> Self {
        let tie = rt.home.may_stall().then(|| Tie::new(&rt.home));
        Join { task, name, tie }
    }
}

impl<T: Send> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Join { task, name, tie } = &mut *self;
        let task = match task {
            Ok(task) => task,
            Err(NotStarted(cause)) => {
                let cause = cause.take().expect("a join that ended is not polled again");
                return Poll::Ready(Err(JoinError::not_started(cause).of_task(name.take())));
            }
        };
        let joined = match Pin::new(&mut *task).poll(cx) {
            Poll::Ready(joined) => joined,
            Poll::Pending => {
                let Some(tie) = tie else {
                    return Poll::Pending;
                };
                let undriven = ready!(tie.poll_undriven(cx));
                task.abort();
                return Poll::Ready(Err(JoinError::not_started(undriven).of_task(name.take())));
            }
        };
        Poll::Ready(match joined {
            Ok(outcome) => outcome.into_result(),
            Err(lost) => Err(lost_task(lost).of_task(name.take())),
        })
    }
}

/// tokio's own words for a task that has no outcome.
fn lost_task(lost: tokio::task::JoinError) -> JoinError {
    match lost.try_into_panic() {
        Ok(payload) => JoinError::panicked(payload),
        Err(_) => JoinError::cancelled(),
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {
        if let Ok(task) = &self.task {
            task.abort();
        }
    }

    fn is_finished(&self) -> bool {
        self.task.as_ref().map_or(true, JoinHandle::is_finished)
    }

    fn id(&self) -> TaskId {
        let id = self.task.as_ref().map(|task| number(task.id()));
        TaskId::from_u64(id.unwrap_or(0))
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("name", &self.name)
            .field("is_started", &self.task.is_ok())
            .finish_non_exhaustive()
    }
}

/// The number in tokio's id, which shows it as text, or to a hasher.
fn number(id: tokio::task::Id) -> u64 {
    struct Number(u64);

    impl Hasher for Number {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = self.0 << 8 | u64::from(*byte);
            }
        }

        fn write_u64(&mut self, id: u64) {
            self.0 = id;
        }
    }

    let mut number = Number(0);
    id.hash(&mut number);
    number.finish()
}
