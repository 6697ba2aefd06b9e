//! The simulation, [`Sim`]: one queue, first in, first out, and one virtual clock.
//!
//! Whoever holds the *driving* runs the world: a thread inside `block_on`, or, when there is none, a
//! thread that polls one of our futures from elsewhere ([`Sim::leaf`]). One thread drives at a time;
//! the others wait for their turn in the same queue. Knows nothing of sockets and files.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, SystemTime};

use anyrt_api::current::{self, Root};
use anyrt_api::task::TaskMeta;
use anyrt_api::{AnyRuntime, budget};
use anyrt_kit::gone;

use crate::Mem;
use crate::clock::{Clock, Sleep};
use crate::entropy::{Stream, mix};
use crate::fs::Disk;
use crate::net::Net;
use crate::task::{Join, Kind, Task};

/// What a poll takes, so that a task which is always ready cannot stop the clock.
const POLL_NANOS: u64 = 1_000;

/// Events in one turn of a thread that drives from within a poll of its own executor.
const TURN: usize = 64;

/// A whole world: tasks, clock, network, disk, chance.
pub(crate) struct Sim {
    state: Mutex<State>,
    changed: Condvar,
    patience: Duration,
    pub(crate) net: Mutex<Net>,
    pub(crate) disk: Disk,
    /// The application's random bytes.
    pub(crate) entropy: Stream,
    /// What the world itself draws.
    pub(crate) chance: Stream,
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sim").field(&self.trace()).finish()
    }
}

/// What one lock holds.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) closed: bool,
    ready: VecDeque<Arc<Task>>,
    tasks: BTreeMap<u64, Arc<Task>>,
    frames: BTreeMap<u64, Frame>,
    driver: Option<(ThreadId, u64)>,
    /// The frame that the driving is being handed to.
    heir: Option<u64>,
    /// Threads that wait on `changed`.
    resting: usize,
    /// Who polled from outside and has to come again to drive.
    strangers: Vec<Waker>,
    last_id: u64,
    trace: Trace,
}

/// A thread inside a driving loop, by its root.
struct Frame {
    root: Arc<Task>,
    /// It waits for its turn to drive.
    waiting: bool,
    /// Its root was woken while it could not take a turn.
    missed: bool,
}

/// What happened so far, in two numbers: equal for equal seeds and equal programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trace {
    /// Polls, and blocking closures run.
    pub events: u64,
    /// A digest of which task ran at what time, in order.
    pub digest: u64,
}

enum Step {
    Went,
    Root,
    Idle,
}

impl Sim {
    pub(crate) fn new(seed: u64, disk: Disk, patience: Duration) -> Arc<Self> {
        Arc::new(Sim {
            state: Mutex::new(State {
                clock: Clock::new(),
                closed: false,
                ready: VecDeque::new(),
                tasks: BTreeMap::new(),
                frames: BTreeMap::new(),
                driver: None,
                heir: None,
                resting: 0,
                strangers: Vec::new(),
                last_id: 0,
                trace: Trace::default(),
            }),
            changed: Condvar::new(),
            patience,
            net: Mutex::default(),
            disk,
            entropy: Stream::new(seed, 1),
            chance: Stream::new(seed, 2),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// An error if the world has ended.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_closed() {
            return Err(gone::error(crate::NAME));
        }
        Ok(())
    }

    pub(crate) fn wallclock(&self) -> SystemTime {
        self.lock().clock.wallclock()
    }

    pub(crate) fn trace(&self) -> Trace {
        self.lock().trace
    }

    /// An alarm so and so long from now.
    pub(crate) fn sleep(self: &Arc<Self>, nanos: u64) -> Sleep {
        let deadline = self.lock().clock.now() + Duration::from_nanos(nanos);
        Sleep::new(self.clone(), deadline)
    }

    /// Starts a task; on a closed runtime one that is over already.
    pub(crate) fn spawn<F>(self: &Arc<Self>, kind: Kind, future: F, meta: TaskMeta) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let task = self.enrol(kind, meta);
        let join = task.fill(future);
        let mut state = self.lock();
        if state.closed {
            drop(state);
            task.kill();
            return join;
        }
        state.tasks.insert(task.id, task.clone());
        drop(state);
        task.schedule();
        join
    }

