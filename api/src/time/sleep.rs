//! Sleeps: [`sleep`], [`sleep_until`] and their future, [`Sleep`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::{Instant, RawSleep, Timer};
use crate::any::AnySleep;
use crate::current::{Late, Unbound};
use crate::{AnyRuntime, Core, budget};

/// Waits for `duration`: [`std::thread::sleep`] for tasks.
///
/// - `L070` The deadline is fixed at this call, not at the first poll.
///
/// A zero duration is ready at the first poll (`L071`); to let others run, use
/// [`yield_now`](crate::task::yield_now). Costs at most one allocation.
///
/// # Panics
///
/// At the first poll, if no runtime was current at this call and none is then: see `L195`.
///
/// # Cancel safety
///
/// Safe. Dropping it takes the alarm out.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::late(Late::here(), Deadline::After(duration))
}

/// Waits for `duration` on the clock of `rt`: as [`sleep`].
#[inline]
pub fn sleep_in<R: Timer>(duration: Duration, rt: &R) -> Sleep<R> {
    Sleep::at(Instant::after(duration, rt), rt)
}

/// Waits until `deadline`: as [`sleep`].
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::late(Late::here(), Deadline::At(deadline))
}

/// Waits until `deadline` on the clock of `rt`: as [`sleep`].
#[inline]
pub fn sleep_until_in<R: Timer>(deadline: Instant, rt: &R) -> Sleep<R> {
    Sleep::at(deadline, rt)
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`].
    ///
    /// It is `Unpin` only where the backend's alarm is, as on [`AnyRuntime`]; to poll it by
    /// reference, [`pin!`](std::pin::pin) it.
    #[must_use = "futures do nothing unless polled"]
    pub struct Sleep<R: Timer = AnyRuntime> {
        #[pin]
        alarm: Alarm<R>,
    }
}

pin_project! {
    #[project = AlarmProjection]
    enum Alarm<R: Timer> {
        Set {
            #[pin]
            raw: R::Sleep,
            deadline: Instant,
        },
        // A bare form that was called outside any runtime.
        Late {
            runtime: Unbound<R>,
            deadline: Deadline,
        },
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Deadline {
    At(Instant),
    /// From the first poll on.
    After(Duration),
}

impl<R: Timer> Sleep<R> {
    /// The deadline. `None` for a bare [`sleep`] that was called outside any runtime and has not
    /// been polled yet.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.alarm {
            Alarm::Set { deadline, .. } => Some(deadline),
            Alarm::Late { deadline, .. } => deadline.at(),
        }
    }

    /// Sets another deadline; works before and after it fired.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        match self.project().alarm.project() {
            AlarmProjection::Set { raw, deadline: was } => {
                *was = deadline;
                raw.reset(deadline.into_std());
            }
            AlarmProjection::Late { deadline: was, .. } => *was = Deadline::At(deadline),
        }
    }

    /// The same sleep without the backend in its type, and `Unpin`. One box.
    pub fn erase(self) -> Sleep
    where
        R: Core,
    {
        let alarm = match self.alarm {
            Alarm::Set { raw, deadline } => Alarm::Set {
                raw: AnySleep::new(Box::pin(raw)),
                deadline,
            },
            Alarm::Late { runtime, deadline } => Alarm::Late {
                runtime: runtime.erase(),
                deadline,
            },
        };
        Sleep { alarm }
    }

    #[inline]
    pub(super) fn at(deadline: Instant, rt: &R) -> Self {
        let raw = rt.sleep_until(deadline.into_std());
        Sleep {
            alarm: Alarm::Set { raw, deadline },
        }
    }

    pub(super) fn late(late: Late<R>, deadline: Deadline) -> Self {
        match late.into_bound() {
            Ok(rt) => Sleep::at(deadline.on(&rt), &rt),
            Err(runtime) => Sleep {
                alarm: Alarm::Late { runtime, deadline },
            },
        }
    }

    /// The alarm alone: not charged to the budget, for a timeout whose future spends it all.
    #[inline]
    pub(super) fn poll_alarm(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.project().alarm;
        match alarm.as_mut().project() {
            AlarmProjection::Set { raw, .. } => raw.poll(cx),
            AlarmProjection::Late { .. } => alarm.poll_late(cx),
        }
    }
}

impl<R: Timer> Alarm<R> {
    /// The first poll of one that is late: its runtime is taken now.
    #[cold]
    #[inline(never)]
    fn poll_late(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let AlarmProjection::Late { runtime, deadline } = self.as_mut().project() {
            let rt = runtime.runtime();
            let set = Sleep::at(deadline.on(&rt), &rt);
            self.set(set.alarm);
        }
        match self.project() {
            AlarmProjection::Set { raw, .. } => raw.poll(cx),
            AlarmProjection::Late { .. } => unreachable!("it was set above"),
        }
    }
}

impl Deadline {
    fn at(self) -> Option<Instant> {
        match self {
            Deadline::At(at) => Some(at),
            Deadline::After(_) => None,
        }
    }

    fn on<R: Timer>(self, rt: &R) -> Instant {
        match self {
            Deadline::At(at) => at,
            Deadline::After(duration) => Instant::after(duration, rt),
        }
    }
}

impl<R: Timer> Future for Sleep<R> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        budget::poll(cx, |cx| self.poll_alarm(cx))
    }
}

impl<R: Timer> fmt::Debug for Sleep<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}
