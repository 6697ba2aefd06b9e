//! One task: its future, its place in the queue, and its join handle, [`Join`].
//!
//! Knows of the executor only that it has a list of tasks and a queue of those to be polled.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use anyrt_api::current::Root;
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_kit::task::{Catch, Outcome};

use crate::executor::{Sim, State};
use crate::lock::Lock;

/// A task, or a blocking closure, which is a task that ends in its first poll.
pub(crate) struct Task {
    pub(crate) meta: TaskMeta,
    is_blocking: bool,
    waker: Waker,
    /// Its future, unless it runs.
    body: Option<Body>,
    /// It is in the queue, or, while it runs, will be after its poll.
    is_queued: bool,
    is_aborted: bool,
}

type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

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
    let body = Box::pin(live(body, Deliver(cell.clone(), meta.clone())));
    let mut state = sim.lock();
    state.last_id += 1;
    let id = state.last_id;
    let sim = Arc::downgrade(sim);
    let place = Arc::new(Place { id, sim });
    if state.closed {
        drop(state);
        drop(body);
        return Join { place, cell };
    }
    let task = Task {
        meta,
        is_blocking,
        waker: Waker::from(place.clone()),
        body: Some(body),
        is_queued: false,
        is_aborted: false,
    };
    state.tasks.insert(id, task);
    drop(state);
    place.schedule(false);
    Join { place, cell }
}

/// A task's whole life: its future runs and is dropped, and then its outcome is delivered.
async fn live<F: Future>(future: Root<Catch<F>>, deliver: Deliver<F::Output>) {
    let outcome = future.await;
    deliver.0.give(outcome);
}

/// Polls a task once, or drops it if it was aborted.
pub(crate) fn run(sim: &Arc<Sim>, id: u64) {
    let mut state = sim.lock();
    let Some(task) = state.tasks.get_mut(&id) else {
        return;
    };
    let mut body = task.body.take().expect("no task runs twice at once");
    task.is_queued = false;
    let (is_aborted, is_blocking) = (task.is_aborted, task.is_blocking);
    let waker = task.waker.clone();
    drop(state);
    let mut cx = Context::from_waker(&waker);
    let mut poll = || is_aborted || body.as_mut().poll(&mut cx).is_ready();
    let is_over = match is_blocking {
        true => sim.put_down(poll),
        false => poll(),
    };
    let mut state = sim.lock();
    let State {
        tasks,
        ready,
        closed,
        ..
    } = &mut *state;
    let task = tasks.get_mut(&id).expect("a task stays while it runs");
    if is_over || task.is_aborted || *closed {
        drop(state);
        drop(body);
        state = sim.lock();
        state.tasks.remove(&id);
    } else {
        task.body = Some(body);
        ready.extend(task.is_queued.then_some(id));
    }
    sim.tell(state);
}

impl Task {
    pub(crate) fn is_running(&self) -> bool {
        self.body.is_none()
    }
}

/// Where a task is found: what its wakers and its join handle have of it.
struct Place {
    id: u64,
    sim: Weak<Sim>,
}

impl Place {
    /// Puts the task into the queue, unless it is there; if it runs, once it has run.
    fn schedule(&self, aborts: bool) {
        let Some(sim) = self.sim.upgrade() else {
            return;
        };
        let mut state = sim.lock();
        let State { tasks, ready, .. } = &mut *state;
        if let Some(task) = tasks.get_mut(&self.id) {
            task.is_aborted |= aborts;
            let was_queued = std::mem::replace(&mut task.is_queued, true);
            let is_idle = !was_queued && !task.is_running();
            ready.extend(is_idle.then_some(self.id));
        }
        sim.tell(state);
    }
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.schedule(false);
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
    place: Arc<Place>,
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
        match self.place.sim.upgrade() {
            Some(sim) => sim.leaf(cx, |cx| self.try_join(cx)),
            None => self.try_join(cx),
        }
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {
        self.place.schedule(true);
    }
    fn is_finished(&self) -> bool {
        !matches!(*self.cell.0.lock(), Joint::Running(_))
    }
    fn id(&self) -> TaskId {
        TaskId::from_u64(self.place.id)
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
        f.debug_tuple("Join").field(&self.place.id).finish()
    }
}
