//! The current runtime of a thread: what the bare forms (`task::spawn`, `TcpStream::connect`) use.
//!
//! It is the innermost runtime that was *entered* on this thread, else what the application's
//! default answers ([`AnyRuntime::set_default`]), else none. Backends enter their runtime on their
//! own threads, in `block_on`, in blocking closures, and, where the threads are not theirs, around
//! each poll and drop of a task ([`Root`]). Knows nothing of what a runtime can do.
//!
//! # Contract
//!
//! - `L194` Inside a task, in `block_on`, in a blocking closure and in a destructor that the
//!   runtime runs, the current runtime is the one that runs them, nested runtimes or not.
//! - `L198` A library that uses only bare forms behaves the same in each of two runtimes of one
//!   program.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::{AnyRuntime, Core, budget};

/// Lends the current runtime to `f`: no reference count is touched if one was entered.
///
/// `None`, without calling `f`, if there is no current runtime.
pub fn with_current<T>(f: impl FnOnce(&AnyRuntime) -> T) -> Option<T> {
    let mut f = Some(f);
    let mut call = |rt: &AnyRuntime| f.take().map(|f| f(rt));
    let entered = THREAD.try_with(|thread| {
        // Out of its list before it is lent: `f` may enter another above it.
        let above = thread.above.borrow().last().cloned();
        match above {
            Some(top) => call(&top),
            None => thread.entered.borrow().as_ref().and_then(&mut call),
        }
    });
    match entered {
        Ok(Some(out)) => Some(out),
        _ => default().as_ref().and_then(call),
    }
}

/// Runs `f` with `rt` as the current runtime of this thread. For a backend's blocking threads.
pub fn enter<T>(rt: AnyRuntime, f: impl FnOnce() -> T) -> T {
    let mut runtime = Some(rt);
    let _inside = Inside::new(&mut runtime);
    f()
}

/// Runs `f` with `rt` as the current runtime, on a thread that polls its tasks meanwhile: a
/// worker's loop, or the loop of a `block_on`.
///
/// # Panics
///
/// At the caller, if this thread drives a runtime already, which would stall every task on it.
#[track_caller]
pub fn drive<T>(rt: AnyRuntime, f: impl FnOnce() -> T) -> T {
    assert!(
        !is_driving(),
        "block_on was called on a thread that is driving async tasks, which it would stall: \
         `.await` the future instead, or move the blocking call into \
         `task::spawn_blocking` or `task::block_in_place`"
    );
    enter(rt, || with_driving(true, f))
}

/// Runs `f` on a thread that is not counted as driving meanwhile, so that `f` may block on a
/// runtime: what `block_in_place` and blocking closures stand in.
pub fn undriven<T>(f: impl FnOnce() -> T) -> T {
    budget::unlimited(|| with_driving(false, f))
}

/// True on a thread that is polling tasks of any anyrt runtime.
#[must_use]
pub fn is_driving() -> bool {
    THREAD
        .try_with(|thread| thread.driving.get())
        .unwrap_or(false)
}

pin_project! {
    /// The outermost future of every task: it refills the budget before each poll, and, on threads
    /// that are not the backend's own, enters the runtime around each poll and around the drop.
    ///
    /// Entering costs about 30 instructions a poll and touches no reference count.
    #[must_use = "futures do nothing unless polled"]
    pub struct Root<F> {
        // `None` once dropped, which `PinnedDrop` does with the runtime entered.
        #[pin]
        future: Option<F>,
        runtime: Option<AnyRuntime>,
    }

    impl<F> PinnedDrop for Root<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            match this.runtime {
                Some(_) => inside_task(this.runtime, || this.future.set(None)),
                None => this.future.set(None),
            }
        }
    }
}

impl<F: Future> Root<F> {
    /// For a task that is only ever polled inside [`drive`].
    pub fn new(future: F) -> Self {
        Root {
            future: Some(future),
            runtime: None,
        }
    }

