//! The simulation, [`Sim`]: one queue, first in, first out, and one virtual clock.
//!
//! Whoever is inside `block_on` drives it, one event at a time. When nobody is, a thread that
//! polls one of our futures from elsewhere does ([`Sim::leaf`]), so that any executor may poll
//! them. Knows nothing of sockets and files.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use anyrt_api::AnyRuntime;
use anyrt_api::current::{self, Root};
use anyrt_api::io::Wait;
use anyrt_kit::gone;
use anyrt_kit::wait::{Roll, Waiters};

use crate::Mem;
use crate::clock::{Clock, Sleep};
use crate::entropy::{Stream, mix};
use crate::fs::Disk;
use crate::lock::Lock;
use crate::net::{Ports, tcp, udp};
use crate::task::{self, Task};

/// What a poll takes, so that a task which is always ready cannot stop the clock.
const POLL_NANOS: u64 = 1_000;

/// Events in one turn of a thread that drives from within a poll of its own executor.
const TURN: usize = 64;

/// How long, in the time of the machine, a world in which nothing can go on waits for a wake-up
/// from another thread.
const PATIENCE: Duration = Duration::from_secs(1);

/// A whole world: tasks, clock, network, disk, chance.
pub(crate) struct Sim {
    state: Lock<State>,
    changed: Condvar,
    /// Everybody who waits for a socket.
    waiting: Arc<Roll>,
    pub(crate) tcp: Ports<tcp::Listener>,
    pub(crate) udp: Ports<udp::Socket>,
    pub(crate) disk: Disk,
    /// The application's random bytes, and what the world itself draws.
    pub(crate) entropy: Stream,
    pub(crate) chance: Stream,
}

/// What one lock holds.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) closed: bool,
    pub(crate) tasks: BTreeMap<u64, Task>,
    pub(crate) ready: VecDeque<u64>,
    /// Threads that drive, polls under way, and threads that wait on `changed`.
    driving: isize,
    polling: isize,
    resting: usize,
    /// Who polled from outside and is woken when nobody else drives any more.
    strangers: Vec<Waker>,
    pub(crate) last_id: u64,
    trace: Trace,
}

/// What happened so far, in two numbers: equal for equal seeds and equal programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    /// Polls of tasks and of `block_on`'s futures, and blocking closures.
    pub events: u64,
    /// A digest of which task ran at what time, in order.
    pub digest: u64,
}

