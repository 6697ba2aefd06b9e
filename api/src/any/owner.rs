//! An owner whose backend is chosen at run time: [`AnyOwner`].

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::AnyRuntime;
use crate::BlockOn;

/// The owner of a runtime whose backend is not in its type.
///
/// `block_on` allocates nothing: the future stays on the caller's stack.
///
/// ```
/// use anyrt_api::{AnyOwner, BlockOn};
/// use std::io;
///
/// # async fn serve() {}
/// fn run<N: BlockOn, T: BlockOn>(
///     name: &str,
///     native: impl FnOnce() -> io::Result<N>,
///     tokio: impl FnOnce() -> io::Result<T>,
/// ) -> io::Result<()> {
///     let owner = match name {
///         "tokio" => AnyOwner::new(tokio()?),
///         _ => AnyOwner::new(native()?),
///     };
///     owner.block_on(serve());
///     Ok(())
/// }
/// ```
pub struct AnyOwner {
    erased: Box<dyn ErasedOwner>,
}

impl AnyOwner {
    /// Erases an owner. Nothing is started or stopped.
    pub fn new<B: BlockOn>(owner: B) -> Self {
        let handle = AnyRuntime::new(owner.handle());
        AnyOwner {
            erased: Box::new(Owning { owner, handle }),
        }
    }

    /// A handle to this runtime.
    #[must_use]
    pub fn handle(&self) -> AnyRuntime {
        self.erased.handle().clone()
    }

    /// Runs `future` on this thread until it is done: [`BlockOn::block_on`].
    ///
    /// # Panics
    ///
    /// On a thread that is driving tasks of any anyrt runtime.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut slot = Slot::Running(pin!(future));
        let running: Pin<&mut Slot<'_, F>> = Pin::new(&mut slot);
        self.erased.block_on(running);
        match slot {
            Slot::Done(output) => output,
            Slot::Running(_) => unreachable!("block_on returns once its future is done"),
        }
    }

    /// Shuts the runtime down and waits for it, at most `limit`: [`BlockOn::shutdown`].
    pub fn shutdown(self, limit: Duration) {
        self.erased.shutdown(limit);
    }
}

impl BlockOn for AnyOwner {
    type Runtime = AnyRuntime;

    fn handle(&self) -> AnyRuntime {
        self.handle()
    }

    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn shutdown(self, limit: Duration) {
        self.shutdown(limit);
    }
}

impl fmt::Debug for AnyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyOwner")
            .field(self.erased.handle())
            .finish()
    }
}

trait ErasedOwner: Send + Sync {
    fn handle(&self) -> &AnyRuntime;
    #[track_caller]
    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>);
    fn shutdown(self: Box<Self>, limit: Duration);
}

struct Owning<B> {
    owner: B,
    handle: AnyRuntime,
}

impl<B: BlockOn> ErasedOwner for Owning<B> {
    fn handle(&self) -> &AnyRuntime {
        &self.handle
    }

    #[track_caller]
    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>) {
        self.owner.block_on(future);
    }

    fn shutdown(self: Box<Self>, limit: Duration) {
        self.owner.shutdown(limit);
    }
}

/// A future that keeps its output where the caller finds it.
enum Slot<'a, F: Future> {
    Running(Pin<&'a mut F>),
    Done(F::Output),
}

// Nothing in it is pinned but what stands behind a `Pin` of its own.
impl<F: Future> Unpin for Slot<'_, F> {}

impl<F: Future> Future for Slot<'_, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Slot::Running(future) = &mut *self {
            *self = Slot::Done(ready!(future.as_mut().poll(cx)));
        }
        Poll::Ready(())
    }
}
