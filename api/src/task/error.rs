//! Why a task gave no output: [`JoinError`].

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};

/// Why a task gave no output: it panicked, or it was cancelled.
///
/// The counterpart of the `Err` of [`std::thread::Result`]. Converts to an [`io::Error`] of kind
/// `Other` that keeps this error as its source.
pub struct JoinError(Box<Repr>);

struct Repr {
    task: Option<Cow<'static, str>>,
    cause: Cause,
}

enum Cause {
    Cancelled(Option<io::Error>),
    // In a mutex for the sake of `Sync`.
    Panicked(Mutex<Box<dyn Any + Send>>),
}

impl JoinError {
    /// For backends: the task was cancelled before it had an output.
    #[must_use]
    pub fn cancelled() -> Self {
        JoinError::new(Cause::Cancelled(None))
    }

    /// For backends: the task could not be started, and `cause` says why. Counts as cancelled.
    #[must_use]
    pub fn not_started(cause: io::Error) -> Self {
        JoinError::new(Cause::Cancelled(Some(cause)))
    }

    /// For backends: the task panicked with this payload.
    #[must_use]
    pub fn panicked(payload: Box<dyn Any + Send>) -> Self {
        JoinError::new(Cause::Panicked(Mutex::new(payload)))
    }

    /// For backends: adds the task's name, for the message.
    #[must_use]
    pub fn of_task(mut self, name: Option<Cow<'static, str>>) -> Self {
        self.0.task = name;
        self
    }

    /// True if the task was aborted, never started, or its runtime was shut down.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.cause, Cause::Cancelled(_))
    }

    /// True if the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panicked(_))
    }

    /// The payload of the panic, as [`std::panic::catch_unwind`] gives it.
    ///
    /// # Panics
    ///
    /// If the task did not panic; see [`try_into_panic`](JoinError::try_into_panic).
    #[track_caller]
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        self.try_into_panic()
            .expect("`into_panic` was called on a cancelled task's error")
    }

    /// The payload of the panic, or the error itself if the task did not panic.
    ///
    /// # Errors
    ///
    /// The error itself, for a task that was cancelled.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        match *self.0 {
            Repr {
                cause: Cause::Panicked(payload),
                ..
            } => Ok(payload.into_inner().unwrap_or_else(PoisonError::into_inner)),
            repr => Err(JoinError(Box::new(repr))),
        }
    }

    /// Continues the task's panic on this thread, as `thread.join().unwrap()` would report it, with
    /// the original payload.
    ///
    /// # Panics
    ///
    /// Always: that is its purpose. A cancelled task panics with this error's message.
    #[track_caller]
    pub fn resume(self) -> ! {
        match self.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            Err(error) => panic!("{error}"),
        }
    }

    fn new(cause: Cause) -> Self {
        JoinError(Box::new(Repr { task: None, cause }))
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.task {
            Some(name) => write!(f, "task `{name}` ")?,
            None => f.write_str("task ")?,
        }
        match &self.0.cause {
            Cause::Cancelled(None) => f.write_str("was cancelled"),
            Cause::Cancelled(Some(cause)) => write!(f, "could not be started: {cause}"),
            Cause::Panicked(payload) => {
                f.write_str("panicked")?;
                let payload = payload.lock().unwrap_or_else(PoisonError::into_inner);
                match message(&**payload) {
                    Some(text) => write!(f, ": {text}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            Cause::Cancelled(Some(cause)) => Some(cause),
            _ => None,
        }
    }
}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> Self {
        io::Error::other(error)
    }
}

/// The text of a panic, where it has one.
fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_happened() {
        assert_eq!(JoinError::cancelled().to_string(), "task was cancelled");
        let named = JoinError::panicked(Box::new("boom")).of_task(Some("flusher".into()));
        assert_eq!(named.to_string(), "task `flusher` panicked: boom");
        assert!(named.is_panic() && !named.is_cancelled());
        assert_eq!(
            *named.into_panic().downcast::<&str>().expect("a text"),
            "boom"
        );
    }

    #[test]
    fn not_started_keeps_its_cause() {
        let error = JoinError::not_started(io::Error::from_raw_os_error(11));
        assert!(error.is_cancelled());
        assert!(error.source().is_some());
        assert!(error.try_into_panic().is_err());
    }
}
