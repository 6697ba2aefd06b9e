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

use anyrt_api::time::RawSleep;
use anyrt_kit::gone;

use crate::executor::Sim;

/// Where an alarm stands: its time in nanoseconds, and a number that tells it from others of that
/// time.
type Key = (u64, u64);

/// The time of day at which every simulation begins: 1 January 2026, 00:00 UTC.
const MORNING: Duration = Duration::from_secs(1_767_225_600);

/// The time now, and the alarms that are set.
#[derive(Debug)]
pub(crate) struct Clock {
    // Only differences to it are ever seen.
    origin: Instant,
    since: Duration,
    alarms: BTreeMap<Key, Waker>,
    last: u64,
}

impl Default for Clock {
    /// A clock at its beginning. std makes an `Instant` in one way only, by asking the machine:
    /// this is the one thing that a simulation takes from there.
    fn default() -> Self {
        Clock {
            origin: Instant::now(),
            since: Duration::ZERO,
            alarms: BTreeMap::new(),
            last: 0,
        }
    }
}

impl Clock {
    pub(crate) fn nanos(&self) -> u64 {
        self.since.as_nanos() as u64
    }

    pub(crate) fn now(&self) -> Instant {
        self.origin + self.since
    }

    pub(crate) fn wallclock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + MORNING + self.since
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, nanos: u64) {
        self.since += Duration::from_nanos(nanos);
    }

    /// Goes to the next alarm; false if none is set.
    pub(crate) fn jump(&mut self) -> bool {
        let Some(((at, _), _)) = self.alarms.first_key_value() else {
            return false;
        };
        self.since = self.since.max(Duration::from_nanos(*at));
        true
    }

    pub(crate) fn has_alarms(&self) -> bool {
        !self.alarms.is_empty()
    }

    /// Takes out one alarm whose time has come.
    pub(crate) fn due(&mut self) -> Option<Waker> {
        let first = self.alarms.first_entry()?;
        (first.key().0 <= self.since.as_nanos() as u64).then(|| first.remove())
    }

    /// Takes out all alarms: there will be no more time.
    pub(crate) fn stop(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.alarms).into_values().collect()
    }

    /// Sets an alarm under its key; gives back a waker to be dropped. For a time that no clock
    /// here ever shows, in 584 years, nothing is set.
    fn set(&mut self, key: &mut Option<Key>, deadline: Instant, waker: Waker) -> Option<Waker> {
        let since = deadline.saturating_duration_since(self.origin);
        let Ok(at) = u64::try_from(since.as_nanos()) else {
            return Some(waker);
        };
        self.last += 1;
        self.alarms
            .insert(*key.get_or_insert((at, self.last)), waker)
    }
}

/// An alarm of a [`Mem`](crate::Mem) runtime.
#[derive(Debug)]
pub struct Sleep {
    sim: Arc<Sim>,
    deadline: Instant,
    key: Option<Key>,
}

impl Sleep {
    pub(crate) fn new(sim: Arc<Sim>, deadline: Instant) -> Self {
        Sleep {
            sim,
            deadline,
            key: None,
        }
    }

    /// Waits for the alarm; an error if there is no more time.
    pub(crate) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sim = self.sim.clone();
        sim.leaf(cx, |cx| {
            let waker = cx.waker().clone();
            let mut state = sim.lock();
            let is_due = self.deadline <= state.clock.now();
            if is_due || state.closed {
                drop(state);
                self.forget();
                return Poll::Ready(if is_due { Ok(()) } else { sim.check() });
            }
            let displaced = state.clock.set(&mut self.key, self.deadline, waker);
            sim.tell(state);
            drop(displaced);
            Poll::Pending
        })
    }

    /// Takes the alarm out.
    fn forget(&mut self) {
        if let Some(key) = self.key.take() {
            let waker = self.sim.lock().clock.alarms.remove(&key);
            drop(waker);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let due = self.poll_due(cx);
        due.map(|due| due.unwrap_or_else(|_| gone::panic(crate::NAME)))
    }
}

impl RawSleep for Sleep {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.forget();
        self.deadline = deadline;
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.forget();
    }
}
