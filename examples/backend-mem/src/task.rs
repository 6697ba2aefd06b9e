//! One task: its future, its place in the queue, and its join handle, [`Join`].
//!
//! Knows of the executor only that it has a list of tasks and a queue of those to be polled.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use anyrt_api::current::{self, Root};
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_kit::task::{Joint, live};

use crate::executor::{Sim, State};

/// What can be polled.
pub(crate) struct Task {
    pub(crate) meta: TaskMeta,
    pub(crate) body: Body,
    waker: Waker,
    /// It is in the queue, or, while it runs, will be after its poll.
    pub(crate) is_queued: bool,
    is_aborted: bool,
}

pub(crate) enum Body {
    /// A task's future, between its polls.
    Idle(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// It is being polled, or dropped.
    Running,
    /// The future of a `block_on`, which stays with the thread that polls it.
    Root,
}

/// Starts a task; on a runtime that was shut down, one that is cancelled.
pub(crate) fn spawn<F>(sim: &Arc<Sim>, future: F, meta: TaskMeta) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    // Boxed before it is moved about: it may be large (`L032`).
    let (live, joint) = live(Box::pin(future), meta.name.clone());
    let body = Body::Idle(Box::pin(Root::new(live)));
    let place = enter(sim, meta, body);
    Join { place, joint }
}

/// Gives a task its place, and its first turn.
pub(crate) fn enter(sim: &Arc<Sim>, meta: TaskMeta, body: Body) -> Arc<Place> {
    let mut state = sim.lock();
    let id = state.new_id();
    let place = Arc::new(Place(id, sim.clone()));
    if state.closed {
        drop(state);
        current::enter(sim.erased(), || drop(body));
        return place;
    }
    let task = Task {
        meta,
        body,
        waker: Waker::from(place.clone()),
        is_queued: false,
        is_aborted: false,
    };
    state.tasks.insert(id, task);
    drop(state);
    place.schedule(false);
    place
}

/// Polls a task once, or drops it if it was aborted.
pub(crate) fn run(sim: &Arc<Sim>, id: u64) {
    let mut state = sim.lock();
    let Some(task) = state.tasks.get_mut(&id) else {
        return;
    };
    let Body::Idle(mut body) = mem::replace(&mut task.body, Body::Running) else {
        panic!("a task runs once at a time, and a root elsewhere");
    };
    let (is_aborted, waker) = (task.is_aborted, task.waker.clone());
    drop(state);
    let mut cx = Context::from_waker(&waker);
    let is_over = is_aborted || body.as_mut().poll(&mut cx).is_ready();
    let mut state = sim.lock();
    let closed = state.closed;
    let State { tasks, ready, .. } = &mut *state;
    let task = tasks.get_mut(&id).expect("a task stays while it runs");
    if is_over || task.is_aborted || closed {
        drop(state);
        drop(body);
        state = sim.lock();
        state.tasks.remove(&id);
    } else {
        task.body = Body::Idle(body);
        ready.extend(task.is_queued.then_some(id));
    }
    sim.tell(state);
}

impl Task {
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.body, Body::Root)
    }
}

/// Where a task is found, its number in its world: what its wakers and its join handle have of it.
#[derive(Debug)]
pub(crate) struct Place(pub(crate) u64, Arc<Sim>);

impl Place {
    /// Puts the task into the queue, unless it is there; if it runs, once it has run.
    fn schedule(&self, aborts: bool) {
        let mut state = self.1.lock();
        let State { tasks, ready, .. } = &mut *state;
        if let Some(task) = tasks.get_mut(&self.0) {
            task.is_aborted |= aborts;
            let was_queued = mem::replace(&mut task.is_queued, true);
            let waits = !was_queued && !matches!(task.body, Body::Running);
            ready.extend(waits.then_some(self.0));
        }
        self.1.tell(state);
    }
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.schedule(false);
    }
}

/// A join handle of a [`Mem`](crate::Mem) runtime.
#[derive(Debug)]
pub struct Join<T> {
    place: Arc<Place>,
    joint: Joint<T>,
}

impl<T: Send> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Join { place, joint } = &mut *self;
        place.1.leaf(cx, |cx| Pin::new(&mut *joint).poll(cx))
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {
        self.place.schedule(true);
    }
    fn is_finished(&self) -> bool {
        self.joint.is_finished()
    }
    fn id(&self) -> TaskId {
        TaskId::from_u64(self.place.0)
    }
}
