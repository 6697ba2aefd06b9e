//! Sleeps: [`sleep`], [`sleep_until`] and their future, [`Sleep`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::{Instant, RawSleep, Timer};
use crate::any::AnySleep;
use crate::current::Late;
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
    Sleep::at(Instant::now_in(rt) + duration, rt)
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
        raw: Option<R::Sleep>,
        deadline: Deadline,
        // The runtime of a bare form that was called outside any.
        late: Option<Late<R>>,
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
        match self.deadline {
            Deadline::At(at) => Some(at),
            Deadline::After(_) => None,
        }
    }

    /// Sets another deadline; works before and after it fired.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.deadline = Deadline::At(deadline);
        if let Some(raw) = this.raw.as_pin_mut() {
            raw.reset(deadline.into_std());
        }
    }

    /// The same sleep without the backend in its type, and `Unpin`. One box.
    pub fn erase(self) -> Sleep
    where
        R: Core,
    {
        Sleep {
            raw: self.raw.map(|raw| AnySleep::new(Box::pin(raw))),
            deadline: self.deadline,
            late: self.late.map(Late::erase),
        }
    }

    #[inline]
    pub(super) fn at(deadline: Instant, rt: &R) -> Self {
        let raw = Some(rt.sleep_until(deadline.into_std()));
        Sleep {
            raw,
            deadline: Deadline::At(deadline),
            late: None,
        }
    }

    pub(super) fn late(mut late: Late<R>, deadline: Deadline) -> Self {
        match late.bound() {
            Some(rt) => Sleep::at(deadline.on(rt), rt),
            None => Sleep {
                raw: None,
                deadline,
                late: Some(late),
            },
        }
    }

    /// The alarm alone: not charged to the budget, for a timeout whose future spends it all.
    #[inline]
    pub(super) fn poll_alarm(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.raw.is_none() {
            let mut late = this
                .late
                .take()
                .expect("a sleep has an alarm or is late to get one");
            let rt = late.runtime();
            let deadline = this.deadline.on(rt);
            *this.deadline = Deadline::At(deadline);
            this.raw.set(Some(rt.sleep_until(deadline.into_std())));
        }
        this.raw
            .as_pin_mut()
            .expect("it was made a line above")
            .poll(cx)
    }
}

impl Deadline {
    fn on<R: Timer>(self, rt: &R) -> Instant {
        match self {
            Deadline::At(at) => at,
            Deadline::After(duration) => Instant::now_in(rt) + duration,
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
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