impl Sim {
    pub(crate) fn new(seed: u64, disk: Disk) -> Arc<Self> {
        Arc::new(Sim {
            state: Lock::default(),
            changed: Condvar::new(),
            waiting: Arc::default(),
            tcp: Ports::default(),
            udp: Ports::default(),
            disk,
            entropy: Stream::new(seed, 1),
            chance: Stream::new(seed, 2),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// An error if the world has ended.
    pub(crate) fn check(&self) -> io::Result<()> {
        match self.lock().closed {
            true => Err(gone::error(crate::NAME)),
            false => Ok(()),
        }
    }

    pub(crate) fn wallclock(&self) -> SystemTime {
        self.lock().clock.wallclock()
    }

    pub(crate) fn trace(&self) -> Trace {
        self.lock().trace
    }

    /// Lets so and so much time pass.
    pub(crate) async fn pause(self: &Arc<Self>, nanos: u64) -> io::Result<()> {
        self.check()?;
        let deadline = self.lock().clock.now() + Duration::from_nanos(nanos);
        let mut sleep = Sleep::new(self.clone(), deadline);
        poll_fn(|cx| sleep.poll_due(cx)).await?;
        self.check()
    }

    /// Who waits for one thing of a socket.
    pub(crate) fn waiters(&self) -> Waiters {
        Waiters::on(&self.waiting)
    }

    /// Polls `op` until it answers; on a runtime that is gone it is an error.
    pub(crate) fn poll_on<T>(
        self: &Arc<Self>,
        waiters: &Waiters,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut op: impl FnMut() -> Option<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.leaf(cx, |cx| {
            waiters.poll(cx, wait, |_| match self.check() {
                Ok(()) => op().map_or(Poll::Pending, Poll::Ready),
                Err(gone) => Poll::Ready(Err(gone)),
            })
        })
    }

    /// Drives the world until `future` is done, or `None` after `limit` events.
    #[track_caller]
    pub(crate) fn block_on<F: Future>(
        self: &Arc<Self>,
        future: F,
        limit: u64,
    ) -> Option<F::Output> {
        current::drive(self.erased(), || {
            let _driving = self.count(1, 0);
            let mut future = pin!(Root::new(future));
            let root = Arc::new(Bell {
                sim: self.clone(),
                rung: AtomicBool::new(false),
            });
            let _silence = Silence(&root);
            root.wake_by_ref();
            let waker = Waker::from(root.clone());
            let end = self.trace().events.saturating_add(limit);
            let mut is_roots_turn = true;
            while self.trace().events < end {
                if is_roots_turn && root.rung.swap(false, Ordering::AcqRel) {
                    // The ring was counted as a poll under way, and this is it.
                    let _polling = Count(self, 0, 1);
                    self.lock().stamp(0);
                    let mut cx = Context::from_waker(&waker);
                    if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                        return Some(output);
                    }
                } else if !self.step() {
                    self.rest(&root);
                }
                is_roots_turn = !is_roots_turn;
            }
            None
        })
    }

    /// Polls one of our futures, by `op`, for whoever asks: the one place where a world that nobody
    /// drives is set going.
    ///
    /// Inside the simulation this is `op` and no more. A thread of another executor drives a turn
    /// itself if nobody else does, and is woken to come again as long as there is work.
    pub(crate) fn leaf<T>(
        self: &Arc<Self>,
        cx: &mut Context<'_>,
        mut op: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut polled = op(cx);
        if polled.is_ready() || self.is_driven_here() {
            return polled;
        }
        let waker = cx.waker().clone();
        if self.lock().driving == 0 {
            polled = self.turn(|| op(cx));
        }
        if polled.is_pending() {
            let mut state = self.lock();
            if !state.strangers.iter().any(|known| known.will_wake(&waker)) {
                state.strangers.push(waker);
            }
            self.tell(state);
        }
        polled
    }

    /// Drives for a while on behalf of another executor, until `op` is ready.
    fn turn<T>(self: &Arc<Self>, mut op: impl FnMut() -> Poll<T>) -> Poll<T> {
        let drive = || {
            let _driving = self.count(1, 0);
            let mut polls = (0..TURN).take_while(|_| self.step()).map(|_| op());
            polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
        };
        current::undriven(|| current::drive(self.erased(), drive))
    }

    /// Runs `f`, which may block or drive this world itself, uncounted among those who drive it.
    pub(crate) fn put_down<T>(self: &Arc<Self>, f: impl FnOnce() -> T) -> T {
        if !self.is_driven_here() {
            return current::undriven(f);
        }
        let _uncounted = self.count(-1, -1);
        current::undriven(f)
    }

    /// Ends the world: every task is dropped, now or after the poll it is in; what waits from
    /// outside is woken to find out. Waits for running tasks at most `limit`.
    pub(crate) fn shut_down(self: &Arc<Self>, limit: Duration) {
        let mut state = self.lock();
        state.closed = true;
        state.ready.clear();
        let tasks = std::mem::take(&mut state.tasks).into_iter();
        let (running, idle): (BTreeMap<_, _>, BTreeMap<_, _>) =
            tasks.partition(|(_, task)| task.is_running());
        state.tasks = running;
        let mut waiting = state.clock.stop();
        waiting.append(&mut state.strangers);
        self.tell(state);
        current::enter(self.erased(), || drop(idle));
        self.waiting.wake_all();
        waiting.into_iter().for_each(wake);
        if self.is_driven_here() {
            return;
        }
        let mut state = self.lock();
        state.resting += 1;
        let running = |state: &mut State| !state.tasks.is_empty();
        let rested = self.changed.wait_timeout_while(state, limit, running);
        rested.unwrap_or_else(PoisonError::into_inner).0.resting -= 1;
    }

    /// There is news: for those who drive, or, if nobody does and there is work, for those who
    /// would.
    pub(crate) fn tell(&self, mut state: MutexGuard<'_, State>) {
        if state.resting > 0 {
            self.changed.notify_all();
        }
        if state.driving == 0 && state.has_work() {
            let strangers = std::mem::take(&mut state.strangers);
            drop(state);
            strangers.into_iter().for_each(wake);
        }
    }

    /// One event: an alarm rings, or the task at the head of the queue runs, or the clock jumps to
    /// the next alarm. False if there is none.
    fn step(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        if let Some(due) = state.clock.due() {
            drop(state);
            wake(due);
            return true;
        }
        let Some(id) = state.ready.pop_front() else {
            return state.polling == 0 && state.clock.jump();
        };
        state.stamp(id);
        state.polling += 1;
        drop(state);
        let _polling = Count(self, 0, 1);
        task::run(self, id);
        true
    }

    fn count(&self, driving: isize, polling: isize) -> Count<'_> {
        self.add(driving, polling);
        Count(self, driving, polling)
    }

    fn add(&self, driving: isize, polling: isize) {
        let mut state = self.lock();
        state.driving += driving;
        state.polling += polling;
        self.tell(state);
    }

    /// Waits until there is something to do: another thread polls, or wakes us from outside.
    ///
    /// # Panics
    ///
    /// If nothing in the world can go on, and nothing comes from outside.
    fn rest(&self, root: &Bell) {
        let mut state = self.lock();
        while !(state.has_work() || root.rung.load(Ordering::Acquire)) {
            let alone = state.polling == 0;
            let limit = if alone { PATIENCE } else { Duration::MAX };
            state.resting += 1;
            let rested = self.changed.wait_timeout(state, limit);
            let timeout;
            (state, timeout) = rested.unwrap_or_else(PoisonError::into_inner);
            state.resting -= 1;
            if alone && timeout.timed_out() && !state.has_work() {
                let blocked = state.blocked();
                drop(state);
                panic!(
                    "the simulation `mem` is stuck: nothing is ready, no alarm is set, and \
                     `block_on` waits; besides it:{blocked}"
                );
            }
        }
    }

    fn erased(self: &Arc<Self>) -> AnyRuntime {
        AnyRuntime::new(Mem::of(self.clone()))
    }

    /// True on a thread that drives this very world.
    fn is_driven_here(self: &Arc<Self>) -> bool {
        let ours = |rt: &AnyRuntime| rt.downcast_ref().is_some_and(|mem: &Mem| mem.is_of(self));
        current::is_driving() && current::with_current(ours) == Some(true)
    }
}

impl State {
    fn has_work(&self) -> bool {
        !self.ready.is_empty() || (self.polling == 0 && self.clock.has_alarms())
    }

