//! One write to the log, for which any number of clients wait.
//!
//! It knows nothing of what is written. The queue makes a group, the writer settles it, clients wait.

use std::fmt;
use std::sync::{Arc, OnceLock};

use event_listener::Event;

/// Why a write was refused; cheap to hand to every client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(Arc<str>);

impl Refusal {
    pub(crate) fn new(why: &str) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Records that reach the log together, or not at all.
#[derive(Debug, Default)]
pub(crate) struct Group {
    outcome: OnceLock<Result<(), Refusal>>,
    settled: Event,
}

impl Group {
    /// Decides the group, once, and wakes everyone who waits for it.
    pub(crate) fn settle(&self, outcome: Result<(), Refusal>) {
        if self.outcome.set(outcome).is_ok() {
            self.settled.notify(usize::MAX);
        }
    }

    /// Waits until the group is decided.
    pub(crate) async fn wait(&self) -> Result<(), Refusal> {
        loop {
            if let Some(outcome) = self.outcome.get() {
                return outcome.clone();
            }
            let settled = self.settled.listen();
            if self.outcome.get().is_none() {
                settled.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, poll_once, zip};

    use super::*;

    #[test]
    fn all_who_wait_hear_the_first_outcome() {
        block_on(async {
            let group = Group::default();
            assert_eq!(poll_once(group.wait()).await, None);
            let refusal = Refusal::new("the disk is full");
            let settle = async {
                group.settle(Err(refusal.clone()));
                group.settle(Ok(()));
            };
            let ((first, second), ()) = zip(zip(group.wait(), group.wait()), settle).await;
            assert_eq!(
                (first, second),
                (Err(refusal.clone()), Err(refusal.clone()))
            );
            assert_eq!(group.wait().await, Err(refusal));
        });
    }
}
