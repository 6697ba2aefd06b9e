//! What an accept loop does about errors: [`AcceptError`], and the pauses of `incoming()`.
//!
//! Knows nothing of sockets: the TCP and the Unix listener's `Incoming` call it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::Timer;
use crate::time::{Sleep, sleep_in};

/// What the error of an `accept` means for the loop around it.
///
/// ```
/// use anyrt_api::net::AcceptError;
/// use std::io;
///
/// let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
/// assert_eq!(AcceptError::of(&gone), AcceptError::Connection);
/// assert!(AcceptError::of(&gone).is_transient());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcceptError {
    /// One connection failed before it was accepted. The next may follow at once.
    Connection,
    /// The process or the system is out of descriptors or memory. The connection still waits, so
    /// that a loop without a pause would spin.
    Exhausted,
    /// The listener itself is broken.
    Listener,
}

impl AcceptError {
    /// What `error`, which an `accept` returned, means.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::ConnectionRefused
            | Kind::NetworkDown
            | Kind::NetworkUnreachable
            | Kind::HostUnreachable
            | Kind::TimedOut => AcceptError::Connection,
            Kind::OutOfMemory => AcceptError::Exhausted,
            _ => match error.raw_os_error() {
                Some(code) if EXHAUSTED.contains(&code) => AcceptError::Exhausted,
                Some(code) if PER_CONNECTION.contains(&code) => AcceptError::Connection,
                _ => AcceptError::Listener,
            },
        }
    }

    /// True if accepting again may succeed: all but a broken listener.
    #[must_use]
    pub fn is_transient(self) -> bool {
        self != AcceptError::Listener
    }
}

/// EMFILE, ENFILE, ENOBUFS, ENOMEM, which std gives no kinds of their own (but the last).
const EXHAUSTED: &[i32] = if cfg!(windows) {
    &[10024, 10055, 8, 14]
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    &[24, 23, 105, 12]
} else {
    &[24, 23, 55, 12]
};

/// EPROTO, ENONET, EHOSTDOWN: errors of the connection that Linux hands to `accept` (its manual
/// page, under "Error handling") and std gives no kinds. Those of that list which a broken listener
/// has too (EPERM, EOPNOTSUPP, ENOPROTOOPT) are left out: a needless pause is better than a spin.
const PER_CONNECTION: &[i32] = if cfg!(any(target_os = "linux", target_os = "android")) {
    &[71, 64, 112]
} else {
    &[]
};

/// Accepts for ever, with pauses after the errors that would come again at once.
#[derive(Debug)]
pub(super) struct Pacing<R: Timer> {
    backoff: Backoff,
    pause: Option<Pin<Box<Sleep<R>>>>,
}

impl<R: Timer> Pacing<R> {
    pub(super) fn new() -> Self {
        Pacing {
            backoff: Backoff::NONE,
            pause: None,
        }
    }

    /// Polls the pause if there is one, then `accept`, and sets the next pause.
    pub(super) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        rt: &R,
        accept: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let accepted = ready!(accept(cx));
        let pause = match &accepted {
            Ok(_) => {
                self.backoff = Backoff::NONE;
                None
            }
            Err(error) => self.backoff.after(AcceptError::of(error)),
        };
        self.pause = pause.map(|pause| Box::pin(sleep_in(pause, rt)));
        Poll::Ready(accepted)
    }
}

/// How long to pause: 1 ms, doubled with each error in a row, at most 1 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Backoff {
    last: Duration,
}

impl Backoff {
    const NONE: Backoff = Backoff {
        last: Duration::ZERO,
    };
    const FIRST: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_secs(1);

    fn after(&mut self, error: AcceptError) -> Option<Duration> {
        if error == AcceptError::Connection {
            return None;
        }
        self.last = (self.last * 2).clamp(Backoff::FIRST, Backoff::LONGEST);
        Some(self.last)
    }
}
