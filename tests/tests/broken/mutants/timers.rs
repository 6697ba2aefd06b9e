//! Mutants of the clock and its alarms: L066 to L085.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::backend::{Alarm, Sick};
use crate::mutant::Mutant;

mutants! {
    RingsEarly: l068_never_early => Broken;
    ForgetsWhoWaits: l070_the_deadline_is_fixed_at_the_call => Hang;
}

/// An alarm rings a millisecond early.
#[derive(Default)]
struct RingsEarly;

impl Mutant for RingsEarly {
    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let early = deadline.checked_sub(Duration::from_millis(1));
        Alarm::new(rt, early.unwrap_or(deadline))
    }
}

/// An alarm that waits forgets its waker.
#[derive(Default)]
struct ForgetsWhoWaits;

impl Mutant for ForgetsWhoWaits {
    fn poll_sleep(&self, alarm: &mut Alarm, _cx: &mut Context<'_>) -> Poll<()> {
        alarm.poll_raw(&mut Context::from_waker(Waker::noop()))
    }
}
