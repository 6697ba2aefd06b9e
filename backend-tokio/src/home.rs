//! What every object of one tokio runtime knows of it: [`Home`].
//!
//! Knows nothing of tasks, timers or sockets; all of them hold it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyrt_api::any::WeakAny;
use anyrt_api::{AnyRuntime, Core};
use anyrt_kit::fork::Process;
use anyrt_kit::gone;
use anyrt_kit::lock::Lock;
use anyrt_kit::net::Lookups;
use anyrt_kit::probe::Prober;
use tokio::runtime::{EnterGuard, Handle, is_rt_shutdown_err};

use crate::Tokio;
use crate::task::Refused;

/// One tokio runtime, as all of our objects on it share it. It keeps memory alive, no thread.
pub(crate) struct Home {
    pub(crate) handle: Handle,
    pub(crate) lookups: Lookups,
    pub(crate) refused: Refused,
    /// For a single-threaded runtime that somebody else drives, or not.
    prober: Option<Prober>,
    /// The erased form, as long as anybody has it. Weak, since it holds this.
    any: Lock<Option<WeakAny>>,
    is_closed: AtomicBool,
    /// Where its threads are, and whose its poller is.
    process: Process,
}

impl Home {
    /// A runtime that is certain to be driven as long as it exists.
    pub(crate) fn driven(handle: Handle, lookups: Lookups) -> Arc<Self> {
        Home::new(handle, lookups, None)
    }

    /// A single-threaded runtime that was lent.
    pub(crate) fn lent(handle: Handle) -> Arc<Self> {
        Home::new(handle, Lookups::new(), Some(Prober::new()))
    }

    fn new(handle: Handle, lookups: Lookups, prober: Option<Prober>) -> Arc<Self> {
        Arc::new(Home {
            handle,
            lookups,
            refused: Refused::default(),
            prober,
            any: Lock::new(None),
            is_closed: AtomicBool::new(false),
            process: Process::this(),
        })
    }

    /// Makes the runtime tokio's current one. tokio wants that where an object is made.
    ///
    /// # Errors
    ///
    /// In a forked child, which would put the object into the poller of its parent (`L057`).
    pub(crate) fn enter(&self) -> io::Result<EnterGuard<'_>> {
        match self.forked() {
            Some(forked) => Err(forked),
            None => Ok(self.handle.enter()),
        }
    }

    /// Why nothing drives the runtime here, if this process was forked from the runtime's.
    pub(crate) fn forked(&self) -> Option<io::Error> {
        (!self.process.is_this()).then(|| gone::forked(Tokio::NAME))
    }

    /// Why nothing drives the runtime, if so.
    pub(crate) fn gone(&self) -> Option<io::Error> {
        let closed = || self.is_closed().then(|| gone::error(Tokio::NAME));
        self.forked().or_else(closed)
    }

    /// The erased form of this runtime, one for all handles.
    pub(crate) fn any(self: &Arc<Self>) -> AnyRuntime {
        let known = self.known_any();
        known.unwrap_or_else(|| {
            let new = AnyRuntime::new(Tokio::inner(Arc::clone(self)));
            let mut any = self.any.lock();
            match any.as_ref().and_then(WeakAny::upgrade) {
                Some(first) => first,
                None => {
                    *any = Some(new.downgrade());
                    new
                }
            }
        })
    }

    fn known_any(&self) -> Option<AnyRuntime> {
        let any = self.any.lock();
        any.as_ref().and_then(WeakAny::upgrade)
    }

    /// Whom to ask whether the runtime is driven, for a thread that cannot know it.
    pub(crate) fn prober(&self) -> Option<&Prober> {
        let prober = self.prober.as_ref()?;
        (!self.surrounds_this_thread()).then_some(prober)
    }

    /// True for a runtime that may stop being driven while it exists.
    pub(crate) fn may_stall(&self) -> bool {
        self.prober.is_some()
    }

    fn surrounds_this_thread(&self) -> bool {
        Handle::try_current().is_ok_and(|here| here.id() == self.handle.id())
    }

    /// The owner shuts the runtime down.
    pub(crate) fn close(&self) {
        // Release: pairs with the Acquire in `is_closed`.
        self.is_closed.store(true, Ordering::Release);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home")
            .field("id", &self.handle.id())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// `L052` tokio's error of a runtime that is gone, in our words.
pub(crate) fn map_gone(error: io::Error) -> io::Error {
    if is_rt_shutdown_err(&error) {
        return gone::error(Tokio::NAME);
    }
    error
}