    /// Runs a closure that may block as a task of its own: never on a thread of its own.
    pub(crate) fn spawn_blocking<F, T>(self: &Arc<Self>, f: F, meta: TaskMeta) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn(Kind::Blocking, async move { budget::unlimited(f) }, meta)
    }

    /// Drives the world until `future` is done, or `None` after `limit` events.
    #[track_caller]
    pub(crate) fn block_on<F: Future>(self: &Arc<Self>, future: F, limit: u64) -> Option<F::Output> {
        let meta = TaskMeta::new();
        current::drive(self.erased(), || {
            let root = self.enrol(Kind::Root, meta);
            let driving = Driving::take(self, &root);
            let mut future = pin!(Root::new(future));
            let waker = Waker::from(root.clone());
            let end = self.trace().events.saturating_add(limit);
            while self.trace().events < end {
                match driving.step() {
                    Step::Went => {}
                    Step::Idle => driving.rest(),
                    Step::Root => {
                        let mut cx = Context::from_waker(&waker);
                        let polled = root.run_root(|| future.as_mut().poll(&mut cx));
                        if let Poll::Ready(output) = polled {
                            return Some(output);
                        }
                    }
                }
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
        let polled = op(cx);
        if polled.is_ready() || self.is_driven_here() {
            return polled;
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.driver.is_none() && !state.is_idle() {
            drop(state);
            self.turn();
            let polled = op(cx);
            if polled.is_ready() {
                return polled;
            }
            state = self.lock();
        }
        if state.driver.is_some() || state.is_idle() {
            if !state.strangers.iter().any(|known| known.will_wake(&waker)) {
                state.strangers.push(waker);
            }
        } else {
            drop(state);
            waker.wake();
        }
        Poll::Pending
    }

    /// Drives for a while on behalf of another executor.
    fn turn(self: &Arc<Self>) {
        current::undriven(|| {
            current::drive(self.erased(), || {
                let root = self.enrol(Kind::Root, TaskMeta::new());
                let Some(driving) = Driving::try_take(self, &root) else {
                    return;
                };
                let went = |_: &usize| matches!(driving.step(), Step::Went);
                let _ = (0..TURN).take_while(went).count();
            });
        });
    }

    /// Runs `f`, which may block or drive this world itself, without the driving in hand.
    pub(crate) fn put_down<T>(self: &Arc<Self>, f: impl FnOnce() -> T) -> T {
        let frame = self.lock().driver;
        let Some((_, frame)) = frame.filter(|(thread, _)| *thread == thread::current().id()) else {
            return f();
        };
        let _again = PickUp { sim: self, frame };
        self.release(frame);
        f()
    }

    /// Ends the world: every task is dropped, now or after the poll it is in; what waits from
    /// outside is woken to find out. Waits for running tasks at most `limit`.
    pub(crate) fn shut_down(self: &Arc<Self>, limit: Duration) {
        let mut state = self.lock();
        state.closed = true;
        let tasks = std::mem::take(&mut state.tasks);
        let strangers = std::mem::take(&mut state.strangers);
        state.ready.clear();
        self.tell_resting(&state);
        drop(state);
        current::enter(self.erased(), || tasks.values().for_each(|task| task.kill()));
        let held = std::mem::take(&mut *self.net.lock().unwrap_or_else(PoisonError::into_inner));
        held.close();
        strangers.into_iter().for_each(wake);
        if self.is_driven_here() {
            return;
        }
        let mut state = self.lock();
        state.resting += 1;
        let running = |_: &mut State| tasks.values().any(|task| task.is_running());
        let rested = self.changed.wait_timeout_while(state, limit, running);
        rested.unwrap_or_else(PoisonError::into_inner).0.resting -= 1;
    }

    /// Takes a task into the queue.
    pub(crate) fn push(&self, task: Arc<Task>) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        state.ready.push_back(task);
        self.stir(state);
    }

    /// Takes a finished task out of the list.
    pub(crate) fn forget(&self, id: u64) {
        let mut state = self.lock();
        let task = state.tasks.remove(&id);
        self.tell_resting(&state);
        drop(state);
        drop(task);
    }

    /// There is news for a thread that waits for some.
    pub(crate) fn tell_resting(&self, state: &State) {
        if state.resting > 0 {
            self.changed.notify_all();
        }
    }

    /// There is work: for the driver, or for those who would drive.
    fn stir(&self, mut state: MutexGuard<'_, State>) {
        self.tell_resting(&state);
        let alone = state.driver.is_none() && !state.frames.values().any(|frame| frame.waiting);
        let strangers = if alone && !state.is_idle() {
            std::mem::take(&mut state.strangers)
        } else {
            Vec::new()
        };
        drop(state);
        strangers.into_iter().for_each(wake);
    }

    fn erased(self: &Arc<Self>) -> AnyRuntime {
        AnyRuntime::new(Mem::of(self.clone()))
    }

    fn enrol(self: &Arc<Self>, kind: Kind, meta: TaskMeta) -> Arc<Task> {
        let mut state = self.lock();
        state.last_id += 1;
        Task::new(self, state.last_id, kind, meta)
    }

    fn is_driven_here(&self) -> bool {
        let here = thread::current().id();
        self.lock().driver.is_some_and(|(thread, _)| thread == here)
    }

    /// Waits until the driving is free, or handed to `frame`, and takes it.
    fn acquire(&self, frame: u64) {
        let mut state = self.lock();
        loop {
            let free = state.driver.is_none() && state.heir.is_none_or(|heir| heir == frame);
            if let Some(place) = state.frames.get_mut(&frame) {
                place.waiting = !free;
            }
            if free {
                state.heir = None;
                state.driver = Some((thread::current().id(), frame));
                return;
            }
            state = self.rest(state, Duration::MAX).0;
        }
    }

    /// Gives the driving up, to whoever waits for it, if it is still `frame`'s.
    fn release(&self, frame: u64) {
        let mut state = self.lock();
        if state.driver.is_some_and(|(_, driving)| driving == frame) {
            state.driver = None;
        }
        self.stir(state);
    }

    fn rest<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        limit: Duration,
    ) -> (MutexGuard<'a, State>, bool) {
        state.resting += 1;
        let rested = self.changed.wait_timeout(state, limit);
        let (mut state, timed_out) = rested.unwrap_or_else(PoisonError::into_inner);
        state.resting -= 1;
        (state, timed_out.timed_out())
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.clock.is_idle()
    }

    fn stamp(&mut self, id: u64) {
        self.clock.pass(POLL_NANOS);
        self.trace.events += 1;
        self.trace.digest = mix(self.trace.digest ^ mix(id ^ self.clock.nanos().rotate_left(32)));
    }

    fn blocked(&self) -> String {
        let mut text = String::new();
        for task in self.tasks.values() {
            let name = task.meta.name.as_deref().unwrap_or("unnamed");
            text += &format!("\n  task {} `{name}`, spawned at {}", task.id, task.meta.location);
        }
        text
    }
}

/// The right to drive, held until it is dropped.
struct Driving<'a> {
    sim: &'a Arc<Sim>,
    frame: u64,
    /// Another executor's thread, which must not wait for its turn.
    stranger: bool,
}

