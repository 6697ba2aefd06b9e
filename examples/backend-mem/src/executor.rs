//! The simulation, [`Sim`]: one queue, first in, first out, and one virtual clock.
//!
//! Whoever is inside `block_on` drives it, one event at a time. When nobody is, a thread that
//! polls one of our futures from elsewhere does ([`Sim::leaf`]), so that any executor may poll
//! them. Knows nothing of sockets and files.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use anyrt_api::current::{self, Root};
use anyrt_api::io::Wait;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AnyRuntime, Core};
use anyrt_kit::gone;
use anyrt_kit::lock::{Condition, Lock};
use anyrt_kit::wait::{Roll, WaitList, Waiters, wake};

use crate::clock::{Clock, Sleep};
use crate::entropy::{Stream, mix};
use crate::fs::Disk;
use crate::net::{Ports, tcp, udp};
use crate::task::{self, Body, Task};
use crate::{Mem, Polled};

/// What a poll takes, so that a task which is always ready cannot stop the clock: about what the
/// operations of one poll take, so that who spins is simulated not much slower than he runs.
const POLL_NANOS: u64 = 5_000;

/// The root of whoever does not drive.
const NOBODY: u64 = 0;

/// Events in one turn of a thread that drives from within a poll of its own executor.
const TURN: u64 = 64;

/// How long, in the time of the machine, a world in which nothing can go on waits for a wake-up
/// from another thread.
const PATIENCE: Duration = Duration::from_secs(1);

/// A whole world: tasks, clock, network, disk, chance.
pub(crate) struct Sim {
    state: Lock<State>,
    changed: Condition,
    /// Everybody who waits for a socket.
    pub(crate) waiting: Arc<Roll>,
    pub(crate) tcp: Ports<tcp::Backlog>,
    pub(crate) udp: Ports<udp::Mailbox>,
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
    /// Threads that drive, and polls under way.
    driving: isize,
    polling: isize,
    /// Who polled from outside and is woken when nobody else drives any more.
    strangers: WaitList,
    last_id: u64,
    pub(crate) trace: Trace,
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
            changed: Condition::new(),
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
        let goes_on = !self.lock().closed;
        goes_on.then_some(()).ok_or_else(|| gone::error(Mem::NAME))
    }

    /// Lets so and so much time pass.
    pub(crate) async fn pause(self: &Arc<Self>, nanos: u64) -> io::Result<()> {
        let deadline = self.lock().clock.now() + Duration::from_nanos(nanos);
        let sleep = Sleep::new(self.clone(), deadline);
        poll_fn(|cx| sleep.poll_due(cx)).await?;
        self.check()
    }

    /// Polls `op` until it answers; on a runtime that is gone it is an error.
    pub(crate) fn poll_on<T>(
        self: &Arc<Self>,
        waiters: &Waiters,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        mut op: impl FnMut() -> Option<io::Result<T>>,
    ) -> Polled<T> {
        self.leaf(cx, |cx| {
            waiters.poll(cx, wait, |_| {
                self.check()?;
                op().map_or(Poll::Pending, Poll::Ready)
            })
        })
    }

    /// Drives the world until `future` is done, or `None` after `limit` events; or, unless it
    /// `rests`, when there is nothing to do.
    #[track_caller]
    pub(crate) fn drive<F: Future>(
        self: &Arc<Self>,
        future: F,
        limit: u64,
        rests: bool,
    ) -> Option<F::Output> {
        current::drive(self.erased(), || {
            let root = task::enter(self, TaskMeta::new(), Body::Root);
            self.lock().driving += 1;
            let _entered = Later(self, |state| state.leave(root.0));
            let mut future = pin!(Root::new(future));
            let waker = Waker::from(root.clone());
            let mut output = None;
            let end = self.lock().trace.events.saturating_add(limit);
            while output.is_none() && self.lock().trace.events < end {
                let mut cx = Context::from_waker(&waker);
                let poll_root = || {
                    future
                        .as_mut()
                        .poll(&mut cx)
                        .map(|done| output = Some(done))
                };
                match self.step(root.0, poll_root) {
                    true => {}
                    false if rests => self.rest(root.0),
                    false => return None,
                }
            }
            output
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
            let turn = || self.drive(poll_fn(&mut op), TURN, false);
            polled = current::undriven(turn).map_or_else(|| op(cx), Poll::Ready);
        }
        if polled.is_pending() {
            let mut state = self.lock();
            let displaced = state.strangers.enter(&mut Wait::by_waker(), waker);
            self.tell(state);
            displaced.settle();
        }
        polled
    }

    /// Runs `f`, which may block or drive this world itself, uncounted among those who drive it.
    pub(crate) fn put_down<T>(self: &Arc<Self>, f: impl FnOnce() -> T) -> T {
        if !self.is_driven_here() {
            return current::undriven(f);
        }
        let mut state = self.lock();
        state.count(-1);
        self.tell(state);
        let _uncounted = Later(self, |state| state.count(1));
        current::undriven(f)
    }

    /// Ends the world: every task is dropped, now or after the poll it is in; what waits from
    /// outside is woken to find out. Waits for running tasks at most `limit`.
    pub(crate) fn shut_down(self: &Arc<Self>, limit: Duration) {
        let mut state = self.lock();
        state.closed = true;
        let tasks = mem::take(&mut state.tasks).into_iter();
        let (idle, busy) = tasks.partition(|(_, task)| matches!(task.body, Body::Idle(_)));
        state.tasks = busy;
        let (alarms, strangers) = (mem::take(&mut state.clock.alarms), state.strangers.take());
        self.tell(state);
        current::enter(self.erased(), || drop(idle));
        self.waiting.wake_all();
        alarms.into_values().for_each(wake);
        strangers.wake();
        if self.is_driven_here() {
            return;
        }
        let runs = |task: &Task| matches!(task.body, Body::Running);
        let waits = |state: &mut State| state.tasks.values().any(runs);
        drop(self.changed.wait_timeout_while(self.lock(), limit, waits));
    }

    /// There is news: for those who drive, or, if nobody does and there is work, for those who
    /// would.
    pub(crate) fn tell(&self, mut state: MutexGuard<'_, State>) {
        self.changed.notify_all();
        if state.driving == 0 && state.has_work(NOBODY) {
            let strangers = state.strangers.take();
            drop(state);
            strangers.wake();
        }
    }

    /// One event: an alarm rings, or the head of the queue is polled, or the clock jumps to the
    /// next alarm. False if there is none.
    fn step(self: &Arc<Self>, root: u64, poll_root: impl FnOnce() -> Poll<()>) -> bool {
        let mut state = self.lock();
        if let Some(due) = state.clock.due() {
            drop(state);
            wake(due);
            return true;
        }
        let Some(id) = state.next(root) else {
            let alarm = state.clock.next().filter(|_| state.is_still());
            state.clock.nanos = alarm.unwrap_or(0).max(state.clock.nanos);
            return alarm.is_some();
        };
        state.polling += 1;
        drop(state);
        let _polling = Later(self, |state| state.polling -= 1);
        if id != root {
            task::run(self, id);
            return true;
        }
        let _ = poll_root();
        true
    }

    /// Waits until there is something to do: another thread polls, or wakes us from outside.
    ///
    /// # Panics
    ///
    /// If nothing in the world can go on, and nothing comes from outside.
    fn rest(&self, root: u64) {
        let mut state = self.lock();
        while !state.has_work(root) {
            let alone = state.is_still();
            let limit = if alone { PATIENCE } else { Duration::MAX };
            let is_over;
            (state, is_over) = self.changed.wait_timeout(state, limit);
            if alone && is_over && !state.has_work(root) {
                let blocked = state.blocked();
                drop(state);
                panic!(
                    "the simulation `mem` is stuck: nothing is ready, no alarm is set, and \
                     `block_on` waits; besides it:{blocked}"
                );
            }
        }
    }

    pub(crate) fn erased(self: &Arc<Self>) -> AnyRuntime {
        AnyRuntime::new(Mem { sim: self.clone() })
    }

    /// True on a thread that drives this very world.
    fn is_driven_here(self: &Arc<Self>) -> bool {
        let is_ours = |mem: &Mem| Arc::ptr_eq(&mem.sim, self);
        let ours = |rt: &AnyRuntime| rt.downcast_ref().is_some_and(is_ours);
        current::is_driving() && current::with_current(ours) == Some(true)
    }
}

