//! The scenarios: what is done, each written once over a contender.
//!
//! A file a subject. Each scenario is a generic function from an [`Owner`] to values, and
//! `everyone!` makes a cell of it for each contender. It knows nothing of rounds or of reports.

mod bare_echo;
mod blocked;
mod channel;
mod echo;
mod files;
mod http;
mod idle;
mod latency;
mod lock;
mod memory;
mod server;
mod spawn;
mod threads;
mod timers;
mod turns;
mod vectored;

use std::{
    fmt,
    future::Future,
    io,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    contender::{Direct, Erased, Handle, Owner, RawAsyncStd, RawSmol, RawTokio},
    figure::{Role, Value, median},
};

/// What a run is told.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Threads that run tasks.
    pub workers: usize,
    /// Less of everything, for a look.
    pub quick: bool,
}

impl Setup {
    /// `full`, or a tenth of it for a look.
    fn size(self, full: usize) -> usize {
        if self.quick { full.div_ceil(10) } else { full }
    }

    /// How long a run repeats what takes less.
    fn span(self) -> Duration {
        Duration::from_millis(if self.quick { 20 } else { 100 })
    }
}

/// Something that is measured on several contenders.
#[derive(Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, for the list.
    pub what: &'static str,
    /// Where its cells run.
    pub place: Place,
    /// One a contender.
    pub cells: Vec<Cell>,
}

/// Where a cell runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this process.
    Inside,
    /// In a process of its own, where no other contender has left threads.
    Apart,
    /// In one whose allocations are counted.
    Counted,
    /// In a process of its own, with sockets between it and what sends to it.
    Network,
}

/// Per cent that rounds may lie apart, half their range, before they are noisy.
pub const IN_PROCESS: f64 = 10.0;
/// The same where the network has a part in it.
pub const NETWORK: f64 = 20.0;

impl Scenario {
    /// Per cent that its rounds may lie apart, half their range, before they are noisy.
    pub fn spread_max(&self) -> f64 {
        match self.place {
            Place::Inside | Place::Apart | Place::Counted => IN_PROCESS,
            Place::Network => NETWORK,
        }
    }
}

/// A scenario on one contender.
pub struct Cell {
    /// Its name.
    pub contender: &'static str,
    /// What it is to the comparison.
    pub role: Role,
    /// Measures once.
    pub run: Measure,
}

/// A measurement.
pub type Measure = Box<dyn Fn(&Setup) -> io::Result<Vec<Value>>>;

impl Cell {
    /// A cell of any kind.
    pub fn new(
        contender: &'static str,
        role: Role,
        run: impl Fn(&Setup) -> io::Result<Vec<Value>> + 'static,
    ) -> Self {
        let run = Box::new(run);
        Self {
            contender,
            role,
            run,
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cell")
            .field("contender", &self.contender)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// All scenarios, in the order in which they run.
pub fn all() -> Vec<Scenario> {
    let mut all = spawn::scenarios();
    all.extend(turns::scenarios());
    all.extend(latency::scenarios());
    all.extend(channel::scenarios());
    all.extend(lock::scenarios());
    all.extend(timers::scenarios());
    all.extend(files::scenarios());
    all.extend(echo::scenarios());
    all.extend(http::scenarios());
    all.extend(vectored::scenarios());
    all.extend(memory::scenarios());
    all.extend(blocked::scenarios());
    all.extend(idle::scenarios());
    all
}

/// Cells of one generic function, one for each contender.
macro_rules! everyone {
    ($run:ident) => {
        vec![
            $crate::scenarios::Cell::new("native", Ours, $run::<Direct<anyrt_native::Runtime>>),
            $crate::scenarios::Cell::new("tokio", Ours, $run::<Direct<anyrt_tokio::Runtime>>),
            $crate::scenarios::Cell::new("smol", Ours, $run::<Direct<anyrt_smol::Runtime>>),
            $crate::scenarios::Cell::new("any-native", Ours, $run::<Erased<anyrt_native::Runtime>>),
            $crate::scenarios::Cell::new("any-tokio", Ours, $run::<Erased<anyrt_tokio::Runtime>>),
            $crate::scenarios::Cell::new("raw-tokio", Peer, $run::<RawTokio>),
            $crate::scenarios::Cell::new("raw-smol", Peer, $run::<RawSmol>),
            $crate::scenarios::Cell::new("async-std", Peer, $run::<RawAsyncStd>),
        ]
    };
}
use everyone;

/// What `everyone!` names.
mod names {
    pub(super) use super::{Direct, Erased, RawAsyncStd, RawSmol, RawTokio};
    pub(super) use crate::figure::Role::{Ours, Peer};
}

/// Starts a runtime, runs `f` in one of its tasks, and ends it.
fn in_task<O, F>(setup: &Setup, f: impl FnOnce(O::Handle, Setup) -> F) -> io::Result<F::Output>
where
    O: Owner,
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let owner = O::start(setup.workers)?;
    let handle = owner.handle();
    let output = owner.block_on(handle.spawn(f(handle.clone(), *setup)));
    owner.stop();
    Ok(output)
}

/// Does `f` for a while, once to warm up, and returns the median time that it took.
async fn typical<F: Future>(setup: Setup, mut f: impl FnMut() -> F) -> Duration {
    const LEAST: usize = 3;
    f().await;
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < LEAST || begin.elapsed() < setup.span() {
        let start = Instant::now();
        f().await;
        times.push(start.elapsed().as_secs_f64());
    }
    Duration::from_secs_f64(median(&times))
}

/// Has the system allow this process `n` descriptors, and some for itself.
///
/// # Errors
///
/// That it allows fewer at most.
fn more_descriptors(n: u64) -> io::Result<()> {
    const OWN: u64 = 200;
    let n = n + OWN;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= n) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|maximum| maximum < n) {
        let text = format!("{n} descriptors are needed; `ulimit -Hn {n}` allows them");
        return Err(io::Error::new(io::ErrorKind::QuotaExceeded, text));
    }
    let limit = Rlimit {
        current: Some(n),
        maximum: limit.maximum,
    };
    Ok(setrlimit(Resource::Nofile, limit)?)
}