impl<'a> Driving<'a> {
    /// Queues `root` and waits until this thread may drive.
    fn take(sim: &'a Arc<Sim>, root: &Arc<Task>) -> Self {
        let frame = Frame::of(root, true);
        sim.lock().frames.insert(root.id, frame);
        root.schedule();
        sim.acquire(root.id);
        Driving {
            sim,
            frame: root.id,
            stranger: false,
        }
    }

    /// Drives if nobody does.
    fn try_take(sim: &'a Arc<Sim>, root: &Arc<Task>) -> Option<Self> {
        let mut state = sim.lock();
        if state.driver.is_some() || state.heir.is_some() {
            return None;
        }
        state.driver = Some((thread::current().id(), root.id));
        state.frames.insert(root.id, Frame::of(root, false));
        Some(Driving {
            sim,
            frame: root.id,
            stranger: true,
        })
    }

    /// One event: an alarm rings, or the task at the head of the queue runs, or the clock jumps.
    fn step(&self) -> Step {
        let mut state = self.sim.lock();
        if let Some(due) = state.clock.due() {
            drop(state);
            wake(due);
            return Step::Went;
        }
        let Some(task) = state.ready.pop_front() else {
            return if state.clock.jump() { Step::Went } else { Step::Idle };
        };
        match task.kind {
            Kind::Future => {
                state.stamp(task.id);
                drop(state);
                task.run();
            }
            Kind::Blocking => {
                state.stamp(task.id);
                drop(state);
                self.sim.put_down(|| current::undriven(|| task.run()));
            }
            Kind::Root if task.id == self.frame => {
                state.stamp(task.id);
                return Step::Root;
            }
            Kind::Root => return self.hand_over(state, task),
        }
        Step::Went
    }

