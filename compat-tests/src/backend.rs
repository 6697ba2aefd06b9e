//! What a backend tells the suite of itself: [`Backend`].
//!
//! Knows nothing of laws or of how they are run.

use std::fmt;
use std::io;
use std::time::Duration;

use anyrt_api::BlockOn;
use serde::Serialize;

/// A backend under test. Its conformance file implements this and calls [`main`](crate::main).
pub trait Backend: 'static {
    /// What the backend's application holds.
    type Owner: BlockOn;

    /// The backend's name in the report.
    const NAME: &'static str;

    /// The laws that this backend is known to break, each with the reason and with what its user
    /// should do. One that holds after all fails the run, and so does one that is about no law, so
    /// that the list says no more than is true.
    const DEVIATIONS: &'static [Deviation] = &[];

    /// What it has besides the contract's required traits. Laws that need more are skipped, and the
    /// report says so.
    const CAPABILITIES: &'static [Capability];

    /// The name of this backend as it is started here: the report tells several ways apart by it.
    #[must_use]
    fn title() -> String {
        Self::NAME.to_owned()
    }

    /// Starts a fresh runtime.
    ///
    /// # Errors
    ///
    /// What the backend's own constructor gives.
    fn start(setup: &Setup) -> io::Result<Self::Owner>;
}

/// How a law wants its runtime. A backend heeds what it can.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setup {
    /// Threads that poll tasks, where they can be chosen.
    pub workers: usize,
    /// The limit of threads for blocking closures, where it can be chosen.
    pub blocking_threads: usize,
    /// How long a thread for blocking closures waits for the next one before it ends, where it can
    /// be chosen.
    pub blocking_keep_alive: Duration,
    /// What a simulated backend draws its decisions from. Others ignore it.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            workers: 2,
            blocking_threads: 8,
            blocking_keep_alive: Duration::from_secs(10),
            seed: 0,
        }
    }
}

/// What a backend may have besides the contract's required traits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Capability {
    /// Its sockets and files are an operating system's: `OsHandles`, and what a law can see from
    /// outside (`/proc`, signals, std's sockets as peers). These laws are written for Unix.
    Os,
    /// It has threads of its own, so that it makes progress while nobody is inside `block_on`, and
    /// its objects may be used from several threads at once.
    Threads,
    /// It has Unix sockets.
    Unix,
    /// Its clock is its own: time passes when all of its tasks wait, so that years go by at once.
    VirtualTime,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Capability::Os => "objects of an operating system",
            Capability::Threads => "threads of its own",
            Capability::Unix => "Unix sockets",
            Capability::VirtualTime => "a clock of its own",
        })
    }
}

/// A law that a backend is known to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Deviation {
    /// The law's id (`"L042"`), or its full name where one case of several is meant.
    pub law: &'static str,
    /// Why the backend breaks it.
    pub why: &'static str,
    /// What a user of the backend should do.
    pub advice: &'static str,
}

impl Deviation {
    /// True if this deviation is about the law of that name.
    pub(crate) fn is_about(&self, name: &str) -> bool {
        name == self.law
            || name.split('_').next().map(str::to_uppercase).as_deref() == Some(self.law)
    }

    /// What is wrong with it in a list that users read, where these are the names of the laws.
    pub(crate) fn fault<'a>(&self, mut laws: impl Iterator<Item = &'a str>) -> Option<String> {
        let Deviation { law, why, advice } = self;
        let is_known = laws.any(|name| self.is_about(name)) || !crate::laws::ARE_ALL_HERE;
        match (is_known, why.trim(), advice.trim()) {
            (false, ..) => Some(format!("`{law}` is no law")),
            (_, "", _) => Some(format!("{law} has no reason")),
            (.., "") => Some(format!("{law} says not what a user should do")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deviation_names_an_id_or_a_case() {
        let id = Deviation {
            law: "L042",
            why: "",
            advice: "",
        };
        assert!(id.is_about("l042_idle_threads_exit"));
        assert!(!id.is_about("l043_idle_threads_exit"));
        let case = Deviation {
            law: "l042_idle_threads_exit",
            why: "",
            advice: "",
        };
        assert!(case.is_about("l042_idle_threads_exit"));
        assert!(!case.is_about("l042_busy_threads_stay"));
    }

    #[test]
    fn a_deviation_says_of_a_law_why_and_what_to_do() {
        let fault = |law, why, advice| Deviation { law, why, advice }.fault(["l042_a"].into_iter());
        assert_eq!(fault("L042", "it is so", "wait"), None);
        assert!(fault("L042", " ", "wait").is_some());
        assert!(fault("L042", "it is so", "").is_some());
        assert_eq!(fault("l042_b", "it is so", "wait").is_some(), cfg!(unix));
    }
}
