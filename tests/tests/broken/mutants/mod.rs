//! The mutants: which defect breaks which law, and how it shows.
//!
//! A mutant is a type of at most 30 lines whose doc says in one sentence what it does wrong, and a
//! line in the table at the head of its file. The files are the groups of the catalogue of laws.

/// The table of a file: a mutant, the law that must find it, and the verdict.
macro_rules! mutants {
    ($($mutant:ident: $law:ident => $expected:ident;)+) => {
        pub(super) fn table() -> Vec<$crate::mutants::Row> {
            vec![$($crate::mutants::Row {
                mutant: stringify!($mutant),
                law: stringify!($law),
                expected: $crate::mutants::Expected::$expected,
                make: || Box::new($mutant::default()),
            },)+]
        }
    };
}

mod addresses;
mod blocking;
mod cancel;
mod current;
mod fairness;
mod faults;
mod files;
mod lifecycle;
mod mixing;
mod names;
mod paths;
mod resources;
mod shutdown;
mod streams;
mod tasks;
mod tcp;
mod timers;
mod udp;
mod unix;
mod wakers;

use std::env;
use std::sync::OnceLock;
use std::time::Duration;

use anyrt_laws::Verdict;

use crate::mutant::{Healthy, Mutant};

/// A mutant and the law that must find it.
pub(crate) struct Row {
    /// The name of its type.
    pub(crate) mutant: &'static str,
    /// The name of the law's function.
    pub(crate) law: &'static str,
    pub(crate) expected: Expected,
    make: fn() -> Box<dyn Mutant>,
}

/// What a law says of a backend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Expected {
    Held,
    Broken,
    /// A measured time was beyond its bound.
    Slow,
    Hang,
    Abort,
    /// Nothing: this machine cannot show it.
    Unshown,
}

impl Expected {
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Held { .. } => Expected::Held,
            Verdict::Broken { .. } => Expected::Broken,
            Verdict::Slow { .. } => Expected::Slow,
            Verdict::Hang { .. } => Expected::Hang,
            Verdict::Unshown { .. } => Expected::Unshown,
            _ => Expected::Abort,
        }
    }
}

/// All of them, in the order of the catalogue.
pub(crate) fn table() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(wakers::table());
    rows.extend(tasks::table());
    rows.extend(cancel::table());
    rows.extend(blocking::table());
    rows.extend(lifecycle::table());
    rows.extend(shutdown::table());
    rows.extend(fairness::table());
    rows.extend(timers::table());
    rows.extend(streams::table());
    rows.extend(tcp::table());
    rows.extend(addresses::table());
    rows.extend(udp::table());
    rows.extend(unix::table());
    rows.extend(names::table());
    rows.extend(files::table());
    rows.extend(faults::table());
    rows.extend(paths::table());
    rows.extend(mixing::table());
    rows.extend(resources::table());
    rows.extend(current::table());
    rows
}

/// The mutant of this process: that which [`VARIABLE`] names, or the healthy one.
pub(crate) fn of_this_process() -> &'static dyn Mutant {
    static CHOSEN: OnceLock<Box<dyn Mutant>> = OnceLock::new();
    &**CHOSEN.get_or_init(|| {
        let Some(name) = env::var_os(VARIABLE) else {
            return Box::new(Healthy);
        };
        let row = table().into_iter().find(|row| name == row.mutant);
        (row.expect("the mutant of that name").make)()
    })
}

/// A time that stays long where `LAWS_TIME_SCALE` widens the laws' bounds.
fn scaled(ms: u64) -> Duration {
    let scale = env::var("LAWS_TIME_SCALE").ok();
    let scale = scale.and_then(|scale| scale.parse::<f64>().ok());
    Duration::from_millis(ms).mul_f64(scale.unwrap_or(1.0).max(1.0))
}

/// Names the mutant of a law's process, which inherits it.
pub(crate) const VARIABLE: &str = "ANYRT_MUTANT";
