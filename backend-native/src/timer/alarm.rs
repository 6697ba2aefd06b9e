//! The alarm of the driver: for when it is set, and whether an insertion comes before that.
//!
//! Pure but for the atomic: it knows no wheel, no clock and no thread. `shards.rs` calls it; the
//! protocol is that of `ALARM.md`.

use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use crate::sync::AtomicU64;

/// The driver is awake, or rings so soon that nobody has to wake it: it will look for itself.
const AWAKE: u64 = 0;
/// It goes to sleep and does not know yet for how long.
const SETTING: u64 = u64::MAX;
/// No tick that ever comes: the alarm of a driver that sleeps until it is woken.
pub(super) const NEVER: u64 = u64::MAX - 1;

/// One word: `AWAKE`, `SETTING`, or the tick at which a sleeping driver rings.
///
/// Each write is a read-modify-write: so a chain of them stays one, and whoever reads the last has
/// seen what came before the first.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Alarm(AtomicU64);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(AWAKE))
    }

    /// From the driver, before it reads the next tick of every shard.
    pub(crate) fn begin(&self) {
        // Acquire: pairs with the Release in `forestall`. Who came before has its tick seen by us;
        // who comes later sees that we set the alarm.
        self.0.swap(SETTING, AcqRel);
    }

    /// From the driver, which has read them all: it rings at `tick`, or with `None` by itself
    /// before anybody minds. False if an insertion came in between: it has to look again.
    #[must_use]
    pub(crate) fn set(&self, tick: Option<u64>) -> bool {
        let tick = tick.unwrap_or(AWAKE);
        let set = self.0.compare_exchange(SETTING, tick, Relaxed, Relaxed);
        set.is_ok()
    }

    /// From the driver, when it wakes and before it fires.
    pub(crate) fn wake(&self) {
        if self.0.load(Relaxed) != AWAKE {
            self.0.swap(AWAKE, Relaxed);
        }
    }

    /// From an insertion that has just lowered its shard's next tick to `tick`. If the alarm is for
    /// later it is taken down; true if the driver sleeps then, and has to be woken.
    #[must_use]
    pub(crate) fn forestall(&self, tick: u64) -> bool {
        // Release: pairs with the Acquire in `begin`. It reads the last value there is.
        let mut alarm = self.0.fetch_add(0, AcqRel);
        while tick < alarm {
            match self.0.compare_exchange(alarm, AWAKE, Relaxed, Relaxed) {
                Ok(_) => return alarm != SETTING,
                Err(now) => alarm = now,
            }
        }
        false
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn one_insertion_wakes_a_driver_that_sleeps_for_too_long() {
        let alarm = Alarm::new();
        assert!(!alarm.forestall(5), "nobody sleeps");
        alarm.begin();
        assert!(alarm.set(Some(10)));
        assert!(!alarm.forestall(10), "it rings then");
        assert!(alarm.forestall(9));
        assert!(!alarm.forestall(8), "it is woken already");
    }

    #[test]
    fn an_insertion_while_the_alarm_is_set_keeps_the_driver_awake() {
        let alarm = Alarm::new();
        alarm.begin();
        assert!(!alarm.forestall(NEVER - 1), "it does not sleep yet");
        assert!(!alarm.set(Some(NEVER)));
        alarm.begin();
        assert!(alarm.set(Some(NEVER)));
        assert!(alarm.forestall(NEVER - 1));
    }

    #[test]
    fn a_driver_that_rings_by_itself_soon_is_not_woken() {
        let alarm = Alarm::new();
        alarm.begin();
        assert!(alarm.set(None));
        assert!(!alarm.forestall(1));
        alarm.wake();
        assert!(!alarm.forestall(1));
    }
}