    /// For a task that foreign threads poll: `runtime` is current, and driving, around each poll
    /// and around the drop.
    pub fn entering(runtime: AnyRuntime, future: F) -> Self {
        Root {
            future: Some(future),
            runtime: Some(runtime),
        }
    }
}

impl<F: Future> Future for Root<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this
            .future
            .as_pin_mut()
            .expect("the future stays until the drop");
        match this.runtime {
            Some(_) => inside_task(this.runtime, || budget::refilled(|| future.poll(cx))),
            None => budget::refilled(|| future.poll(cx)),
        }
    }
}

impl<F> fmt::Debug for Root<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root")
            .field("runtime", &self.runtime)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`AnyRuntime::scope`]: a runtime is current around each poll and around the
    /// drop. Inside a task it spends that task's budget.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Scope<F> {
        #[pin]
        root: Root<F>,
    }
}

impl<F: Future> Scope<F> {
    pub(crate) fn new(runtime: AnyRuntime, future: F) -> Self {
        Scope {
            root: Root::entering(runtime, future),
        }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let root = self.project().root.project();
        let future = root.future.as_pin_mut();
        let future = future.expect("the future stays until the drop");
        inside_task(root.runtime, || budget::limited(|| future.poll(cx)))
    }
}

/// A resolver of the process default: asked each time a thread without an entered runtime needs
/// one.
pub type Resolver = fn() -> Option<AnyRuntime>;

/// Another default is set already: see [`AnyRuntime::set_default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetDefaultError {
    first: &'static Location<'static>,
}

impl fmt::Display for SetDefaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "another default runtime was installed at {}", self.first)
    }
}

impl Error for SetDefaultError {}

/// Its kind is `AlreadyExists`, so that a `main` which returns `io::Result` may use `?`.
impl From<SetDefaultError> for io::Error {
    fn from(e: SetDefaultError) -> Self {
        io::Error::new(io::ErrorKind::AlreadyExists, e)
    }
}

#[track_caller]
pub(crate) fn set_default(resolver: Resolver) -> Result<(), SetDefaultError> {
    // Asked here: inside the closure it would be the closure's own place.
    let here = Location::caller();
    let (first, location) = DEFAULT.get_or_init(|| (resolver, here));
    if std::ptr::fn_addr_eq(*first, resolver) {
        return Ok(());
    }
    Err(SetDefaultError { first: location })
}

/// The panic of a bare form that found no runtime: `called` is the place to mend.
#[cold]
#[track_caller]
pub(crate) fn no_runtime(called: &'static Location<'static>) -> ! {
    panic!(
        "no anyrt runtime is current on this thread (the call stands at {called}). Three ways out: \
         run the code inside a runtime (`#[anyrt::main(native)]`, or `runtime.block_on(..)`); \
         pass a runtime explicitly (the `_in` form, such as `TcpStream::connect_in(addr, &rt)`); \
         or, in a program that runs on tokio, call `anyrt::tokio::install()` once at its start"
    )
}

/// The runtime of a bare form: taken at the call if there is one, else at the first use.
///
/// With the runtime in its type (`R`) for objects that serve both forms; the `_in` forms are bound
/// from the start.
#[derive(Debug, Clone)]
pub(crate) struct Late<R = AnyRuntime> {
    bound: Option<R>,
    unbound: Unbound<R>,
}

/// Where the runtime of a bare form comes from that had none at its call. It has nothing to drop.
pub(crate) struct Unbound<R = AnyRuntime> {
    current: fn() -> Option<R>,
    called: &'static Location<'static>,
}

impl Late {
    /// Takes the current runtime, or remembers the caller's place.
    #[track_caller]
    pub(crate) fn here() -> Self {
        Late {
            bound: AnyRuntime::try_current(),
            unbound: Unbound {
                current: AnyRuntime::try_current,
                called: Location::caller(),
            },
        }
    }
}

impl<R> Late<R> {
    /// A runtime that was given.
    #[track_caller]
    pub(crate) fn now(rt: R) -> Self {
        Late {
            bound: Some(rt),
            unbound: Unbound {
                current: || None,
                called: Location::caller(),
            },
        }
    }

