//! The memory of a task: one allocation that holds its word, its future and then its output.
//!
//! It knows nothing of queues, threads or runtimes: it is given a [`Schedule`] and calls it. Only
//! `task/mod.rs` calls it.
//!
//! # Safety argument
//!
//! The cell is owned by an `Arc`, so it lives as long as any queue, waker, registry or join handle
//! refers to it, and its address never changes. `stage` is the one field without a lock of its own.
//! Who may touch it:
//!
//! 1. While `RUNNING` is set, the thread that set it, and nobody else. `State::start` and
//!    `State::claim` set the bit only where it and `COMPLETE` are clear, so two threads cannot both
//!    have set it.
//! 2. When `COMPLETE` is set, the join handle if `State::complete` said so or `State::forget` did,
//!    else the thread that completed. `COMPLETE` is never cleared. The handle is one object that is
//!    used through `&mut` or dropped, so it is one thread at a time.
//! 3. In all other states nobody.
//!
//! A future is pinned where it lies: nothing moves a `Stage::Future` out of the cell, it is dropped
//! in place by overwriting the stage. Each change of hands is a Release and an Acquire of the word.

#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, atomic::AtomicU64},
    task::{Context, Poll, Wake, Waker},
};

use anyrt_api::task::JoinError;

use super::{
    Runnable, Schedule,
    state::{Pause, Start, State},
};
use crate::{
    sync::{Mutex, lock},
    wake::{quietly, wake},
};

/// What a queue and a registry see of a task.
pub(super) trait Task: Send + Sync {
    fn run(self: Arc<Self>);
    fn cancel(self: Arc<Self>, cause: Option<io::Error>);
    fn tag(&self) -> &AtomicU64;
}

/// What a join handle sees of a task.
trait Joined<T>: Send + Sync {
    fn abort(self: Arc<Self>);
    fn is_complete(&self) -> bool;

    /// The output, once; then it panics.
    ///
    /// # Safety
    ///
    /// - The caller is the join handle, it has not called [`forget`](Joined::forget), and no other
    ///   call of this method runs.
    unsafe fn poll_output(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>>;

    /// Gives up the output.
    ///
    /// # Safety
    ///
    /// - As for [`poll_output`](Joined::poll_output); it is the handle's last call.
    unsafe fn forget(&self);
}

/// The join handle of a task: a future of its output. Dropping it detaches the task.
#[must_use = "dropping a join handle detaches the task; write `drop` to say so"]
pub(crate) struct Join<T>(Arc<dyn Joined<T>>);

impl<T> Join<T> {
    /// The handle of a task; there is one, made with it.
    pub(super) fn new<F, S>(cell: Arc<Cell<F, S>>) -> Self
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
        S: Schedule,
    {
        Self(cell)
    }

    /// Asks for the task to be cancelled. Idempotent; does nothing once the task has ended.
    pub(crate) fn abort(&self) {
        Arc::clone(&self.0).abort();
    }

    /// True once the task's future was dropped.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_complete()
    }

    /// Names the task among those that exist: its address.
    pub(crate) fn id(&self) -> u64 {
        Arc::as_ptr(&self.0).addr() as u64
    }
}

impl<T> Future for Join<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: this is the handle, it is not dropped yet, and it is borrowed mutably.
        unsafe { self.0.poll_output(cx) }
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        // SAFETY: this is the handle, borrowed mutably, and nothing is called after its drop.
        unsafe { self.0.forget() };
    }
}

pub(super) struct Cell<F: Future, S> {
    state: State,
    /// A number for whoever spawned the task; the cell itself does not read it.
    tag: AtomicU64,
    joiner: Mutex<Option<Waker>>,
    schedule: S,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Output(Result<F::Output, JoinError>),
    Taken,
}

// SAFETY: rules 1 to 3: the stage is used by one thread at a time, and what is in it may go to any
// thread (`F: Send`, `F::Output: Send`). The other fields are `Sync` by themselves.
unsafe impl<F, S> Sync for Cell<F, S>
where
    F: Future<Output: Send> + Send,
    S: Sync,
{
}