    fn stamp(&mut self, id: u64) {
        self.clock.pass(POLL_NANOS);
        self.trace.events += 1;
        self.trace.digest = mix(self.trace.digest ^ mix(id ^ self.clock.nanos().rotate_left(32)));
    }

    fn blocked(&self) -> String {
        let line = |(id, task): (&u64, &Task)| {
            let name = task.meta.name.as_deref().unwrap_or("unnamed");
            format!("\n  task {id} `{name}`, spawned at {}", task.meta.location)
        };
        self.tasks.iter().map(line).collect()
    }
}

/// So and so many more who drive, and polls under way, until it is dropped.
struct Count<'a>(&'a Sim, isize, isize);

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.add(-self.1, -self.2);
    }
}

/// Wakes the future of a `block_on`: a ring counts as a poll under way until it has been answered.
struct Bell {
    sim: Arc<Sim>,
    rung: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let mut state = self.sim.lock();
        // AcqRel: the poll that answers sees what happened before the ring.
        if !self.rung.swap(true, Ordering::AcqRel) {
            state.polling += 1;
            self.sim.tell(state);
        }
    }
}

/// The end of a `block_on`: its bell stays rung, so that no later ring counts.
struct Silence<'a>(&'a Bell);

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let mut state = self.0.sim.lock();
        if self.0.rung.swap(true, Ordering::AcqRel) {
            state.polling -= 1;
        }
        self.0.sim.tell(state);
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sim").field(&self.trace()).finish()
    }
}

/// Wakes, and lets no panic of a foreign waker through (`L011`).
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}
