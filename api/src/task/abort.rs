//! A join handle whose drop cancels: [`AbortOnDrop`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{JoinError, JoinHandle, Spawn};
use crate::AnyRuntime;

/// A [`JoinHandle`] whose drop aborts the task: made by [`JoinHandle::abort_on_drop`].
///
/// # Cancel safety
///
/// Dropping it is a cancellation: that is its purpose. Poll `&mut handle` to keep it.
#[must_use = "dropping it aborts the task"]
pub struct AbortOnDrop<T: Send, R: Spawn = AnyRuntime> {
    // `None` only after `detach`.
    handle: Option<JoinHandle<T, R>>,
}

impl<T: Send, R: Spawn> AbortOnDrop<T, R> {
    pub(super) fn new(handle: JoinHandle<T, R>) -> Self {
        AbortOnDrop {
            handle: Some(handle),
        }
    }

    /// The plain handle again, whose drop detaches.
    #[must_use = "dropping the handle detaches the task"]
    pub fn detach(mut self) -> JoinHandle<T, R> {
        self.handle
            .take()
            .expect("the handle is there until `detach` consumes it")
    }

    /// The same handle without the backend in its type: as [`JoinHandle::erase`].
    pub fn erase(self) -> AbortOnDrop<T>
    where
        T: 'static,
    {
        self.detach().erase().abort_on_drop()
    }

    /// Cancels the task and waits until its future has been dropped: [`JoinHandle::cancel`].
    ///
    /// # Errors
    ///
    /// As [`JoinHandle::cancel`].
    pub async fn cancel(self) -> Result<T, JoinError> {
        self.detach().cancel().await
    }

    /// True once the task's future has been dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

impl<T: Send, R: Spawn> Future for AbortOnDrop<T, R> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = self
            .handle
            .as_mut()
            .expect("the handle is there until `detach` consumes it");
        Pin::new(handle).poll(cx)
    }
}

impl<T: Send, R: Spawn> Drop for AbortOnDrop<T, R> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}

impl<T: Send, R: Spawn> fmt::Debug for AbortOnDrop<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AbortOnDrop").field(&self.handle).finish()
    }
}
