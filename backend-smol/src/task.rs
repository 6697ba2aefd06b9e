//! Tasks and blocking calls: async-executor's and the kit's, with our wrapper around the user's
//! code.
//!
//! Knows nothing of sockets or timers. The door calls [`spawn`], [`spawn_blocking`] and
//! [`block_in_place`].

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use anyrt_api::current::{self, Root};
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_kit::blocking;
use anyrt_kit::lock::Lock;
use anyrt_kit::task::{Call, Catch, Joint, Name};
use async_executor::FallibleTask;
use pin_project_lite::pin_project;

use crate::Smol;
use crate::abort::{Aborts, Badge, Slip};
use crate::home::Home;
use crate::worker::Spare;

/// A future larger than this is boxed before it is moved about, so that it cannot overflow the
/// stack of its spawner (`L032`).
const INLINE_MAX: usize = 16 * 1024;

/// The join handle of a task, or of a blocking call, on smol.
pub struct Join<T> {
    state: Lock<State<T>>,
    home: Arc<Home>,
    id: u64,
    name: Name,
    /// Chosen where `T` is known to be `'static`.
    claim: fn(&Aborts, u64) -> Joint<T>,
    /// async-task may have the joiner's waker.
    has_joiner: bool,
}

enum State<T> {
    Live(FallibleTask<Slip<T>>),
    Aborted(Joint<T>),
    Call(blocking::Join<T>),
    /// The runtime is that of another process: the reason.
    NotStarted(Option<io::Error>),
    /// It was joined, or never started.
    Ended,
}

/// Starts a task: one allocation, async-task's own.
pub(crate) fn spawn<F>(rt: &Smol, future: F, meta: TaskMeta) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    if const { size_of::<F>() > INLINE_MAX } {
        return spawn_sized(rt, Box::pin(future), meta);
    }
    spawn_sized(rt, future, meta)
}

fn spawn_sized<F>(rt: &Smol, future: F, meta: TaskMeta) -> Join<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let (home, name) = (&rt.home, meta.name);
    let id = home.next_id();
    let main = Main {
        future: Some(Catch::new(future, name.clone())),
        badge: Some(Badge::new(&home.aborts, id)),
    };
    // Every thread that polls or drops it is inside `drive`, or enters the runtime.
    if let Some(forked) = home.forked() {
        current::enter(rt.any(), || drop(main));
        return Join::new(home, State::NotStarted(Some(forked)), id, name);
    }
    let state = match home.tasks() {
        Some(tasks) => State::Live(tasks.executor().spawn(Root::new(main)).fallible()),
        None => {
            current::enter(rt.any(), || drop(main));
            State::Ended
        }
    };
    Join::new(home, state, id, name)
}

/// Runs a closure on the pool of this runtime.
pub(crate) fn spawn_blocking<F, T>(rt: &Smol, f: F, meta: TaskMeta) -> Join<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let home = &rt.home;
    let call = Call::entering(rt.any(), f, None);
    let call = match home.forked() {
        Some(forked) => home.pool.refuse(call, forked),
        None => home.pool.spawn(call),
    };
    let id = call.id();
    Join::new(home, State::Call(call), id, meta.name)
}

/// Runs `f` in place. If this thread runs tasks of this runtime, another does so meanwhile.
pub(crate) fn block_in_place<F: FnOnce() -> T, T>(rt: &Smol, f: F) -> T {
    let _spare = rt.home.is_driven_here().then(|| Spare::start(&rt.home));
    current::undriven(f)
}

impl<T: Send + 'static> Join<T> {
    fn new(home: &Arc<Home>, state: State<T>, id: u64, name: Name) -> Self {
        Join {
            state: Lock::new(state),
            home: Arc::clone(home),
            id,
            name,
            claim: Aborts::claim,
            has_joiner: false,
        }
    }
}

impl<T: Send> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let state = this.state.get_mut();
        this.has_joiner = true;
        let result = match state {
            State::Live(task) => match ready!(Pin::new(task).poll(cx)) {
                Some(slip) => slip.into_result(),
                None => Err(JoinError::cancelled().of_task(this.name.take())),
            },
            State::Aborted(claim) => {
                let result = ready!(Pin::new(claim).poll(cx));
                result.map_err(|error| error.of_task(this.name.take()))
            }
            State::Call(call) => {
                let result = ready!(Pin::new(call).poll(cx));
                result.map_err(|error| error.of_task(this.name.take()))
            }
            State::NotStarted(cause) => {
                let cause = cause.take().expect("a join that ended is not polled again");
                Err(JoinError::not_started(cause).of_task(this.name.take()))
            }
            State::Ended => Err(JoinError::cancelled().of_task(this.name.take())),
        };
        *state = State::Ended;
        Poll::Ready(result)
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {
        let mut state = self.state.lock();
        let task = match &*state {
            State::Live(task) => task,
            State::Call(call) => return call.abort(),
            State::Aborted(_) | State::NotStarted(_) | State::Ended => return,
        };
        if task.is_finished() {
            return;
        }
        let claim = (self.claim)(&self.home.aborts, self.id);
        // It may have ended just now. If nothing was delivered to the claim, and nothing will be
        // once it is taken back, the task itself has the outcome still.
        if task.is_finished() && self.home.aborts.unclaim(self.id) {
            return;
        }
        let live = mem::replace(&mut *state, State::Aborted(claim));
        drop(state);
        // Dropping the handle cancels the task. If it has ended, this drops its output, which goes
        // to the claim.
        drop(live);
    }

    fn is_finished(&self) -> bool {
        match &*self.state.lock() {
            State::Live(task) => task.is_finished() && !self.home.is_draining(),
            State::Aborted(claim) => claim.is_finished(),
            State::Call(call) => call.is_finished(),
            State::NotStarted(_) | State::Ended => true,
        }
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(self.id)
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        let State::Live(mut task) = mem::replace(state, State::Ended) else {
            return;
        };
        // async-task keeps the joiner's waker when it is detached: give it another (`L009`).
        let mut nobody = Context::from_waker(Waker::noop());
        if self.has_joiner && Pin::new(&mut task).poll(&mut nobody).is_ready() {
            return;
        }
        task.detach();
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// A task's future with its badge.
    struct Main<F: Future>
    where
        F::Output: Send,
        F::Output: 'static,
    {
        // `None` once dropped.
        #[pin]
        future: Option<Catch<F>>,
        // `None` once it went on with the output.
        badge: Option<Badge<F::Output>>,
    }

    impl<F: Future> PinnedDrop for Main<F>
    where
        F::Output: Send,
        F::Output: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.future.set(None);
            if let Some(badge) = this.badge.take() {
                badge.cancelled();
            }
        }
    }
}

impl<F: Future<Output: Send + 'static>> Future for Main<F> {
    type Output = Slip<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut();
        let outcome = ready!(future.expect("it is there until the drop").poll(cx));
        Poll::Ready(Slip::new(outcome, this.badge.take()))
    }
}