impl<F, S> Cell<F, S>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    pub(super) fn new(future: F, schedule: S) -> Arc<Self> {
        Arc::new(Self {
            state: State::new(),
            tag: AtomicU64::new(0),
            joiner: Mutex::new(None),
            schedule,
            stage: UnsafeCell::new(Stage::Future(future)),
        })
    }

    /// Polls the future; a panic is its output.
    ///
    /// # Safety
    ///
    /// - `RUNNING` was set by this thread.
    unsafe fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        let poll = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: rule 1, by this function's contract.
            match unsafe { &mut *self.stage.get() } {
                // SAFETY: the future stays where it is until the stage is overwritten.
                Stage::Future(future) => unsafe { Pin::new_unchecked(future) }.poll(cx),
                _ => unreachable!("a task that is not complete holds its future"),
            }
        }));
        match poll {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(JoinError::panicked(payload))),
        }
    }

    /// Drops the future, writes the output in its place and tells the joiner.
    ///
    /// # Safety
    ///
    /// - `RUNNING` was set by this thread, which takes no further part in this task.
    unsafe fn complete(&self, output: Result<F::Output, JoinError>) {
        // SAFETY: rule 1, by this function's contract.
        let stage = unsafe { &mut *self.stage.get() };
        let panic = catch_unwind(AssertUnwindSafe(|| *stage = Stage::Taken)).err();
        let output = match (output, panic) {
            (output @ Ok(_), Some(payload)) => {
                quietly(|| drop(output));
                Err(JoinError::panicked(payload))
            }
            // The first word counts: the panic of the poll, or that it was cancelled.
            (output @ Err(_), Some(payload)) => {
                quietly(|| drop(payload));
                output
            }
            (output, None) => output,
        };
        *stage = Stage::Output(output);
        self.schedule.finished(&self.tag);
        if self.state.complete() {
            let joiner = lock(&self.joiner).take();
            joiner.into_iter().for_each(wake);
        } else {
            // SAFETY: rule 2: there is no handle, and this thread completed.
            unsafe { self.drop_output() };
        }
    }

    /// # Safety
    ///
    /// - The output belongs to the caller, by rule 2.
    unsafe fn drop_output(&self) {
        // SAFETY: rule 2, by this function's contract.
        let stage = unsafe { &mut *self.stage.get() };
        quietly(|| *stage = Stage::Taken);
    }
}

impl<F, S> Task for Cell<F, S>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    fn run(self: Arc<Self>) {
        match self.state.start() {
            Start::Stale => return,
            // SAFETY: `start` gave us `RUNNING`.
            Start::Cancel => return unsafe { self.complete(Err(JoinError::cancelled())) },
            Start::Poll => {}
        }
        let waker = Waker::from(Arc::clone(&self));
        // SAFETY: `start` gave us `RUNNING`.
        match unsafe { self.poll(&mut Context::from_waker(&waker)) } {
            // SAFETY: `RUNNING` is still ours.
            Poll::Ready(output) => unsafe { self.complete(output) },
            Poll::Pending => match self.state.pause() {
                Pause::Idle => {}
                Pause::Again => {
                    let schedule = self.schedule;
                    schedule.schedule(Runnable(self));
                }
                // SAFETY: `pause` left us `RUNNING`.
                Pause::Cancel => unsafe { self.complete(Err(JoinError::cancelled())) },
            },
        }
    }

    fn cancel(self: Arc<Self>, cause: Option<io::Error>) {
        if self.state.claim() {
            let error = cause.map_or_else(JoinError::cancelled, JoinError::not_started);
            // SAFETY: `claim` gave us `RUNNING`.
            unsafe { self.complete(Err(error)) };
        }
    }

    fn tag(&self) -> &AtomicU64 {
        &self.tag
    }
}

impl<F, S> Joined<F::Output> for Cell<F, S>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    fn abort(self: Arc<Self>) {
        if self.state.abort() {
            let schedule = self.schedule;
            schedule.schedule(Runnable(self));
        }
    }

    fn is_complete(&self) -> bool {
        self.state.is_complete()
    }

    unsafe fn poll_output(&self, cx: &mut Context<'_>) -> Poll<Result<F::Output, JoinError>> {
        if !self.state.is_complete() {
            let waker = cx.waker().clone();
            let displaced = lock(&self.joiner).replace(waker);
            drop(displaced);
            // Completion sets its bit and then takes the joiner, so one of us sees the other.
            if !self.state.is_complete() {
                return Poll::Pending;
            }
            let needless = lock(&self.joiner).take();
            drop(needless);
        }
        // SAFETY: rule 2: complete, and the caller is the handle that is still joinable.
        let stage = unsafe { &mut *self.stage.get() };
        match mem::replace(stage, Stage::Taken) {
            Stage::Output(output) => Poll::Ready(output),
            _ => panic!("a join handle was polled after it had given its output"),
        }
    }

    unsafe fn forget(&self) {
        let joiner = lock(&self.joiner).take();
        drop(joiner);
        if self.state.forget() {
            // SAFETY: rule 2: complete, and the caller is the handle.
            unsafe { self.drop_output() };
        }
    }
}

impl<F, S> Wake for Cell<F, S>
where
    F: Future<Output: Send + 'static> + Send + 'static,
    S: Schedule,
{
    fn wake(self: Arc<Self>) {
        if self.state.wake() {
            let schedule = self.schedule;
            schedule.schedule(Runnable(self));
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.wake() {
            self.schedule.schedule(Runnable(self.clone()));
        }
    }
}
