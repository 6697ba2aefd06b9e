//! Erased tasks: [`AnyJoin`]. The box that carries the future to the backend carries the output
//! back, so a spawn costs two boxes: that one, and the backend's handle. Where the backend takes
//! the future to memory of its own (`placed.rs`), it costs neither.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::placed::{PlacedJoin, Unplaced};
use super::{AnyRuntime, Erasing};
use crate::Core;
use crate::task::{JoinError, RawJoin, Spawn, TaskId, TaskMeta};

/// A join handle of any backend.
pub struct AnyJoin<T> {
    handle: Handle,
    // Chosen where `T` is known to be `'static`: the handle itself does not ask that of it.
    poll: fn(&mut Handle, &mut Context<'_>) -> Poll<Result<T, JoinError>>,
}

enum Handle {
    Boxed(Box<dyn ErasedJoin>),
    Placed(PlacedJoin),
}

impl<T: Send + 'static> AnyJoin<T> {
    /// Erases a backend's handle.
    pub(crate) fn new(raw: impl RawJoin<T> + 'static) -> Self {
        AnyJoin::boxed(Box::new(Lifted {
            raw,
            _output: PhantomData,
        }))
    }

    fn boxed(join: Box<dyn ErasedJoin>) -> Self {
        AnyJoin {
            handle: Handle::Boxed(join),
            poll: Handle::poll,
        }
    }

    #[inline]
    fn placed(join: PlacedJoin) -> Self {
        AnyJoin {
            handle: Handle::Placed(join),
            poll: Handle::poll,
        }
    }
}

impl Handle {
    fn poll<T: 'static>(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        match self {
            Handle::Boxed(join) => Poll::Ready(ready!(join.poll_join(cx)).map(Carried::take)),
            Handle::Placed(join) => {
                let mut output = None;
                let done = ready!(join.poll_join(cx, &mut output));
                Poll::Ready(done.map(|()| output.expect(CARRIED)))
            }
        }
    }

    fn id(&self) -> TaskId {
        match self {
            Handle::Boxed(join) => join.id(),
            Handle::Placed(join) => join.id(),
        }
    }
}

/// Why there is an output, and of the right type.
const CARRIED: &str = "a finished task carries the output of the type it was spawned with";

impl<T> fmt::Debug for AnyJoin<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyJoin")
            .field("id", &self.handle.id())
            .finish_non_exhaustive()
    }
}

impl<T: Send> Future for AnyJoin<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        (self.poll)(&mut self.handle, cx)
    }
}

impl<T: Send> RawJoin<T> for AnyJoin<T> {
    fn abort(&self) {
        match &self.handle {
            Handle::Boxed(join) => join.abort(),
            Handle::Placed(join) => join.abort(),
        }
    }

    fn is_finished(&self) -> bool {
        match &self.handle {
            Handle::Boxed(join) => join.is_finished(),
            Handle::Placed(join) => join.is_finished(),
        }
    }

    fn id(&self) -> TaskId {
        self.handle.id()
    }
}

impl Spawn for AnyRuntime {
    type RawJoin<T: Send> = AnyJoin<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> AnyJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // The job drops its future in place, for which an unoptimised build takes as much stack.
        if const { size_of::<F>() > INLINE_MAX } {
            return self.spawn_job(Box::pin(future), meta);
        }
        self.spawn_job(future, meta)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> AnyJoin<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let call = Box::new(Call {
            f: Some(f),
            output: None,
        });
        AnyJoin::boxed(self.erased.spawn_blocking_call(call, meta))
    }

    #[track_caller]
    fn block_in_place<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T,
    {
        let mut f = Some(f);
        let mut out = None;
        self.erased
            .block_in_place(&mut || out = f.take().map(|f| f()));
        out.expect("a backend runs the closure of block_in_place once")
    }
}

/// A future larger than this has a box of its own (`L032`).
const INLINE_MAX: usize = 16 * 1024;

impl AnyRuntime {
    fn spawn_job<F>(&self, future: F, meta: TaskMeta) -> AnyJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        match self.erased.placed() {
            Some(rt) => AnyJoin::placed(Unplaced::spawn(rt, future, meta)),
            None => {
                let job = Box::pin(Job::new(future));
                AnyJoin::boxed(self.erased.spawn_job(job, meta))
            }
        }
    }
}

/// What an erased runtime does for tasks.
pub(super) trait ErasedSpawn {
    fn spawn_job(&self, job: BoxJob, meta: TaskMeta) -> Box<dyn ErasedJoin>;
    fn spawn_blocking_call(&self, call: BoxCall, meta: TaskMeta) -> Box<dyn ErasedJoin>;
    #[track_caller]
    fn block_in_place(&self, f: &mut dyn FnMut());
}

impl<R: Core> ErasedSpawn for Erasing<R> {
    fn spawn_job(&self, job: BoxJob, meta: TaskMeta) -> Box<dyn ErasedJoin> {
        Box::new(self.rt.spawn_raw(Carrier { job: Some(job) }, meta))
    }

    fn spawn_blocking_call(&self, mut call: BoxCall, meta: TaskMeta) -> Box<dyn ErasedJoin> {
        let run = move || {
            call.run();
            Carried::Call(call)
        };
        Box::new(self.rt.spawn_blocking_raw(run, meta))
    }

