//! A time limit for I/O: [`timeout`], whose error is an I/O error.

use std::future::Future;
use std::io;
use std::time::Duration;

use crate::time::{self, Timer};

/// Gives an I/O operation at most `duration`: [`time::timeout`] with one error type.
///
/// # Errors
///
/// `TimedOut` if it did not finish in time, else the operation's own.
///
/// # Panics
///
/// As [`time::sleep`].
#[track_caller]
pub fn timeout<F, T>(duration: Duration, future: F) -> impl Future<Output = io::Result<T>>
where
    F: Future<Output = io::Result<T>>,
{
    let limited = time::timeout(duration, future);
    async { limited.await? }
}

/// The same on the clock of `rt`: as [`timeout`].
pub fn timeout_in<F, T, R>(
    duration: Duration,
    future: F,
    rt: &R,
) -> impl Future<Output = io::Result<T>> + use<F, T, R>
where
    F: Future<Output = io::Result<T>>,
    R: Timer,
{
    let limited = time::timeout_in(duration, future, rt);
    async { limited.await? }
}