    /// The turn is another thread's: it gets the driving, if it can take it now.
    fn hand_over(&self, mut state: MutexGuard<'_, State>, root: Arc<Task>) -> Step {
        match state.frames.get_mut(&root.id) {
            Some(frame) if frame.waiting => {}
            Some(frame) => {
                frame.missed = true;
                return Step::Went;
            }
            None => return Step::Went,
        }
        state.heir = Some(root.id);
        state.driver = None;
        state.ready.push_front(root);
        self.sim.tell_resting(&state);
        drop(state);
        if self.stranger {
            return Step::Idle;
        }
        self.sim.acquire(self.frame);
        Step::Went
    }

    /// Nothing is ready and no alarm is set: waits for a wake-up from outside the simulation.
    ///
    /// # Panics
    ///
    /// If none comes: everything waits for something else.
    fn rest(&self) {
        let mut state = self.sim.lock();
        while state.is_idle() {
            let (rested, timed_out) = self.sim.rest(state, self.sim.patience);
            state = rested;
            if timed_out && state.is_idle() {
                let blocked = state.blocked();
                drop(state);
                panic!(
                    "the simulation `mem` is stuck: nothing is ready, no alarm is set, and \
                     `block_on` waits. Blocked besides it:{blocked}"
                );
            }
        }
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        let frame = self.sim.lock().frames.remove(&self.frame);
        drop(frame);
        self.sim.release(self.frame);
    }
}

impl Frame {
    fn of(root: &Arc<Task>, waiting: bool) -> Self {
        Frame {
            root: root.clone(),
            waiting,
            missed: false,
        }
    }
}

/// Takes the driving again, also when what ran meanwhile panicked.
struct PickUp<'a> {
    sim: &'a Arc<Sim>,
    frame: u64,
}

impl Drop for PickUp<'_> {
    fn drop(&mut self) {
        let mut guard = self.sim.lock();
        let state = &mut *guard;
        let busy = state.driver.is_some() || state.heir.is_some();
        if let Some(frame) = state.frames.get_mut(&self.frame) {
            frame.waiting = true;
            if std::mem::take(&mut frame.missed) || busy {
                // Its place in the queue is what makes another driver hand over.
                state.ready.push_back(frame.root.clone());
                self.sim.tell_resting(state);
            }
        }
        drop(guard);
        self.sim.acquire(self.frame);
    }
}

/// Wakes, and lets no panic of a foreign waker through (`L011`).
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}
