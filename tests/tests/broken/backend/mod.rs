//! The native runtime, with a mutant at each of its doors: [`Broken`].
//!
//! Every call of a law goes through a hook of the process's [`Mutant`], which forwards unless it is
//! the one that is broken. The wrapper is compiled once, whatever the number of mutants. This file
//! is the owner and the handle; the others are one subject each.

mod file;
mod notes;
mod os;
mod path;
mod task;
mod tcp;
mod time;
mod udp;
mod unix;

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::any::Capabilities;
use anyrt_api::io::Wait;
use anyrt_api::{AnyRuntime, BlockOn, Core, Entropy, Runtime};
use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_native::Native;

pub(crate) use file::{Entry, File, Folder};
pub(crate) use notes::{Notes, locked, waker};
pub(crate) use task::{Answer, Call, Handle, Job, Kind, Task};
pub(crate) use tcp::{Listener, Tcp};
pub(crate) use time::Alarm;
pub(crate) use udp::Udp;
pub(crate) use unix::{UnixDatagram, UnixListener, UnixStream};

use crate::mutant::Mutant;
use crate::mutants;

/// The backend, as the suite starts it. Which mutant it has is said by [`mutants::VARIABLE`].
#[derive(Debug)]
pub(crate) struct Broken;

impl Backend for Broken {
    type Owner = Owner;
    const NAME: &'static str = "broken";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Os, Capability::Threads, Capability::Unix];
    const DEVIATIONS: &'static [Deviation] = anyrt_tests::Native::DEVIATIONS;

    fn start(setup: &Setup) -> io::Result<Owner> {
        let mutant = mutants::of_this_process();
        let native = mutant.start(setup)?;
        let life = Life {
            mutant,
            number: STARTED.fetch_add(1, Ordering::SeqCst),
            setup: setup.clone(),
            closing: Notes::default(),
            closed: Notes::default(),
            notes: Notes::default(),
        };
        let rt = Sick {
            native: native.handle(),
            life: Arc::new(life),
        };
        mutant.started(&rt);
        Ok(Owner {
            native: Some(native),
            rt,
        })
    }
}

/// How many runtimes this process has started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// The future of an operation.
pub(crate) type Doing<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// What a poll of an operation answers.
pub(crate) type Io<T> = Poll<io::Result<T>>;

/// One poll of an operation that may wait: the task's context, and the waiter's place.
pub(crate) struct Turn<'a, 'b> {
    pub(crate) cx: &'a mut Context<'b>,
    pub(crate) wait: &'a mut Wait,
}

/// The owner.
pub(crate) struct Owner {
    /// `None` once it was shut down.
    pub(crate) native: Option<anyrt_native::Runtime>,
    pub(crate) rt: Sick,
}

impl Owner {
    pub(crate) fn native(&self) -> &anyrt_native::Runtime {
        self.native.as_ref().expect("it is there until the end")
    }

    /// Drives `future`, with `current` as the current runtime.
    pub(crate) fn drive(&self, future: Pin<&mut dyn Future<Output = ()>>, current: &AnyRuntime) {
        self.native().block_on(current.scope(future));
    }

    /// Shuts the runtime down.
    pub(crate) fn end(&mut self, limit: Duration) {
        if let Some(native) = self.native.take() {
            native.shutdown(limit);
        }
    }
}

impl BlockOn for Owner {
    type Runtime = Sick;

    fn handle(&self) -> Sick {
        self.rt.mutant().handle(self)
    }

    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut output = None;
        let run = async { output = Some(future.await) };
        self.rt.mutant().block_on(self, pin!(run));
        output.expect("block_on returns once its future is done")
    }

    fn shutdown(mut self, limit: Duration) {
        self.rt.life.closing.mark();
        self.rt.mutant().shutdown(&mut self, limit);
        self.rt.life.closed.mark();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if self.native.is_some() {
            self.rt.life.closing.mark();
            self.rt.mutant().owner_dropped(self);
        }
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rt.fmt(f)
    }
}

/// The handle.
#[derive(Clone)]
pub(crate) struct Sick {
    pub(crate) native: Native,
    life: Arc<Life>,
}

struct Life {
    mutant: &'static dyn Mutant,
    number: usize,
    setup: Setup,
    closing: Notes,
    closed: Notes,
    notes: Notes,
}

impl Sick {
    pub(crate) fn mutant(&self) -> &'static dyn Mutant {
        self.life.mutant
    }

    /// Runtimes are numbered from zero, in the order of their start.
    pub(crate) fn number(&self) -> usize {
        self.life.number
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.life.setup
    }

    /// What the mutant notes about this runtime.
    pub(crate) fn notes(&self) -> &Notes {
        &self.life.notes
    }

    /// True once its end has begun.
    pub(crate) fn is_closing(&self) -> bool {
        self.life.closing.is_marked()
    }

    /// True once it was shut down.
    pub(crate) fn is_closed(&self) -> bool {
        self.life.closed.is_marked()
    }

    /// The runtime that is current here, if it is one of ours.
    pub(crate) fn current() -> Option<Sick> {
        AnyRuntime::try_current()?.downcast_ref::<Sick>().cloned()
    }
}

impl fmt::Debug for Sick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sick").field(&self.native).finish()
    }
}

impl Core for Sick {
    // Errors come from the native runtime, and name it.
    const NAME: &'static str = Native::NAME;

    fn capabilities(c: &mut Capabilities<Self>) {
        mutants::of_this_process().capabilities(c);
    }
}

impl Runtime for Sick {}

impl Entropy for Sick {
    fn fill_bytes(&self, buf: &mut [u8]) {
        self.mutant().fill_bytes(self, buf);
    }
}
