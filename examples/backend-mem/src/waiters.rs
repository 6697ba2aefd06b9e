//! Who waits on an object: [`Waiters`], any number of them.
//!
//! The list has a lock of its own, which is held while no user code runs. Knows nothing of what is
//! waited for: an operation is tried, its waiter listed, and the operation tried again.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use anyrt_api::io::Wait;
use anyrt_kit::wait::WaitList;

use crate::executor::Sim;

/// The tasks that wait for one thing.
#[derive(Debug, Default)]
pub(crate) struct Waiters(Mutex<WaitList>);

impl Waiters {
    /// Polls `op` until it answers; on a runtime that is gone it is an error.
    pub(crate) fn poll<T>(
        &self,
        sim: &Arc<Sim>,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut op: impl FnMut() -> Option<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        sim.leaf(cx, |cx| {
            if let Err(gone) = sim.check() {
                return Poll::Ready(Err(gone));
            }
            let mut answer = op();
            if answer.is_none() {
                self.register(cx, wait);
                answer = op();
            }
            match answer {
                Some(answer) => {
                    self.cancel(wait);
                    Poll::Ready(answer)
                }
                None => Poll::Pending,
            }
        })
    }

    /// Waits until `op` answers. Dropping the future takes the waiter out.
    pub(crate) async fn wait<T>(
        &self,
        sim: &Arc<Sim>,
        mut op: impl FnMut() -> Option<io::Result<T>>,
    ) -> io::Result<T> {
        let mut place = Place(self, Wait::new());
        poll_fn(|cx| self.poll(sim, cx, &mut place.1, &mut op)).await
    }

    /// Wakes all.
    pub(crate) fn wake(&self) {
        let woken = self.list().take();
        woken.wake();
    }

    /// Takes one out.
    pub(crate) fn cancel(&self, wait: &mut Wait) {
        let waker = self.list().leave(wait);
        drop(waker);
    }

    fn register(&self, cx: &mut Context<'_>, wait: &mut Wait) {
        let waker = cx.waker().clone();
        let displaced = self.list().enter(wait, waker);
        drop(displaced);
    }

    fn list(&self) -> MutexGuard<'_, WaitList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Place<'a>(&'a Waiters, Wait);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.cancel(&mut self.1);
    }
}
