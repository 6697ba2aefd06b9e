//! Wakers that a law can count: [`Probe`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::gate::{Gate, step_aside};

/// A waker that counts how often it was woken and how many clones of it are held.
#[derive(Debug, Default)]
pub(crate) struct Probe(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wakes: AtomicUsize,
    woken: Gate,
}

impl Wake for Inner {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        let woken = self.woken.clone();
        // Not held any more by the time that a law hears of it.
        drop(self);
        woken.open();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.woken.open();
    }
}

impl Probe {
    pub(crate) fn new() -> Self {
        Probe::default()
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Polls `future` once with this waker.
    pub(crate) fn poll<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&self.waker()))
    }

    /// How often it was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.0.wakes.load(Ordering::SeqCst)
    }

    /// How many clones of the waker others hold.
    pub(crate) fn held(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }

    /// Waits until nobody holds it, as long as a thread may take that is calling it just now, which
    /// others may keep from running meanwhile.
    pub(crate) async fn is_let_go(&self) -> bool {
        for _ in 0..100_000 {
            if self.held() == 0 {
                return true;
            }
            step_aside(1).await;
        }
        false
    }

    /// Waits until it was woken.
    pub(crate) async fn woken(&self) {
        self.0.woken.wait().await;
    }
}
