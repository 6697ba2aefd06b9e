//! Virtual time: the [`Clock`], which moves only when it is told to, and its alarm, [`Sleep`].
//!
//! The clock is a plain value and wakes nobody: the executor asks it who is due.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::Core;
use anyrt_api::time::RawSleep;
use anyrt_kit::gone;

use crate::Mem;
use crate::executor::Sim;

/// The time of day at which every simulation begins: 1 January 2026, 00:00 UTC.
const MORNING: Duration = Duration::from_secs(1_767_225_600);

/// The time of alarms that no clock here ever shows: it is 584 years away.
const NEVER: u64 = u64::MAX;

/// The time now, in nanoseconds from the beginning, and the alarms that are set.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) nanos: u64,
    // Only differences to it are ever seen.
    origin: Instant,
    pub(crate) alarms: BTreeMap<Key, Waker>,
}

/// Where an alarm stands: its time, and a number that tells it from others of that time.
type Key = (u64, u64);

impl Default for Clock {
    /// A clock at its beginning. std makes an `Instant` in one way only, by asking the machine:
    /// this is the one thing that a simulation takes from there.
    fn default() -> Self {
        Clock {
            nanos: 0,
            origin: Instant::now(),
            alarms: BTreeMap::new(),
        }
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        self.origin + Duration::from_nanos(self.nanos)
    }

    pub(crate) fn wallclock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + MORNING + Duration::from_nanos(self.nanos)
    }

    /// The time of the next alarm.
    pub(crate) fn next(&self) -> Option<u64> {
        let ((at, _), _) = self.alarms.first_key_value()?;
        Some(*at).filter(|at| *at < NEVER)
    }

    /// Takes out one alarm whose time has come.
    pub(crate) fn due(&mut self) -> Option<Waker> {
        let first = self.alarms.first_entry()?;
        (first.key().0 <= self.nanos).then(|| first.remove())
    }
}

/// An alarm of a [`Mem`](crate::Mem) runtime.
#[derive(Debug)]
pub struct Sleep {
    sim: Arc<Sim>,
    key: Key,
}

impl Sleep {
    pub(crate) fn new(sim: Arc<Sim>, deadline: Instant) -> Self {
        let mut state = sim.lock();
        let since = deadline.saturating_duration_since(state.clock.origin);
        let at = u64::try_from(since.as_nanos()).unwrap_or(NEVER);
        let key = (at, state.new_id());
        drop(state);
        Sleep { sim, key }
    }

    /// Waits for the alarm; an error if there is no more time.
    pub(crate) fn poll_due(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sim.leaf(cx, |cx| {
            let waker = cx.waker().clone();
            let mut state = self.sim.lock();
            let is_due = self.key.0 <= state.clock.nanos;
            if state.closed && !is_due {
                return Poll::Ready(Err(gone::error(Mem::NAME)));
            }
            let (poll, displaced) = match is_due {
                true => (Poll::Ready(Ok(())), state.clock.alarms.remove(&self.key)),
                false => (Poll::Pending, state.clock.alarms.insert(self.key, waker)),
            };
            self.sim.tell(state);
            drop(displaced);
            poll
        })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let due = self.poll_due(cx);
        due.map(|due| due.unwrap_or_else(|_| gone::panic(Mem::NAME)))
    }
}

impl RawSleep for Sleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        let other = Sleep::new(self.sim.clone(), deadline);
        self.set(other);
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let waker = self.sim.lock().clock.alarms.remove(&self.key);
        drop(waker);
    }
}
