//! The door: the owner, the handle, and every impl of a trait of the contract, each body one line.
//!
//! It knows what stands behind each line and nothing of how it works. Applications come in here.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyrt_api::{
    AnyRuntime, AsyncFs, AsyncNet, BlockOn, Core, Entropy, Spawn, Timer,
    any::Capabilities,
    current::{self, Root},
    task::{JoinError, RawJoin, TaskId, TaskMeta},
    time::RawSleep,
};

use crate::{
    executor::{self, Config, Shared},
    task::{self, Join},
    threads::Role,
    timer::Sleep,
};

/// The owner of a native runtime.
///
/// It is not `Clone`: dropping it begins the runtime's end and does not wait for it (law `L049`).
/// [`shutdown`](BlockOn::shutdown) waits. A [`Native`] handle keeps memory alive, but no thread.
///
/// ```
/// use anyrt_api::{BlockOn, task};
///
/// let runtime = anyrt_native::Runtime::new()?;
/// let answer = runtime.block_on(task::spawn(async { 6 * 7 }));
/// assert_eq!(answer?, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping the owner ends its runtime"]
pub struct Runtime {
    shared: Arc<Shared>,
}

impl Runtime {
    /// A runtime with the settings of [`Builder::new`](crate::Builder::new).
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor or no thread left.
    pub fn new() -> io::Result<Self> {
        crate::Builder::new().build()
    }

    pub(crate) fn start(config: Config) -> io::Result<Self> {
        Shared::start(config).map(|shared| Self { shared })
    }
}

impl BlockOn for Runtime {
    type Runtime = Native;

    fn handle(&self) -> Native {
        Native { shared: self.shared.clone() }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        current::drive(self.handle().into(), || executor::block_on(self.shared.driver(), Root::new(future)))
    }

    fn shutdown(self, limit: Duration) {
        current::enter(self.handle().into(), || self.shared.shutdown(limit));
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Runtime").field(&self.shared).finish()
    }
}
