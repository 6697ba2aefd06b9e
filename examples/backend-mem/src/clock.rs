//! Virtual time: the [`Clock`], which moves only when it is told to, and its alarm, [`Sleep`].
//!
//! The clock is a plain value and wakes nobody: the executor asks it who is due.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::time::RawSleep;
use anyrt_kit::gone;

use crate::executor::Sim;

/// Where an alarm stands: its time in nanoseconds, and a number that tells it from others of that
/// time.
pub(crate) type Key = (u64, u64);

/// The time of day at which every simulation begins: 1 January 2026, 00:00 UTC.
const MORNING: Duration = Duration::from_secs(1_767_225_600);

/// Deadlines from here on (292 years) never come.
const NEVER: u64 = u64::MAX / 2;

/// The time now, and the alarms that are set.
#[derive(Debug)]
pub(crate) struct Clock {
    // Only differences to it are ever seen.
    origin: Instant,
    now: u64,
    alarms: BTreeMap<Key, Waker>,
    last: u64,
}

impl Default for Clock {
    /// A clock at its beginning. std makes an `Instant` in one way only, by asking the machine:
    /// this is the one thing that a simulation takes from there.
    fn default() -> Self {
        Clock {
            origin: Instant::now(),
            now: 0,
            alarms: BTreeMap::new(),
            last: 0,
        }
    }
}

impl Clock {
    /// The time now, in nanoseconds since the beginning.
    pub(crate) fn nanos(&self) -> u64 {
        self.now
    }

    pub(crate) fn now(&self) -> Instant {
        self.origin + Duration::from_nanos(self.now)
    }

    pub(crate) fn wallclock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + MORNING + Duration::from_nanos(self.now)
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, nanos: u64) {
        self.now = self.now.saturating_add(nanos);
    }

    /// Goes to the next alarm; false if none is set.
    pub(crate) fn jump(&mut self) -> bool {
        let Some((&(at, _), _)) = self.alarms.first_key_value() else {
            return false;
        };
        self.now = self.now.max(at);
        true
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.alarms.is_empty()
    }

    /// Takes out all alarms: there will be no more time.
    pub(crate) fn stop(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.alarms).into_values().collect()
    }

    /// Takes out one alarm whose time has come.
    pub(crate) fn due(&mut self) -> Option<Waker> {
        let first = self.alarms.first_entry()?;
        (first.key().0 <= self.now).then(|| first.remove())
    }

    fn nanos_at(&self, deadline: Instant) -> u64 {
        let since = deadline.saturating_duration_since(self.origin);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Sets an alarm, in the place of `old`; gives back the waker that stood there.
    fn set(&mut self, old: Option<Key>, at: u64, waker: Waker) -> (Key, Option<Waker>) {
        let key = old.filter(|key| key.0 == at).unwrap_or_else(|| {
            self.last += 1;
            (at, self.last)
        });
        let displaced = old.and_then(|old| self.alarms.remove(&old));
        if at >= NEVER {
            return (key, displaced.or(Some(waker)));
        }
        self.alarms.insert(key, waker);
        (key, displaced)
    }
}

/// An alarm of a [`Mem`](crate::Mem) runtime.
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

    fn try_wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.sim.lock();
        let at = state.clock.nanos_at(self.deadline);
        if at <= state.clock.nanos() {
            drop(state);
            self.forget();
            return Poll::Ready(());
        }
        if state.closed {
            drop(state);
            gone::panic(crate::NAME);
        }
        let (key, displaced) = state.clock.set(self.key, at, waker);
        self.key = Some(key);
        self.sim.tell(state);
        drop(displaced);
        Poll::Pending
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
        let sim = self.sim.clone();
        sim.leaf(cx, |cx| self.try_wait(cx))
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

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