    #[track_caller]
    fn block_in_place(&self, f: &mut dyn FnMut()) {
        self.rt.block_in_place(f);
    }
}

/// A backend's join handle for a [`Carried`] output.
pub(super) trait ErasedJoin: Send + Sync {
    fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Result<Carried, JoinError>>;
    fn abort(&self);
    fn is_finished(&self) -> bool;
    fn id(&self) -> TaskId;
}

impl<J: RawJoin<Carried> + 'static> ErasedJoin for J {
    fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Result<Carried, JoinError>> {
        Pin::new(self).poll(cx)
    }

    fn abort(&self) {
        RawJoin::abort(self);
    }

    fn is_finished(&self) -> bool {
        RawJoin::is_finished(self)
    }

    fn id(&self) -> TaskId {
        RawJoin::id(self)
    }
}

/// A handle on a task that was spawned in the generic form.
struct Lifted<J, T> {
    raw: J,
    _output: PhantomData<fn() -> T>,
}

impl<J: RawJoin<T> + 'static, T: Send + 'static> ErasedJoin for Lifted<J, T> {
    fn poll_join(&mut self, cx: &mut Context<'_>) -> Poll<Result<Carried, JoinError>> {
        let output = ready!(Pin::new(&mut self.raw).poll(cx));
        Poll::Ready(output.map(|output| Carried::Lifted(Box::new(Some(output)))))
    }

    fn abort(&self) {
        self.raw.abort();
    }

    fn is_finished(&self) -> bool {
        self.raw.is_finished()
    }

    fn id(&self) -> TaskId {
        self.raw.id()
    }
}

/// The box that went in, with the output in it.
pub(super) enum Carried {
    Job(BoxJob),
    Call(BoxCall),
    /// An `Option` of the output of a task that was erased after it was spawned.
    Lifted(Box<dyn Any + Send>),
}

impl Carried {
    fn take<T: 'static>(mut self) -> T {
        let mut output = None;
        match &mut self {
            Carried::Job(job) => job.as_mut().give(&mut output),
            Carried::Call(call) => call.give(&mut output),
            Carried::Lifted(lifted) => {
                let lifted = lifted.downcast_mut::<Option<T>>();
                output = lifted.and_then(Option::take);
            }
        }
        output.expect(CARRIED)
    }
}

pub(super) type BoxJob = Pin<Box<dyn ErasedJob>>;

/// A future that keeps its output beside it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an erased future with its output",
    note = "`Unplaced::spawn` makes it, and nobody else"
)]
pub trait ErasedJob: Send {
    /// Ready once the future has been dropped and the output stands. Not to be called after that,
    /// nor after a panic.
    fn poll_job(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// Drops the future and the output, as far as they are there.
    fn clear(self: Pin<&mut Self>);
    /// Moves the output into `place`, an `Option` of it that is empty.
    fn give(self: Pin<&mut Self>, place: &mut dyn Any);
    /// As [`Unplaced::moved_to`](super::Unplaced::moved_to).
    fn moved_to(&mut self, memory: NonNull<u8>) -> NonNull<dyn ErasedJob>;
}

pin_project! {
    pub(super) struct Job<F: Future> {
        #[pin]
        future: Option<F>,
        output: Option<F::Output>,
    }
}

impl<F: Future> Job<F> {
    #[inline]
    pub(super) fn new(future: F) -> Self {
        Job {
            future: Some(future),
            output: None,
        }
    }
}

impl<F: Future<Output: Send + 'static> + Send + 'static> ErasedJob for Job<F> {
    fn poll_job(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let future = this.future.as_mut().as_pin_mut();
        let output = ready!(
            future
                .expect("a finished task is not polled again")
                .poll(cx)
        );
        *this.output = Some(output);
        this.future.set(None);
        Poll::Ready(())
    }

    fn clear(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.future.set(None);
        *this.output = None;
    }

    fn give(self: Pin<&mut Self>, place: &mut dyn Any) {
        let place = place.downcast_mut::<Option<F::Output>>().expect(CARRIED);
        *place = self.project().output.take();
    }

    fn moved_to(&mut self, memory: NonNull<u8>) -> NonNull<dyn ErasedJob> {
        mem::forget(self.future.take());
        memory.cast::<Self>()
    }
}

/// The task that the backend sees.
struct Carrier {
    job: Option<BoxJob>,
}

impl Future for Carrier {
    type Output = Carried;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Carried> {
        let job = self
            .job
            .as_mut()
            .expect("a finished task is not polled again");
        ready!(job.as_mut().poll_job(cx));
        let job = self.job.take().expect("it was there a line above");
        Poll::Ready(Carried::Job(job))
    }
}

pub(super) type BoxCall = Box<dyn ErasedCall>;

/// A closure that keeps its output in its own box.
pub(super) trait ErasedCall: Send {
    fn run(&mut self);
    /// As [`ErasedJob::give`].
    fn give(&mut self, place: &mut dyn Any);
}

struct Call<F, T> {
    f: Option<F>,
    output: Option<T>,
}

impl<F: FnOnce() -> T + Send, T: Send + 'static> ErasedCall for Call<F, T> {
    fn run(&mut self) {
        self.output = self.f.take().map(|f| f());
    }

    fn give(&mut self, place: &mut dyn Any) {
        let place = place.downcast_mut::<Option<T>>().expect(CARRIED);
        *place = self.output.take();
    }
}
