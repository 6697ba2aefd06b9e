//! Who may hold a file's advisory lock: [`Locks`], a count without system calls.
//!
//! The system's lock belongs to the open file, not to who asked. So a lock that is granted to a
//! caller who has left is released, but only if nobody else of this file holds it or waits for it.

#[derive(Debug, Default)]
pub(super) struct Locks {
    /// Callers who were not told yet: their call runs, or its outcome waits for them.
    untold: usize,
    /// The system has granted it.
    granted: bool,
    /// A caller was told that it holds the lock.
    held: bool,
}

impl Locks {
    /// A caller asks for the lock.
    pub(super) fn ask(&mut self) {
        self.untold += 1;
    }

    /// The system answered one call. True if the lock is nobody's, and is to be released.
    #[must_use]
    pub(super) fn answered(&mut self, granted: bool) -> bool {
        self.granted |= granted;
        self.is_stray()
    }

    /// A caller learned its answer. True if the lock is nobody's.
    #[must_use]
    pub(super) fn told(&mut self, granted: bool) -> bool {
        self.held |= granted;
        self.left()
    }

    /// A caller went away without its answer. True if the lock is nobody's.
    #[must_use]
    pub(super) fn left(&mut self) -> bool {
        self.untold -= 1;
        self.is_stray()
    }

    /// It was released.
    pub(super) fn released(&mut self) {
        self.granted = false;
        self.held = false;
    }

    fn is_stray(&self) -> bool {
        self.granted && !self.held && self.untold == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_granted_to_one_who_left_is_released() {
        let mut locks = Locks::default();
        locks.ask();
        assert!(!locks.left(), "it is not granted yet");
        assert!(locks.answered(true));
        // The same, with the answer first.
        locks.released();
        locks.ask();
        assert!(!locks.answered(true), "its caller is to be told");
        assert!(locks.left());
    }

    #[test]
    fn a_lock_that_another_holds_or_waits_for_is_kept() {
        let mut locks = Locks::default();
        locks.ask();
        locks.ask();
        assert!(!locks.left());
        assert!(!locks.answered(true), "the second still waits");
        assert!(!locks.answered(true));
        assert!(!locks.told(true), "the second holds it");
        locks.ask();
        assert!(!locks.left());
        assert!(!locks.answered(true), "it is held");
    }

    #[test]
    fn a_refusal_gives_back_what_was_granted_to_one_who_left() {
        let mut locks = Locks::default();
        locks.ask();
        locks.ask();
        assert!(!locks.left());
        assert!(!locks.answered(true), "the second still waits");
        assert!(!locks.answered(false));
        assert!(locks.told(false));
    }
}
