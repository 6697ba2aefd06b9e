//! A task with a name: [`Builder`].

use std::borrow::Cow;
use std::future::Future;

use super::{JoinHandle, Spawn, TaskMeta, start};

/// Sets up a task before it starts: [`std::thread::Builder`] for futures.
///
/// The name stands in the [`JoinError`](super::JoinError) of a task that panics.
///
/// ```no_run
/// # async fn refill() {}
/// let refilling = anyrt_api::task::Builder::new().name("refill").spawn(refill());
/// # drop(refilling);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder {
    name: Option<Cow<'static, str>>,
}

impl Builder {
    /// A task without a name.
    pub fn new() -> Self {
        Builder::default()
    }

    /// Names the task.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Starts the task on the current runtime: [`spawn`](super::spawn).
    ///
    /// # Panics
    ///
    /// At the caller, if there is no current runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let meta = self.meta();
        start(|rt| rt.spawn_raw(future, meta))
    }

    /// Starts the task on `rt`: [`spawn_in`](super::spawn_in).
    #[track_caller]
    pub fn spawn_in<F, R>(self, future: F, rt: &R) -> JoinHandle<F::Output, R>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
        R: Spawn,
    {
        JoinHandle::from_raw(rt.spawn_raw(future, self.meta()))
    }

    /// Runs `f` on a blocking thread: [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Panics
    ///
    /// At the caller, if there is no current runtime.
    #[track_caller]
    pub fn spawn_blocking<F, T>(self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let meta = self.meta();
        start(|rt| rt.spawn_blocking_raw(f, meta))
    }

    /// Runs `f` on a blocking thread of `rt`: [`spawn_blocking_in`](super::spawn_blocking_in).
    #[track_caller]
    pub fn spawn_blocking_in<F, T, R>(self, f: F, rt: &R) -> JoinHandle<T, R>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
        R: Spawn,
    {
        JoinHandle::from_raw(rt.spawn_blocking_raw(f, self.meta()))
    }

    #[track_caller]
    fn meta(self) -> TaskMeta {
        TaskMeta {
            name: self.name,
            ..TaskMeta::new()
        }
    }
}
