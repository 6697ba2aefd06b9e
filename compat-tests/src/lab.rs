//! Where a law runs: [`Lab`] starts runtimes for it. Knows nothing of processes and reports.

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
        for workers in worker_counts() {
            let owner = self.start_with(|setup| setup.workers = workers);
            owner.block_on(law(owner.handle()));
            owner.shutdown(GRACE);
        }
    }

    /// The same over the erased handle: the way to optional traits, which a generic table cannot
    /// ask of every backend.
    pub(crate) fn run_erased<F: Future<Output = ()>>(&self, law: fn(AnyRuntime) -> F) {
        for workers in worker_counts() {
            let owner = self.start_with(|setup| setup.workers = workers);
            owner.block_on(law(AnyRuntime::new(owner.handle())));
            owner.shutdown(GRACE);
        }
    }
}

impl<B: Backend> fmt::Debug for Lab<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lab").field(&B::NAME).finish()
    }
}

/// The numbers of workers with which a law is shown, one after the other: `LAWS_WORKERS`, as
/// `1,2,64`, or 2 and 1.
fn worker_counts() -> Vec<usize> {
    let text = std::env::var("LAWS_WORKERS").unwrap_or_default();
    let counts = text
        .split(',')
        .filter_map(|count| count.trim().parse().ok());
    let counts: Vec<usize> = counts.filter(|count| *count > 0).collect();
    match counts.is_empty() {
        true => vec![2, 1],
        false => counts,
    }
}

/// How long a law's leftovers may take to go.
const GRACE: Duration = Duration::from_secs(5);
