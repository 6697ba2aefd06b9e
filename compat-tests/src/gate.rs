//! Signals between the tasks of a law, independent of any runtime: [`Gate`] and [`DropMark`].

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// A count that tasks wait on until it has risen far enough.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    count: usize,
    waiting: Vec<Waker>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Gate::default()
    }

    /// Adds one and wakes who waits. From any thread.
    pub(crate) fn open(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until it was opened.
    pub(crate) async fn wait(&self) {
        self.wait_for(1).await;
    }

    /// Waits until it was opened `times` times.
    pub(crate) async fn wait_for(&self, times: usize) {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.count >= times {
                return Poll::Ready(());
            }
            state.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// How often it was opened.
    pub(crate) fn count(&self) -> usize {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count
    }

    pub(crate) fn is_open(&self) -> bool {
        self.count() > 0
    }

    /// A value that opens the gate when it is dropped.
    pub(crate) fn opened_by_drop(&self) -> DropMark {
        DropMark(self.clone())
    }
}

/// Opens its gate when it is dropped: what a law puts into a future to see it go.
#[derive(Debug)]
pub(crate) struct DropMark(Gate);

impl Drop for DropMark {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Lets every other ready task run `times` times, without a timer.
pub(crate) async fn step_aside(times: usize) {
    let left = AtomicUsize::new(times);
    poll_fn(|cx| {
        if left.load(Ordering::Relaxed) == 0 {
            return Poll::Ready(());
        }
        left.fetch_sub(1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
