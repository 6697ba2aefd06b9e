//! The errors of what outlived its runtime, or of a runtime that nobody drives.
//!
//! Knows nothing of how a backend finds that out. Called by every backend, so that a user reads the
//! same sentence on each.

use std::io;

use anyrt_api::task::JoinError;

/// `L052` The error of an operation whose runtime was shut down: kind `Other`, and the text names
/// the backend.
#[must_use]
pub fn error(backend: &str) -> io::Error {
    io::Error::other(text(backend))
}

/// The same as a panic, for a sleep, which has no error to return.
///
/// # Panics
///
/// Always.
#[track_caller]
pub fn panic(backend: &str) -> ! {
    panic!("{}", text(backend))
}

/// `L057` The error of an operation on a runtime of the process that this one was forked from.
#[must_use]
pub fn forked(backend: &str) -> io::Error {
    io::Error::other(format!(
        "the runtime `{backend}` belongs to the process that this one was forked from, and fork \
         copies no threads: start another runtime in the child"
    ))
}

/// The error of an operation on a runtime that exists and makes no progress.
#[must_use]
pub fn undriven(backend: &str) -> io::Error {
    io::Error::other(format!(
        "the runtime `{backend}` is not being driven: no thread is inside its `block_on` (was this \
         made on a single-threaded runtime and then used elsewhere?)"
    ))
}

/// The result of a blocking call that an operation made for itself: a panic goes on in the caller,
/// as if it had made the call itself, and a cancelled call means that the runtime is gone.
///
/// # Errors
///
/// [`error`], or the reason why no thread could be had.
pub fn joined<T>(backend: &str, result: Result<T, JoinError>) -> io::Result<T> {
    use std::error::Error;

    match result {
        Ok(out) => Ok(out),
        Err(cause) if cause.is_panic() => cause.resume(),
        Err(cause) if cause.source().is_some() => Err(cause.into()),
        Err(_) => Err(error(backend)),
    }
}

fn text(backend: &str) -> String {
    format!("the runtime `{backend}` has been shut down")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_call_names_the_backend() {
        let lost = joined::<()>("mem", Err(JoinError::cancelled())).expect_err("it was cancelled");
        assert!(lost.to_string().contains("`mem`"));
    }

    #[test]
    fn a_call_without_a_thread_keeps_the_reason() {
        let cause = io::Error::from_raw_os_error(11);
        let lost = joined::<()>("mem", Err(JoinError::not_started(cause)));
        let text = lost.expect_err("it was not started").to_string();
        assert!(text.contains("could not be started"), "{text}");
    }
}
