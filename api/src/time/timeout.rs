//! Timeouts: [`timeout`], [`timeout_at`], their future [`Timeout`] and its error [`Elapsed`].

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::sleep::Deadline;
use super::{Instant, Sleep, Timer};
use crate::AnyRuntime;
use crate::current::Late;

/// Gives `future` at most `duration` from this call on.
///
/// # Contract
///
/// - `L085` `future` is polled before the clock, so that `Ok` wins a tie; the deadline holds even
///   if `future` spends the whole budget; and `future` is dropped before the caller sees `Err`.
///
/// # Errors
///
/// [`Elapsed`] if it did not finish in time.
///
/// # Panics
///
/// As [`sleep`](super::sleep).
///
/// # Cancel safety
///
/// That of `future`, which is dropped with it.
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout::new(Sleep::late(Late::here(), Deadline::After(duration)), future)
}

/// Gives `future` at most `duration` on the clock of `rt`: as [`timeout`].
#[inline]
pub fn timeout_in<F: Future, R: Timer>(duration: Duration, future: F, rt: &R) -> Timeout<F, R> {
    Timeout::new(Sleep::at(Instant::after(duration, rt), rt), future)
}

/// Gives `future` until `deadline`: as [`timeout`].
#[track_caller]
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    Timeout::new(Sleep::late(Late::here(), Deadline::At(deadline)), future)
}

/// Gives `future` until `deadline` on the clock of `rt`: as [`timeout`].
#[inline]
pub fn timeout_at_in<F: Future, R: Timer>(deadline: Instant, future: F, rt: &R) -> Timeout<F, R> {
    Timeout::new(Sleep::at(deadline, rt), future)
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Timeout<F, R: Timer = AnyRuntime> {
        // `None` once it has finished or its time is over.
        #[pin]
        future: Option<F>,
        #[pin]
        sleep: Sleep<R>,
    }
}

impl<F: Future, R: Timer> Timeout<F, R> {
    #[inline]
    fn new(sleep: Sleep<R>, future: F) -> Self {
        Timeout {
            future: Some(future),
            sleep,
        }
    }
}

impl<F: Future, R: Timer> Future for Timeout<F, R> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let future = this.future.as_mut().as_pin_mut();
        let future = future.expect("a timeout that has finished is not polled again");
        if let Poll::Ready(output) = future.poll(cx) {
            this.future.set(None);
            return Poll::Ready(Ok(output));
        }
        ready!(this.sleep.poll_alarm(cx));
        this.future.set(None);
        Poll::Ready(Err(Elapsed(())))
    }
}

impl<F, R: Timer> fmt::Debug for Timeout<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("sleep", &self.sleep)
            .finish_non_exhaustive()
    }
}

/// The error of a timeout: its time was over. Converts to an [`io::Error`] of kind `TimedOut`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline has elapsed")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> Self {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
