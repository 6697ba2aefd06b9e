//! A runtime that can do one thing, run blocking calls, when and where a test says so.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_api::time::RawSleep;
use anyrt_api::{Core, Entropy, Spawn, Timer};

use crate::lock::Lock;
use crate::task::{Joint, joint};

crate::forward_fs!(Calls);

type Call = Box<dyn FnOnce() + Send>;

/// Blocking calls wait in a queue until the test runs them; or each has a thread at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    queue: Lock<VecDeque<Call>>,
    has_threads: AtomicBool,
    is_gone: AtomicBool,
    /// Says of every call that there is no thread for it, and keeps it in the queue.
    refuses: AtomicBool,
    n_calls: AtomicUsize,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Calls")
    }
}

impl Calls {
    /// Every blocking call has a thread.
    pub(super) fn on_threads() -> Self {
        let rt = Calls::default();
        rt.inner.has_threads.store(true, Ordering::Relaxed);
        rt
    }

    /// How many blocking calls there were.
    pub(super) fn n_calls(&self) -> usize {
        self.inner.n_calls.load(Ordering::Relaxed)
    }

    /// Runs the call that waits longest.
    pub(super) fn run_one(&self) -> bool {
        let call = self.inner.queue.lock().pop_front();
        let is_there = call.is_some();
        if let Some(call) = call {
            call();
        }
        is_there
    }

    pub(super) fn run_all(&self) {
        while self.run_one() {}
    }

    /// Drops what waits, and all that comes: a runtime that was shut down.
    pub(super) fn shut_down(&self) {
        self.inner.is_gone.store(true, Ordering::Relaxed);
        let dropped = std::mem::take(&mut *self.inner.queue.lock());
        drop(dropped);
    }

    /// From now on there is no thread; or there are some again.
    pub(super) fn refuse(&self, refuses: bool) {
        self.inner.refuses.store(refuses, Ordering::Relaxed);
    }

    /// Runs a future and, whenever it waits, a call.
    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(out) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return out;
            }
            while !woken.0.swap(false, Ordering::Relaxed) {
                assert!(self.run_one(), "the future waits, and nothing runs");
            }
        }
    }

    fn start(&self, call: Call) {
        self.inner.n_calls.fetch_add(1, Ordering::Relaxed);
        if self.inner.is_gone.load(Ordering::Relaxed) {
            return;
        }
        if self.inner.has_threads.load(Ordering::Relaxed) {
            thread::spawn(call);
        } else {
            self.inner.queue.lock().push_back(call);
        }
    }
}

/// Polls a future once.
pub(super) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs a future on this thread, which sleeps meanwhile.
pub(super) fn wait_for<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(out) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return out;
        }
        thread::park();
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The handle of a blocking call.
pub(super) struct Join<T>(Joint<T>);

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {}

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(0)
    }
}

impl Spawn for Calls {
    type RawJoin<T: Send> = Join<T>;

    fn spawn_raw<F>(&self, _: F, _: TaskMeta) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        unreachable!("files spawn no tasks")
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, _: TaskMeta) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (giver, joint) = joint(None);
        if self.inner.refuses.load(Ordering::Relaxed) {
            let cause = io::Error::from(io::ErrorKind::WouldBlock);
            giver.give(Err(JoinError::not_started(cause)).into());
            self.start(Box::new(|| drop(f)));
            return Join(joint);
        }
        self.start(Box::new(move || {
            let outcome = catch_unwind(AssertUnwindSafe(f));
            giver.give(outcome.map_err(JoinError::panicked).into());
        }));
        Join(joint)
    }
}

/// An alarm that never rings.
#[derive(Debug)]
pub(super) struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl RawSleep for Never {
    fn reset(self: Pin<&mut Self>, _: Instant) {}
}

impl Timer for Calls {
    type Sleep = Never;

    fn now(&self) -> Instant {
        unreachable!("files ask for no time")
    }

    fn wallclock(&self) -> SystemTime {
        unreachable!("files ask for no time")
    }

    fn sleep_until(&self, _: Instant) -> Never {
        unreachable!("files sleep not")
    }
}

impl Entropy for Calls {
    fn fill_bytes(&self, _: &mut [u8]) {
        unreachable!("files draw no random bytes")
    }
}

impl Core for Calls {
    const NAME: &'static str = "calls";

    fn capabilities(c: &mut Capabilities<Self>) {
        c.fs();
    }
}
