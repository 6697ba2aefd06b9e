//! Tasks, blocking closures and their handles. Futures are boxed and outputs erased, so that a hook
//! needs no type parameter.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_api::{AnyRuntime, Spawn};
use anyrt_native::NativeJoin;
use pin_project_lite::pin_project;

use super::{Notes, Sick};

/// What a task or a closure leaves.
pub(crate) type Output = Box<dyn Any + Send>;

/// What comes of it: a mutant may end a task without an output.
pub(crate) type Answer = Result<Output, JoinError>;

/// A task's future.
pub(crate) type Job = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A blocking closure.
pub(crate) type Call = Box<dyn FnOnce() -> Answer + Send>;

impl Sick {
    /// Starts a task.
    pub(crate) fn start(&self, job: Job, meta: TaskMeta) -> Handle {
        self.start_noted(job, meta, Arc::default())
    }

    /// The same with notes that were made before.
    pub(crate) fn start_noted(&self, job: Job, meta: TaskMeta, notes: Arc<Notes>) -> Handle {
        let task = Task {
            job: Some(job),
            home: AnyRuntime::new(self.clone()),
            rt: self.clone(),
            notes: notes.clone(),
        };
        Handle {
            raw: self.native.spawn_raw(task, meta),
            rt: self.clone(),
            notes,
            kind: Kind::Task,
        }
    }

    /// Hands a closure to the pool.
    pub(crate) fn start_call(&self, call: Call, meta: TaskMeta) -> Handle {
        let rt = self.clone();
        let run = move || rt.mutant().run_call(&rt, call);
        Handle {
            raw: self.native.spawn_blocking_raw(run, meta),
            rt: self.clone(),
            notes: Arc::default(),
            kind: Kind::Closure,
        }
    }

    /// The handle of a task that could not be started.
    pub(crate) fn refuse(&self) -> Handle {
        let refused = async { Err(JoinError::cancelled()) };
        let notes = Arc::default();
        Handle {
            raw: self.native.spawn_raw(refused, TaskMeta::new()),
            rt: self.clone(),
            notes,
            kind: Kind::Task,
        }
    }

    /// Makes this the current runtime while `f` runs.
    pub(crate) fn inside<T>(&self, f: impl FnOnce() -> T) -> T {
        AnyRuntime::new(self.clone()).enter(f)
    }
}

impl Spawn for Sick {
    type RawJoin<T: Send> = Join<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let job = Box::pin(Erased { future });
        Join::new(self.mutant().spawn(self, job, meta))
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let call = Box::new(move || Ok(Box::new(f()) as Output));
        Join::new(self.mutant().spawn_blocking(self, call, meta))
    }

    #[track_caller]
    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        let (mut f, mut out) = (Some(f), None);
        let mut run = || out = f.take().map(|f| f());
        self.mutant().block_in_place(self, &mut run);
        out.expect("the closure runs once")
    }
}

pin_project! {
    /// A future whose output is erased. It is dropped with this, not when it is ready.
    struct Erased<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output: Send + 'static>> Future for Erased<F> {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let polled = self.project().future.poll(cx);
        polled.map(|output| Ok(Box::new(output) as Output))
    }
}

/// The future that the native runtime runs.
pub(crate) struct Task {
    /// `None` once it is over.
    pub(crate) job: Option<Job>,
    /// What is entered around its polls and its drop.
    pub(crate) home: AnyRuntime,
    pub(crate) rt: Sick,
    /// Shared with its handle.
    pub(crate) notes: Arc<Notes>,
}

impl Task {
    /// Polls the job, which is dropped when it is over.
    pub(crate) fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        let Task { job, home, .. } = self;
        home.enter(|| {
            let running = job.as_mut().expect("a task that is over is not polled");
            let polled = running.as_mut().poll(cx);
            if polled.is_ready() {
                *job = None;
            }
            polled
        })
    }

    /// Drops the job.
    pub(crate) fn drop_job(&mut self) {
        let job = self.job.take();
        self.home.enter(|| drop(job));
    }
}

impl Future for Task {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let mutant = self.rt.mutant();
        mutant.poll_task(&mut self, cx)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.job.is_some() {
            self.rt.mutant().drop_task(self);
        }
    }
}

/// What a handle is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Task,
    Closure,
}

/// A handle whose output is erased.
pub(crate) struct Handle {
    raw: NativeJoin<Answer>,
    pub(crate) rt: Sick,
    /// Shared with its task.
    pub(crate) notes: Arc<Notes>,
    pub(crate) kind: Kind,
}

impl Handle {
    /// Polls the native handle.
    pub(crate) fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        let joined = Pin::new(&mut self.raw).poll(cx);
        joined.map(|answer| answer.and_then(|answer| answer))
    }

    /// Aborts by the native handle.
    pub(crate) fn abort_raw(&self) {
        self.raw.abort();
    }

    /// What the native handle says.
    pub(crate) fn is_finished_raw(&self) -> bool {
        self.raw.is_finished()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.rt.mutant().join_dropped(self);
    }
}

/// The handle as the contract has it.
pub(crate) struct Join<T> {
    handle: Handle,
    // Chosen where `T` is known to be `'static`.
    take: fn(Output) -> T,
}

impl<T: 'static> Join<T> {
    fn new(handle: Handle) -> Self {
        let take = |output: Output| match output.downcast() {
            Ok(output) => *output,
            Err(_) => panic!("the output of another task"),
        };
        Join { handle, take }
    }
}

impl<T: Send> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mutant, take) = (self.handle.rt.mutant(), self.take);
        let answer = mutant.poll_join(&mut self.handle, cx);
        answer.map(|answer| answer.map(take))
    }
}

impl<T: Send> RawJoin<T> for Join<T> {
    fn abort(&self) {
        self.handle.rt.mutant().abort(&self.handle);
    }

    fn is_finished(&self) -> bool {
        self.handle.rt.mutant().is_finished(&self.handle)
    }

    fn id(&self) -> TaskId {
        self.handle.raw.id()
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").finish_non_exhaustive()
    }
}
