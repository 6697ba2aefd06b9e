//! One task: its future, its place in the queue, and its join handle, [`Join`].
//!
//! Knows of the executor only that it takes a task into its queue ([`Sim::push`]).

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use anyrt_api::current::Root;
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_kit::task::{Catch, Name, Outcome};

use crate::executor::Sim;

/// How a task is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A future that was spawned.
    Future,
    /// A blocking closure: run to its end at its turn, with the driving put down meanwhile.
    Blocking,
    /// The future of a `block_on`, which only its own thread can poll.
    Root,
}

/// A task, or the stand-in of a `block_on`'s future.
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) meta: TaskMeta,
    sim: Weak<Sim>,
    slot: Mutex<Slot>,
}

type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

/// `queued` and `running` may both be set: woken during its poll, it is queued after it.
#[derive(Default)]
struct Slot {
    body: Option<Body>,
    queued: bool,
    running: bool,
    aborted: bool,
    done: bool,
}

impl Task {
    pub(crate) fn new(sim: &Arc<Sim>, id: u64, kind: Kind, meta: TaskMeta) -> Arc<Self> {
        Arc::new(Task {
            id,
            kind,
            meta,
            sim: Arc::downgrade(sim),
            slot: Mutex::default(),
        })
    }

    /// Gives the task its future and the handle to it.
    pub(crate) fn fill<F>(self: &Arc<Self>, future: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let cell = Arc::new(Cell(Mutex::new(Joint::Running(None))));
        let name = self.meta.name.clone();
        let deliver = Deliver {
            cell: cell.clone(),
            name: name.clone(),
        };
        let body = live(Root::new(Catch::new(future, name)), deliver);
        self.slot().body = Some(Box::pin(body));
        Join {
            task: self.clone(),
            cell,
        }
    }

    /// Puts the task into the queue, unless it is there or done.
    pub(crate) fn schedule(self: &Arc<Self>) {
        let mut slot = self.slot();
        if slot.done || std::mem::replace(&mut slot.queued, true) || slot.running {
            return;
        }
        drop(slot);
        self.requeue();
    }

    /// Polls the future once, or drops it if the task was aborted.
    pub(crate) fn run(self: &Arc<Self>) {
        let mut slot = self.slot();
        slot.queued = false;
        let Some(mut body) = slot.body.take() else {
            return;
        };
        slot.running = true;
        let aborted = slot.aborted;
        drop(slot);
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        let over = aborted || body.as_mut().poll(&mut cx).is_ready();
        let mut slot = self.slot();
        if !over && !slot.aborted {
            slot.body = Some(body);
            slot.running = false;
            let again = slot.queued;
            drop(slot);
            if again {
                self.requeue();
            }
            return;
        }
        drop(slot);
        drop(body);
        let mut slot = self.slot();
        slot.running = false;
        slot.done = true;
        drop(slot);
        if let Some(sim) = self.sim.upgrade() {
            sim.forget(self.id);
        }
    }

    /// Polls a root by `poll`, on its own thread.
    pub(crate) fn run_root<T>(self: &Arc<Self>, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let mut slot = self.slot();
        slot.queued = false;
        slot.running = true;
        drop(slot);
        let polled = poll();
        let mut slot = self.slot();
        slot.running = false;
        slot.done = polled.is_ready();
        let again = slot.queued && polled.is_pending();
        drop(slot);
        if again {
            self.requeue();
        }
        polled
    }

    /// Asks for the end of the task; its future is dropped at its next turn.
    pub(crate) fn abort(self: &Arc<Self>) {
        self.slot().aborted = true;
        self.schedule();
    }

    /// Ends the task here and now, or, while it runs, after its poll.
    pub(crate) fn kill(&self) {
        let mut slot = self.slot();
        slot.aborted = true;
        slot.done |= !slot.running;
        let body = slot.body.take();
        drop(slot);
        drop(body);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.slot().running
    }

    fn requeue(self: &Arc<Self>) {
        if let Some(sim) = self.sim.upgrade() {
            sim.push(self.clone());
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.schedule();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.schedule();
    }
}

/// A task's whole life: its future runs and is dropped, and then its outcome is delivered.
async fn live<F: Future>(future: Root<Catch<F>>, deliver: Deliver<F::Output>) {
    let outcome = future.await;
    deliver.cell.give(outcome);
}

/// Delivers "cancelled" when it is dropped before an output was given.
struct Deliver<T> {
    cell: Arc<Cell<T>>,
    name: Name,
}

impl<T> Drop for Deliver<T> {
    fn drop(&mut self) {
        let cancelled = JoinError::cancelled().of_task(self.name.take());
        self.cell.give(Err(cancelled).into());
    }
}

/// Where a task's output waits for its handle.
struct Cell<T>(Mutex<Joint<T>>);

enum Joint<T> {
    Running(Option<Waker>),
    Done(Outcome<T>),
    /// Taken, or given up by the handle's drop.
    Over,
}

impl<T> Cell<T> {
    fn lock(&self) -> MutexGuard<'_, Joint<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the first outcome and wakes who waits for it; drops it if nobody ever will.
    fn give(&self, outcome: Outcome<T>) {
        let mut joint = self.lock();
        if let Joint::Running(waiting) = &mut *joint {
            let waiting = waiting.take();
            *joint = Joint::Done(outcome);
            drop(joint);
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

/// A join handle of a [`Mem`](crate::Mem) runtime.
pub struct Join<T> {
    task: Arc<Task>,
    cell: Arc<Cell<T>>,
}

impl<T: Send + 'static> Join<T> {
    fn try_join(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let waker = cx.waker().clone();
        let mut joint = self.cell.lock();
        match std::mem::replace(&mut *joint, Joint::Over) {
            Joint::Running(displaced) => {
                *joint = Joint::Running(Some(waker));
                drop(joint);
                drop(displaced);
                Poll::Pending
            }
            Joint::Done(outcome) => {
                drop(joint);
                Poll::Ready(outcome.into_result())
            }
            Joint::Over => {
                drop(joint);
                panic!("a join handle was polled after it gave its output")
            }
        }
    }
}

impl<T: Send + 'static> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.task.sim.upgrade() {
            Some(sim) => sim.leaf(cx, |cx| self.try_join(cx)),
            None => self.try_join(cx),
        }
    }
}

impl<T: Send + 'static> RawJoin<T> for Join<T> {
    fn abort(&self) {
        self.task.abort();
    }

    fn is_finished(&self) -> bool {
        !matches!(*self.cell.lock(), Joint::Running(_))
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(self.task.id)
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut *self.cell.lock(), Joint::Over);
        drop(left);
    }
}

impl<T> std::fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Join")
            .field("id", &self.task.id)
            .finish_non_exhaustive()
    }
}
