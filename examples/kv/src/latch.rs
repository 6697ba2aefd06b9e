//! A decision that is made once and for which any number of tasks wait.
//!
//! It knows nothing of what is decided: whether records are in the log, or that the server stops.

use std::sync::OnceLock;

use event_listener::Event;

/// A decision to come.
#[derive(Debug)]
pub(crate) struct Latch<T> {
    value: OnceLock<T>,
    decided: Event,
}

impl<T> Default for Latch<T> {
    fn default() -> Self {
        Self {
            value: OnceLock::new(),
            decided: Event::new(),
        }
    }
}

impl<T: Clone> Latch<T> {
    /// Decides, unless that was done before, and wakes everyone who waits.
    pub(crate) fn set(&self, value: T) {
        if self.value.set(value).is_ok() {
            self.decided.notify(usize::MAX);
        }
    }

    /// Waits for the decision. Dropping the future gives up nothing but the place in line.
    pub(crate) async fn wait(&self) -> T {
        loop {
            if let Some(value) = self.value.get() {
                return value.clone();
            }
            let decided = self.decided.listen();
            if self.value.get().is_none() {
                decided.await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, poll_once, zip};

    use super::*;

    #[test]
    fn all_who_wait_hear_the_first_decision() {
        block_on(async {
            let latch = Latch::default();
            assert_eq!(poll_once(latch.wait()).await, None);
            let decide = async {
                latch.set(1);
                latch.set(2);
            };
            let ((first, second), ()) = zip(zip(latch.wait(), latch.wait()), decide).await;
            assert_eq!((first, second), (1, 1));
            assert_eq!(latch.wait().await, 1);
        });
    }
}
