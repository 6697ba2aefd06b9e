//! The clock and its alarms.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use anyrt_api::Timer;
use anyrt_api::time::RawSleep;
use anyrt_native::Sleep;

use super::{Notes, Sick};

impl Timer for Sick {
    type Sleep = Alarm;

    fn now(&self) -> Instant {
        self.mutant().now(self)
    }

    fn wallclock(&self) -> SystemTime {
        self.mutant().wallclock(self)
    }

    fn sleep_until(&self, deadline: Instant) -> Alarm {
        self.mutant().sleep_until(self, deadline)
    }
}

/// An alarm.
pub(crate) struct Alarm {
    pub(crate) raw: Pin<Box<Sleep>>,
    /// What the raw one was set to.
    pub(crate) deadline: Instant,
    pub(crate) rt: Sick,
    pub(crate) notes: Notes,
}

impl Alarm {
    pub(crate) fn new(rt: &Sick, deadline: Instant) -> Self {
        Alarm {
            raw: Box::pin(rt.native.sleep_until(deadline)),
            deadline,
            rt: rt.clone(),
            notes: Notes::default(),
        }
    }

    /// Polls the native alarm.
    pub(crate) fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.raw.as_mut().poll(cx)
    }

    /// Sets the native alarm anew.
    pub(crate) fn reset_raw(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.raw.as_mut().reset(deadline);
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mutant = self.rt.mutant();
        mutant.poll_sleep(&mut self, cx)
    }
}

impl RawSleep for Alarm {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        let mutant = self.rt.mutant();
        mutant.reset(&mut self, deadline);
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.rt.mutant().sleep_dropped(self);
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}
