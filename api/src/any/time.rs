//! Erased clocks and alarms: [`AnySleep`], one box an alarm.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use super::{AnyRuntime, Erasing};
use crate::Core;
use crate::time::{RawSleep, Timer};

/// An alarm of any backend.
pub struct AnySleep {
    erased: Pin<Box<dyn RawSleep>>,
}

impl AnySleep {
    /// Erases a backend's alarm.
    pub(crate) fn new(raw: Pin<Box<impl RawSleep>>) -> Self {
        AnySleep { erased: raw }
    }
}

impl Future for AnySleep {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.erased.as_mut().poll(cx)
    }
}

impl RawSleep for AnySleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.erased.as_mut().reset(deadline);
    }
}

impl fmt::Debug for AnySleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(f)
    }
}

pub(super) trait ErasedTimer {
    fn now(&self) -> Instant;
    fn wallclock(&self) -> SystemTime;
    fn sleep_until(&self, deadline: Instant) -> AnySleep;
}

impl<R: Core> ErasedTimer for Erasing<R> {
    fn now(&self) -> Instant {
        self.rt.now()
    }

    fn wallclock(&self) -> SystemTime {
        self.rt.wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> AnySleep {
        AnySleep::new(Box::pin(self.rt.sleep_until(deadline)))
    }
}

impl Timer for AnyRuntime {
    type Sleep = AnySleep;

    fn now(&self) -> Instant {
        self.erased.now()
    }

    fn wallclock(&self) -> SystemTime {
        self.erased.wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> AnySleep {
        self.erased.sleep_until(deadline)
    }
}
