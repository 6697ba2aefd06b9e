//! From a tokio runtime that somebody else owns to a [`Tokio`]: by its handle, or because it
//! surrounds the caller. Nothing of it happens unless the application asks for it.
//!
//! Knows nothing of tasks, timers or sockets.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::panic::{Location, catch_unwind};
use std::time::Duration;

use anyrt_api::AnyRuntime;
use anyrt_api::current::{SetDefaultError, with_current};
use anyrt_kit::net::Lookups;
use tokio::runtime::{Handle, Id, RuntimeFlavor};

use crate::Tokio;
use crate::home::Home;

impl Tokio {
    /// Takes a handle to a tokio runtime.
    ///
    /// # Errors
    ///
    /// - The runtime is single-threaded and the caller stands outside it: nobody might drive it,
    ///   and whatever is made on it would then wait for ever. Call this, or [`Tokio::current`],
    ///   inside it; or use [`Builder::current_thread`](crate::Builder::current_thread), whose
    ///   runtime is always driven.
    /// - It was built without `enable_time` or `enable_io`.
    /// - The system refused the socket that finds this out.
    pub fn try_from_handle(handle: Handle) -> Result<Self, HandleError> {
        let is_single = handle.runtime_flavor() == RuntimeFlavor::CurrentThread;
        let is_here = Handle::try_current().is_ok_and(|here| here.id() == handle.id());
        if is_single && !is_here {
            return Err(HandleError(Cause::Undriven));
        }
        check(&handle)?;
        let home = if is_single {
            Home::lent(handle)
        } else {
            Home::driven(handle, Lookups::new())
        };
        Ok(Tokio::new(home))
    }

    /// A handle to the tokio runtime that surrounds the caller, single-threaded ones included.
    ///
    /// # Panics
    ///
    /// Outside any tokio runtime, or in one that was built without `enable_time` or `enable_io`.
    #[track_caller]
    #[must_use]
    pub fn current() -> Self {
        match Tokio::try_current() {
            Some(rt) => rt,
            None => not_inside(Location::caller()),
        }
    }

    /// The same, or `None` outside any tokio runtime.
    ///
    /// # Panics
    ///
    /// In a runtime that was built without `enable_time` or `enable_io`.
    #[track_caller]
    #[must_use]
    pub fn try_current() -> Option<Self> {
        let id = Handle::try_current().ok()?.id();
        let any = entered(id).or_else(surrounding)?;
        any.downcast_ref::<Tokio>().cloned()
    }
}

/// Makes anyrt's bare forms (`TcpStream::connect(addr)`, `task::spawn(f)`, ..) work inside any
/// tokio runtime of this process: one line at the start of a program that runs on tokio already.
///
/// From then on a thread that is inside a tokio runtime, and has entered no anyrt runtime, uses
/// that tokio runtime, whichever it is. Any number of calls is one call. Nothing is started.
///
/// # Errors
///
/// Another backend was made the process default before; the error names the place.
#[track_caller]
pub fn install() -> Result<(), SetDefaultError> {
    AnyRuntime::set_default(surrounding)
}

/// Makes the surrounding tokio runtime anyrt's current one while `future` runs, for programs that
/// want nothing global: [`install`] for one future.
///
/// The runtime is taken at the call if there is one, else at the first poll.
///
/// # Panics
///
/// When polled outside any tokio runtime, if the call stood outside as well.
#[track_caller]
pub fn scope<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let called = Location::caller();
    let here = Tokio::try_current();
    async move {
        let rt = here.or_else(Tokio::try_current);
        let rt = rt.unwrap_or_else(|| not_inside(called));
        rt.any().scope(future).await
    }
}

/// Why a tokio handle was refused: see [`Tokio::try_from_handle`].
#[derive(Debug)]
pub struct HandleError(Cause);

#[derive(Debug)]
enum Cause {
    Undriven,
    NoTime,
    NoIo,
    System(io::Error),
}

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Cause::Undriven => {
                "this tokio runtime is single-threaded, and nobody is certain to drive it: call \
                 `Tokio::current()` inside it, or let `anyrt::tokio::Runtime` own it"
            }
            Cause::NoTime => "this tokio runtime has no timers: build it with `enable_all()`",
            Cause::NoIo => "this tokio runtime has no sockets: build it with `enable_all()`",
            Cause::System(_) => "this tokio runtime could not be tried out",
        })
    }
}

impl Error for HandleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::System(error) => Some(error),
            _ => None,
        }
    }
}

thread_local! {
    /// The tokio runtime that surrounded this thread last, erased. tokio numbers its runtimes
    /// upwards, so that the id of one that is gone does not come back.
    static LAST: RefCell<Option<(Id, AnyRuntime)>> = const { RefCell::new(None) };
}

/// The tokio runtime that surrounds this thread: the process default of [`install`], so it must not
/// ask for the current runtime itself. No allocation but at the first call in each runtime.
fn surrounding() -> Option<AnyRuntime> {
    let handle = Handle::try_current().ok()?;
    let id = handle.id();
    let last = LAST.try_with(|last| {
        let last = last.borrow();
        last.as_ref()
            .filter(|(known, _)| *known == id)
            .map(|(_, any)| any.clone())
    });
    if let Ok(Some(any)) = last {
        return Some(any);
    }
    let any = match Tokio::try_from_handle(handle) {
        Ok(rt) => rt.any(),
        Err(error) => panic!("{error}"),
    };
    let before = LAST.try_with(|last| last.replace(Some((id, any.clone()))));
    drop(before);
    Some(any)
}

/// The current runtime of anyrt, if it is this very tokio runtime.
fn entered(id: Id) -> Option<AnyRuntime> {
    let is_it = |any: &AnyRuntime| {
        let rt = any.downcast_ref::<Tokio>()?;
        (rt.home.handle.id() == id).then(|| any.clone())
    };
    with_current(is_it).flatten()
}

/// The timers and the sockets of a runtime are there, or not, for good; tokio says so by a panic.
fn check(handle: &Handle) -> Result<(), HandleError> {
    let _entered = handle.enter();
    if catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_err() {
        return Err(HandleError(Cause::NoTime));
    }
    let system = |error| HandleError(Cause::System(error));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(system)?;
    socket.set_nonblocking(true).map_err(system)?;
    match catch_unwind(|| tokio::net::UdpSocket::from_std(socket)) {
        Ok(made) => made.map(drop).map_err(system),
        Err(_) => Err(HandleError(Cause::NoIo)),
    }
}

#[cold]
#[track_caller]
fn not_inside(called: &'static Location<'static>) -> ! {
    panic!(
        "there is no tokio runtime around this call (it stands at {called}): call it inside \
         `#[tokio::main]`, `Runtime::block_on` or a task"
    )
}
