//! The handle of a task where the task itself can reach it: [`OwnHandle`].

use std::sync::{Arc, Mutex, PoisonError};

use anyrt_api::Spawn;
use anyrt_api::task::JoinHandle;

/// A place for a task's handle, which the task and its destructor look at.
pub(crate) struct OwnHandle<T: Send + 'static, R: Spawn>(Arc<Mutex<Option<JoinHandle<T, R>>>>);

impl<T: Send + 'static, R: Spawn> OwnHandle<T, R> {
    pub(crate) fn new() -> Self {
        OwnHandle(Arc::default())
    }

    pub(crate) fn place(&self, handle: JoinHandle<T, R>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    }

    pub(crate) fn abort(&self) {
        self.look(JoinHandle::abort);
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.look(JoinHandle::is_finished)
    }

    pub(crate) fn take(&self) -> JoinHandle<T, R> {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        handle.expect("the handle was placed")
    }

    fn look<U>(&self, f: impl FnOnce(&JoinHandle<T, R>) -> U) -> U {
        let handle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f(handle.as_ref().expect("the handle was placed"))
    }
}

impl<T: Send + 'static, R: Spawn> Clone for OwnHandle<T, R> {
    fn clone(&self) -> Self {
        OwnHandle(self.0.clone())
    }
}
