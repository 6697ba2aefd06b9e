//! One task: its future, its place in the queue, and its join handle, [`Join`].
//!
//! Knows of the executor only that it takes a task into its queue ([`Sim::push`]).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use anyrt_api::current::Root;
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_kit::task::{Catch, Outcome};

use crate::executor::Sim;
use crate::lock::Lock;

/// A task, or a blocking closure, which is a task that ends in its first poll.
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) is_blocking: bool,
    pub(crate) meta: TaskMeta,
    sim: Weak<Sim>,
    slot: Lock<Slot>,
}

type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

/// `is_queued` and `is_running` may both be set: woken during its poll, it is queued after it.
#[derive(Default)]
struct Slot {
    body: Option<Body>,
    is_queued: bool,
    is_running: bool,
    is_aborted: bool,
}

/// Starts a task; on a runtime that was shut down, one that is cancelled.
pub(crate) fn spawn<F>(
    sim: &Arc<Sim>,
    future: F,
    meta: TaskMeta,
    is_blocking: bool,
) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let cell = Arc::new(Cell(Lock::new(Joint::Running(None))));
    let body = Root::new(Catch::new(future, meta.name.clone()));
    let body: Body = Box::pin(live(body, Deliver(cell.clone(), meta.clone())));
    let task = Arc::new(Task {
        id: sim.new_id(),
        is_blocking,
        meta,
        sim: Arc::downgrade(sim),
        slot: Lock::new(Slot {
            body: Some(body),
            ..Slot::default()
        }),
    });
    let mut state = sim.lock();
    let closed = state.closed;
    if !closed {
        state.tasks.insert(task.id, task.clone());
    }
    drop(state);
    match closed {
        true => task.kill(),
        false => task.schedule(),
    }
    Join { task, cell }
}

/// A task's whole life: its future runs and is dropped, and then its outcome is delivered.
async fn live<F: Future>(future: Root<Catch<F>>, deliver: Deliver<F::Output>) {
    let outcome = future.await;
    deliver.0.give(outcome);
}

impl Task {
    /// Puts the task into the queue, unless it is there; if it runs, once it has run.
    fn schedule(self: &Arc<Self>) {
        let mut slot = self.slot.lock();
        let idle = !std::mem::replace(&mut slot.is_queued, true) && !slot.is_running;
        drop(slot);
        if let Some(sim) = self.sim.upgrade().filter(|_| idle) {
            sim.push(self.clone());
        }
    }

    /// Polls the future once, or drops it if the task was aborted.
    pub(crate) fn run(self: &Arc<Self>) {
        let mut slot = self.slot.lock();
        slot.is_queued = false;
        let Some(mut body) = slot.body.take() else {
            return;
        };
        slot.is_running = true;
        let is_aborted = slot.is_aborted;
        drop(slot);
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        let is_over = is_aborted || body.as_mut().poll(&mut cx).is_ready();
        let mut slot = self.slot.lock();
        if is_over || slot.is_aborted {
            drop(slot);
            drop(body);
            self.slot.lock().is_running = false;
            return self.leave();
        }
        slot.body = Some(body);
        slot.is_running = false;
        let again = std::mem::take(&mut slot.is_queued);
        drop(slot);
        if again {
            self.schedule();
        }
    }

    /// Ends the task here and now, or, while it runs, after its poll.
    pub(crate) fn kill(&self) {
        let mut slot = self.slot.lock();
        slot.is_aborted = true;
        let body = slot.body.take();
        drop(slot);
        drop(body);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.slot.lock().is_running
    }

    /// Takes the task out of the runtime's list.
    fn leave(&self) {
        if let Some(sim) = self.sim.upgrade() {
            let mut state = sim.lock();
            let task = state.tasks.remove(&self.id);
            sim.tell(state);
            drop(task);
        }
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

/// Delivers "cancelled" when it is dropped before an outcome was given.
struct Deliver<T>(Arc<Cell<T>>, TaskMeta);

impl<T> Drop for Deliver<T> {
    fn drop(&mut self) {
        let cancelled = JoinError::cancelled().of_task(self.1.name.take());
        self.0.give(Err(cancelled).into());
    }
}

/// Where a task's outcome waits for its handle.
struct Cell<T>(Lock<Joint<T>>);

enum Joint<T> {
    Running(Option<Waker>),
    Done(Outcome<T>),
    /// Taken, or given up by the handle's drop.
    Over,
}

impl<T> Cell<T> {
    /// Stores the first outcome and wakes who waits for it; drops it if nobody ever will.
    fn give(&self, outcome: Outcome<T>) {
        let mut joint = self.0.lock();
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

impl<T> Join<T> {
    fn try_join(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let waker = cx.waker().clone();
        let mut joint = self.cell.0.lock();
        let displaced = match &mut *joint {
            Joint::Running(waiting) => waiting.replace(waker),
            _ => match std::mem::replace(&mut *joint, Joint::Over) {
                Joint::Done(outcome) => return Poll::Ready(outcome.into_result()),
                _ => panic!("a join handle was polled after it gave its output"),
            },
        };
        drop(joint);
        drop(displaced);
        Poll::Pending
    }
}

impl<T: Send> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.task.sim.upgrade() {
            Some(sim) => sim.leaf(cx, |cx| self.try_join(cx)),
            None => self.try_join(cx),
        }
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {
        self.task.slot.lock().is_aborted = true;
        self.task.schedule();
    }
    fn is_finished(&self) -> bool {
        !matches!(*self.cell.0.lock(), Joint::Running(_))
    }
    fn id(&self) -> TaskId {
        TaskId::from_u64(self.task.id)
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut *self.cell.0.lock(), Joint::Over);
        drop(left);
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Join").field(&self.task.id).finish()
    }
}