/// A blocking closure as a task, which ends in its first poll.
pub(crate) async fn call<T>(sim: Arc<Sim>, f: impl FnOnce() -> T) -> T {
    sim.put_down(f)
}

impl State {
    /// A number that no task and no alarm has.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// So many more that drive and are in a poll.
    fn count(&mut self, more: isize) {
        self.driving += more;
        self.polling += more;
    }

    /// A `drive` is over.
    fn leave(&mut self, root: u64) {
        self.driving -= 1;
        self.tasks.remove(&root);
        self.ready.retain(|id| *id != root);
    }

    /// Where in the queue the first is that the thread with this root may poll: the roots of others
    /// are polled by their own threads.
    fn head(&self, root: u64) -> Option<usize> {
        let is_root = |id: &u64| self.tasks.get(id).is_some_and(Task::is_root);
        let mut ready = self.ready.iter();
        ready.position(|id| *id == root || !is_root(id))
    }

    /// Takes the head of the queue and stamps it into the trace.
    fn next(&mut self, root: u64) -> Option<u64> {
        let id = self.ready.remove(self.head(root)?)?;
        if let Some(task) = self.tasks.get_mut(&id) {
            task.is_queued = false;
        }
        self.clock.nanos += POLL_NANOS;
        self.trace.events += 1;
        self.trace.digest = mix(self.trace.digest ^ mix(id ^ self.clock.nanos.rotate_left(32)));
        Some(id)
    }

    /// True if nothing happens before the next alarm.
    fn is_still(&self) -> bool {
        self.polling == 0 && self.ready.is_empty()
    }

    fn has_work(&self, root: u64) -> bool {
        self.head(root).is_some() || (self.is_still() && self.clock.next().is_some())
    }

    fn blocked(&self) -> String {
        let tasks = self.tasks.iter().filter(|(_, task)| !task.is_root());
        let lines = tasks.map(|(id, task)| {
            let name = task.meta.name.as_deref().unwrap_or("unnamed");
            format!("\n  task {id} `{name}`, spawned at {}", task.meta.location)
        });
        lines.collect()
    }
}

/// A change that is made when this is dropped, also by a panic.
struct Later<'a, F: FnMut(&mut State)>(&'a Sim, F);

impl<F: FnMut(&mut State)> Drop for Later<'_, F> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        (self.1)(&mut state);
        self.0.tell(state);
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sim").field(&self.lock().trace).finish()
    }
}
