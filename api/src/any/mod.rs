//! The erased twin of every backend: [`AnyRuntime`], one pointer, the same laws.
//!
//! The only place of the contract with `Box<dyn Future>`, and the only one of the workspace that
//! answers `Unsupported`. Knows no backend: it is built from any [`Core`].

mod capabilities;
mod fs;
mod net;
mod os;
#[cfg(unix)]
mod os_unix;
mod owner;
mod placed;
mod task;
mod time;
mod udp;
#[cfg(unix)]
mod unix;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Weak};

pub use capabilities::Capabilities;
use capabilities::Reach;
pub use fs::{AnyFile, AnyReadDir};
pub use net::{AnyTcpListener, AnyTcpStream};
pub use owner::AnyOwner;
pub use placed::{JoinTable, PlacedJoin, SpawnPlaced, Unplaced};
pub use task::{AnyJoin, ErasedJob};
pub use time::AnySleep;
pub use udp::AnyUdpSocket;
#[cfg(unix)]
pub use unix::{AnyUnixDatagram, AnyUnixListener, AnyUnixStream};

use crate::current::{self, Resolver, Scope, SetDefaultError};
use crate::{Core, Runtime};

/// A runtime whose backend is not in its type: what the bare forms use, and the default parameter
/// of every std-shaped type.
///
/// Cheap to clone. Reads and writes cost one virtual call more than on the backend itself; accept
/// and sleep one allocation; connect and open that of the object and one that is freed when the
/// future is done; spawn and join at most two, and none on a backend that is
/// [`SpawnPlaced`].
#[derive(Clone)]
pub struct AnyRuntime {
    erased: Arc<dyn Erased>,
}

impl AnyRuntime {
    /// Erases a backend. Its optional capabilities are kept ([`Core::capabilities`]); a runtime
    /// that is erased already stays as it is.
    pub fn new<R: Core>(rt: R) -> Self {
        if let Some(erased) = (&rt as &dyn Any).downcast_ref::<AnyRuntime>() {
            return erased.clone();
        }
        AnyRuntime {
            erased: Arc::new(Erasing {
                reach: Capabilities::of(),
                rt,
            }),
        }
    }

    /// The backend's name: [`Core::NAME`].
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.erased.backend()
    }

    /// The backend's own handle, if it is an `R`.
    #[must_use]
    pub fn downcast_ref<R: Core>(&self) -> Option<&R> {
        self.erased.as_any().downcast_ref()
    }

    /// A reference that does not keep the runtime's memory alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakAny {
        WeakAny {
            erased: Arc::downgrade(&self.erased),
        }
    }

    /// The current runtime of this thread.
    ///
    /// # Panics
    ///
    /// - `L195` If there is none: at the caller, naming the three ways out. No bare form ever
    ///   starts a runtime by itself.
    #[track_caller]
    #[must_use]
    pub fn current() -> Self {
        match AnyRuntime::try_current() {
            Some(rt) => rt,
            None => current::no_runtime(std::panic::Location::caller()),
        }
    }

    /// The current runtime of this thread, if there is one.
    #[must_use]
    pub fn try_current() -> Option<Self> {
        current::with_current(AnyRuntime::clone)
    }

    /// Sets the process default: who answers on a thread that has entered no runtime.
    ///
    /// For applications and their backends; a library never calls it.
    ///
    /// # Errors
    ///
    /// - `L196` The same resolver again is fine; another is an error that names the first caller.
    ///   An entered runtime always wins over the default.
    ///
    /// # Contract
    ///
    /// - `L199` With one line from the application that sets it, a library in its bare form works
    ///   in a program that runs on tokio, however many runtimes come and go there, and never uses
    ///   one that is gone: the default is a resolver, not a runtime.
    #[track_caller]
    pub fn set_default(resolver: Resolver) -> Result<(), SetDefaultError> {
        current::set_default(resolver)
    }

    /// Makes this the current runtime around each poll of `future` and around its drop.
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope::new(self.clone(), future)
    }

    /// Makes this the current runtime of this thread while `f` runs.
    pub fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        current::enter(self.clone(), f)
    }
}

impl fmt::Debug for AnyRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

/// A reference to an [`AnyRuntime`] that does not keep its memory alive.
#[derive(Clone)]
pub struct WeakAny {
    erased: Weak<dyn Erased>,
}

impl WeakAny {
    /// The runtime, if it is still there.
    #[must_use]
    pub fn upgrade(&self) -> Option<AnyRuntime> {
        self.erased.upgrade().map(|erased| AnyRuntime { erased })
    }
}

impl fmt::Debug for WeakAny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakAny")
    }
}

/// What every erased backend can do; the optional parts are reached through [`Reach`].
trait Erased: task::ErasedSpawn + time::ErasedTimer + Reach {
    fn backend(&self) -> &'static str;
    fn as_any(&self) -> &dyn Any;
    fn fill_bytes(&self, buf: &mut [u8]);
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// A backend and what it can do besides.
struct Erasing<R: Core> {
    reach: Capabilities<R>,
    rt: R,
}

impl<R: Core> Erased for Erasing<R> {
    fn backend(&self) -> &'static str {
        R::NAME
    }

    fn as_any(&self) -> &dyn Any {
        &self.rt
    }

    fn fill_bytes(&self, buf: &mut [u8]) {
        self.rt.fill_bytes(buf);
    }

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyRuntime").field(&self.rt).finish()
    }
}

impl crate::Entropy for AnyRuntime {
    fn fill_bytes(&self, buf: &mut [u8]) {
        self.erased.fill_bytes(buf);
    }
}

impl Core for AnyRuntime {
    const NAME: &'static str = "any";

    fn capabilities(c: &mut Capabilities<Self>) {
        c.net().fs().os_handles();
        #[cfg(unix)]
        c.unix_net().os_unix_handles();
    }
}

impl Runtime for AnyRuntime {}

impl AnyRuntime {
    /// The one `Unsupported` of the workspace.
    fn lacks(&self, what: &str) -> io::Error {
        let text = format!("the runtime `{}` has no {what}", self.backend());
        io::Error::new(io::ErrorKind::Unsupported, text)
    }
}
