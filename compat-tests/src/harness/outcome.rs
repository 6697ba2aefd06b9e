//! What a verdict means for the backend: [`Judged`], and the sums of a run.
//!
//! Knows nothing of how it is written down.

use std::time::Duration;

use crate::bound::Measured;
use crate::{Backend, Capability, Class, Deviation, Group, Law, Verdict};

/// One law, and what came of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) name: &'static str,
    pub(super) group: &'static Group,
    pub(super) class: Class,
    pub(super) needs: Vec<Capability>,
    /// What the backend's list says of it, whatever came of it.
    pub(super) deviation: Option<&'static Deviation>,
    pub(super) outcome: Outcome,
    pub(super) measured: Vec<Measured>,
    pub(super) took: Duration,
    /// After how many tries the verdict stood: a measured time may be beyond its bound by chance.
    pub(super) tries: u32,
}

/// What one law means for the run.
#[derive(Debug)]
pub(super) enum Outcome {
    Held,
    /// It is broken, and the backend says so.
    Deviates,
    Skipped(Capability),
    /// The machine cannot show it, and this is why.
    Unshown(String),
    /// It holds, and the backend says that it does not.
    Undeserved,
    /// It is broken, and nobody said so.
    Failed(Verdict),
}

impl Judged {
    /// Why it is on the backend's list, if it is.
    pub(super) fn why(&self) -> &'static str {
        self.deviation.map_or("", |deviation| deviation.why)
    }

    /// A law that has not run: skipped, if the backend has not got what it needs.
    pub(super) fn expected<B: Backend>(law: &Law<B>) -> Self {
        let outcome = match (law.missing(), law.deviation()) {
            (Some(missing), _) => Outcome::Skipped(missing),
            (None, Some(_)) => Outcome::Deviates,
            (None, None) => Outcome::Held,
        };
        Judged {
            name: law.name(),
            group: law.group(),
            class: law.class(),
            needs: law.needed().to_vec(),
            deviation: law.deviation(),
            outcome,
            measured: Vec::new(),
            took: Duration::ZERO,
            tries: 0,
        }
    }

    /// A law that has run.
    pub(super) fn after<B: Backend>(
        law: &Law<B>,
        verdict: Verdict,
        took: Duration,
        tries: u32,
    ) -> Self {
        let measured = verdict.measured().to_vec();
        let outcome = match (verdict, law.deviation()) {
            (Verdict::Unshown { why }, _) => Outcome::Unshown(why),
            (Verdict::Held { .. }, None) => Outcome::Held,
            (Verdict::Held { .. }, Some(_)) => Outcome::Undeserved,
            (verdict, None) => Outcome::Failed(verdict),
            (_, Some(_)) => Outcome::Deviates,
        };
        Judged {
            outcome,
            measured,
            took,
            tries,
            ..Judged::expected(law)
        }
    }
}

/// The sums of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) held: usize,
    pub(super) failed: usize,
    pub(super) deviations: usize,
    pub(super) skipped: usize,
    /// What this machine cannot show.
    pub(super) unshown: usize,
    /// Promises that no law shows.
    pub(super) untested: usize,
    /// Laws that were left out.
    pub(super) filtered: usize,
}

impl Sums {
    pub(super) fn add(&mut self, judged: &Judged) {
        *match judged.outcome {
            Outcome::Held => &mut self.held,
            Outcome::Deviates => &mut self.deviations,
            Outcome::Skipped(_) => &mut self.skipped,
            Outcome::Unshown(_) => &mut self.unshown,
            Outcome::Failed(_) | Outcome::Undeserved => &mut self.failed,
        } += 1;
    }

    /// How many laws ran.
    pub(super) fn ran(&self) -> usize {
        self.held + self.failed + self.deviations
    }
}