    /// The same without the runtime in its type.
    pub(crate) fn erase(self) -> Late
    where
        R: Core,
    {
        Late {
            bound: self.bound.map(AnyRuntime::new),
            unbound: self.unbound.erase(),
        }
    }

    /// The runtime, if it has one already; else where one is to come from.
    pub(crate) fn into_bound(self) -> Result<R, Unbound<R>> {
        self.bound.ok_or(self.unbound)
    }

    /// The runtime, taken now if the call had none. Once taken it is kept.
    ///
    /// # Panics
    ///
    /// If there is none now either; the message names the place of the call.
    pub(crate) fn runtime(&mut self) -> &R {
        let unbound = self.unbound;
        self.bound.get_or_insert_with(|| unbound.runtime())
    }
}

impl<R> Unbound<R> {
    /// The runtime that is current now.
    ///
    /// # Panics
    ///
    /// If there is none; the message names the place of the call.
    pub(crate) fn runtime(self) -> R {
        (self.current)().unwrap_or_else(|| no_runtime(self.called))
    }

    /// The same without the runtime in its type.
    pub(crate) fn erase(self) -> Unbound {
        Unbound {
            current: AnyRuntime::try_current,
            called: self.called,
        }
    }
}

// Not derived: it has no runtime yet, so that one need not be `Copy`.
impl<R> Clone for Unbound<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Unbound<R> {}

impl<R> fmt::Debug for Unbound<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unbound")
            .field("called", &self.called)
            .finish_non_exhaustive()
    }
}

fn default() -> Option<AnyRuntime> {
    DEFAULT.get().and_then(|(resolver, _)| resolver())
}

/// Polls and drops of a task: entered, and counted as driving.
fn inside_task<T>(runtime: &mut Option<AnyRuntime>, f: impl FnOnce() -> T) -> T {
    let _inside = Inside::new(runtime);
    with_driving(true, f)
}

fn with_driving<T>(driving: bool, f: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = THREAD.try_with(|thread| thread.driving.set(self.0));
        }
    }
    let _restore = THREAD
        .try_with(|thread| thread.driving.replace(driving))
        .ok()
        .map(Restore);
    f()
}

/// A runtime swapped into the thread for a while.
///
/// Two places, because a lent runtime cannot be swapped out from under its borrower: code that runs
/// inside [`with_current`] and enters another runtime pushes it `above`, where it is cloned to be
/// lent and so never borrowed for long.
struct Inside<'a> {
    runtime: &'a mut Option<AnyRuntime>,
    place: Place,
}

enum Place {
    Swapped,
    Above,
    /// The thread is ending and its locals are gone.
    Nowhere,
}

impl<'a> Inside<'a> {
    #[inline]
    fn new(runtime: &'a mut Option<AnyRuntime>) -> Self {
        let place = THREAD.try_with(|thread| {
            if thread.above.borrow().is_empty()
                && let Ok(mut entered) = thread.entered.try_borrow_mut()
            {
                std::mem::swap(&mut *entered, runtime);
                return Place::Swapped;
            }
            if let Some(rt) = runtime.take() {
                thread.above.borrow_mut().push(rt);
            }
            Place::Above
        });
        Inside {
            runtime,
            place: place.unwrap_or(Place::Nowhere),
        }
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        let _ = THREAD.try_with(|thread| match self.place {
            Place::Swapped => std::mem::swap(&mut *thread.entered.borrow_mut(), self.runtime),
            Place::Above => *self.runtime = thread.above.borrow_mut().pop(),
            Place::Nowhere => {}
        });
    }
}

struct Thread {
    entered: RefCell<Option<AnyRuntime>>,
    above: RefCell<Vec<AnyRuntime>>,
    driving: Cell<bool>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            entered: RefCell::new(None),
            above: RefCell::new(Vec::new()),
            driving: Cell::new(false),
        }
    };
}

static DEFAULT: OnceLock<(Resolver, &'static Location<'static>)> = OnceLock::new();
