//! Where a law runs: [`Lab`] starts runtimes for it. Knows nothing of processes and reports.

use std::env;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use anyrt_api::{AnyRuntime, BlockOn};

use crate::{Backend, Capability, Setup};

/// What a law about life cycles is given: a way to start runtimes of the backend under test.
pub struct Lab<B> {
    _backend: PhantomData<fn() -> B>,
}

/// The handle of a backend's runtime.
pub(crate) type HandleOf<B> = <<B as Backend>::Owner as BlockOn>::Runtime;

impl<B: Backend> Lab<B> {
    pub(crate) fn new() -> Self {
        Lab {
            _backend: PhantomData,
        }
    }

    /// A fresh runtime with the default setup.
    pub fn start(&self) -> B::Owner {
        self.start_with(|_| {})
    }

    /// A fresh runtime with a setup of the law's own.
    pub fn start_with(&self, change: impl FnOnce(&mut Setup)) -> B::Owner {
        let mut setup = Setup::default();
        if let Some(counts) = worker_counts() {
            setup.workers = counts[0];
        }
        change(&mut setup);
        B::start(&setup).expect("the backend starts")
    }

    /// True if the backend has this.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        B::CAPABILITIES.contains(&capability)
    }

    /// Runs a law's future in `block_on` of a runtime with two workers, then of one with one: what
    /// holds with several threads must hold with one too, and the other way round. Or with as many
    /// as `LAWS_WORKERS` says.
    pub(crate) fn run<F: Future<Output = ()>>(&self, law: fn(HandleOf<B>) -> F) {
        for owner in self.rounds() {
            owner.block_on(law(owner.handle()));
            owner.shutdown(GRACE);
        }
    }

    /// The same over the erased handle: the way to optional traits, which a generic table cannot
    /// ask of every backend.
    pub(crate) fn run_erased<F: Future<Output = ()>>(&self, law: fn(AnyRuntime) -> F) {
        for owner in self.rounds() {
            owner.block_on(law(AnyRuntime::new(owner.handle())));
            owner.shutdown(GRACE);
        }
    }

    /// One runtime after another, as many workers as a law is to hold with. The output of a law
    /// that fails says which it was.
    fn rounds(&self) -> impl Iterator<Item = B::Owner> {
        let rounds = worker_counts().unwrap_or_else(|| vec![2, 1]);
        rounds.into_iter().map(|workers| {
            println!("with {workers} workers:");
            self.start_with(|setup| setup.workers = workers)
        })
    }
}

impl<B: Backend> fmt::Debug for Lab<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lab").field(&B::NAME).finish()
    }
}

/// The numbers of workers with which a law is shown, one after the other, if `LAWS_WORKERS` says
/// so, as `1,2,64`. A law that starts its own runtimes has the first of them where it does not ask
/// for another.
///
/// # Panics
///
/// If it is set and is not a list of numbers of at least 1.
pub(crate) fn worker_counts() -> Option<Vec<usize>> {
    let text = env::var(WORKERS).ok()?;
    let count = |count: &str| count.trim().parse().ok().filter(|count| *count >= 1);
    let counts: Option<Vec<_>> = text.split(',').map(count).collect();
    Some(counts.unwrap_or_else(|| panic!("{WORKERS}={text} is not a list of numbers from 1 on")))
}

/// How many workers the runtimes of a run have, if it is set.
pub(crate) const WORKERS: &str = "LAWS_WORKERS";
/// How long a law's leftovers may take to go.
const GRACE: Duration = Duration::from_secs(5);
