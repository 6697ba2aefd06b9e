//! The loop of a worker: run what is there, search, sleep.
//!
//! It knows the queues, the idle protocol and the driver, and of tasks that they can be run. It
//! runs on the threads that `mod.rs` starts. What a thread is to the executor stands in a
//! thread-local that this file alone has.
//!
//! The core is what makes a thread a worker: its queue and its place in the protocol. There are as
//! many as workers, each with one thread at a time, but not always the same: see `spares.rs`. While
//! a worker is stuck there may be more of them: see `monitor/`.

use std::{
    cell::RefCell,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
    time::Duration,
};

use anyrt_api::budget;
use st3::StealError;

use super::{
    Shared,
    queue::{Injector, Local},
    table::{self, Key},
};
use crate::{
    task::{self, Runnable},
    threads::Role,
    timer,
    wake::wake_all,
};

/// How often a search goes around while another thread steals where it looks.
const ROUNDS: usize = 4;
/// How long a thread that lost its core waits for another.
const SPARE_KEEP_ALIVE: Duration = Duration::from_secs(10);

/// What makes a thread the worker of station `index`.
pub(super) struct Core {
    /// The runtime's, at hand: it is compared on every spawn and wake.
    key: Key,
    shared: Arc<Shared>,
    index: usize,
    local: Local,
    /// Tasks until the next look at what others brought.
    until_look: u32,
    /// The worker that is robbed first, next time.
    victim: usize,
}

thread_local! {
    /// This thread's core. Never borrowed while foreign code runs.
    static CORE: RefCell<Option<Box<Core>>> = const { RefCell::new(None) };
}

/// The body of a worker's thread: runs the core's tasks until the runtime ends.
pub(super) fn run(core: Box<Core>) {
    let shared = core.shared.clone();
    task::keeping(&shared.rooms, || run_cores(&shared, core));
}

fn run_cores(shared: &Arc<Shared>, core: Box<Core>) {
    let mut next = Some(core);
    while let Some(core) = next {
        shared.stations[core.index].occupy();
        timer::settle(core.index % shared.n_workers);
        let core = CORE.with(|here| {
            here.replace(Some(core));
            run_core(shared, here);
            here.replace(None)
        });
        if shared.is_closed() {
            // Its queue goes only after the stealers have emptied it.
            shared.finish();
            return drop(core);
        }
        if let Some(core) = core {
            // A spare that is not needed any more.
            let Core { index, local, .. } = *core;
            shared.monitor.bench(index, local);
            shared.driver.appoint_if_left();
        }
        next = shared.spares.wait(SPARE_KEEP_ALIVE);
    }
}

/// The body of a spare thread: waits for a core first.
fn run_spare(shared: &Shared) {
    if let Some(core) = shared.spares.wait(SPARE_KEEP_ALIVE) {
        run(core);
    }
}

/// Starts a worker more.
///
/// # Errors
///
/// The queue comes back if there is no thread for it.
pub(super) fn start_spare(shared: &Shared, station: usize, local: Local) -> Result<(), Local> {
    let Some(owned) = table::find(shared.key) else {
        return Err(local);
    };
    shared.reach(station);
    let core = Core::new(&owned, station, local);
    let Err(core) = shared.spares.hand_over(core) else {
        return Ok(());
    };
    // Left where it can be fetched again if no thread comes.
    let place = Arc::new(Mutex::new(Some(core)));
    let fetch = |place: &Mutex<Option<Box<Core>>>| {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    };
    let theirs = place.clone();
    let body = move || fetch(&theirs).map_or((), run);
    match shared.threads.start(Role::Worker, body) {
        Ok(()) => Ok(()),
        Err(_) => match fetch(&place) {
            Some(core) => Err(core.local),
            None => Ok(()),
        },
    }
}

/// Puts a task into this thread's own queue, if it is a worker of the task's runtime; else gives it
/// back.
#[inline]
pub(super) fn push(runtime: Key, task: Runnable) -> Result<(), Runnable> {
    put(runtime, task, Local::push)
}

/// The same behind all others: the task has just run.
#[inline]
pub(super) fn push_again(runtime: Key, task: Runnable) -> Result<(), Runnable> {
    put(runtime, task, Local::push_again)
}

#[inline]
fn put(
    runtime: Key,
    task: Runnable,
    put: impl FnOnce(&mut Local, Runnable, &Injector) -> bool,
) -> Result<(), Runnable> {
    let mut task = Some(task);
    // While the thread ends it has no core any more.
    let _ = CORE.try_with(|here| {
        if let Some(core) = here.borrow_mut().as_mut()
            && core.key == runtime
            && let Some(task) = task.take()
            && put(&mut core.local, task, &core.shared.injector)
        {
            core.shared.notify();
        }
    });
    task.map_or(Ok(()), Err)
}

/// Lends this thread's runtime and the index of its worker to `f`, if it is a worker of `runtime`.
#[inline]
pub(super) fn with_shared<T>(runtime: Key, f: impl FnOnce(&Shared, usize) -> T) -> Option<T> {
    CORE.try_with(|here| {
        let here = here.borrow();
        let core = here.as_ref().filter(|core| core.key == runtime)?;
        Some(f(&core.shared, core.index))
    })
    .ok()
    .flatten()
}

/// Runs `f` without this thread's core, if it has one of `runtime`: another thread goes on with it.
///
/// If there is no thread to be had, the worker blocks with its core.
pub(super) fn block_in_place<T>(runtime: Key, f: impl FnOnce() -> T) -> T {
    let lent = CORE.try_with(|here| lend(here, runtime)).ok().flatten();
    let output = f();
    // If `f` panicked, the worker's loop finds that it has no core, which is as good.
    if let Some((shared, index)) = lent
        && let core @ Some(_) = shared.spares.take_back(|core| core.index == index)
    {
        CORE.with(|here| here.replace(core));
    }
    output
}

fn lend(here: &RefCell<Option<Box<Core>>>, runtime: Key) -> Option<(Arc<Shared>, usize)> {
    let core = here.borrow_mut().take_if(|core| core.key == runtime)?;
    let (shared, index) = (core.shared.clone(), core.index);
    let spare = shared.clone();
    let start = || {
        shared
            .threads
            .start(Role::Worker, move || run_spare(&spare))
    };
    match shared.spares.offer(core, start) {
        Ok(()) => Some((shared, index)),
        Err(core) => {
            here.replace(Some(core));
            None
        }
    }
}

/// Runs tasks until the runtime ends, a task gave the core away, or it is spared.
fn run_core(shared: &Shared, here: &RefCell<Option<Box<Core>>>) {
    let mut wakers = Vec::new();
    // The search token: see IDLE.md. Held from a wake-up or a search to the next task or sleep.
    let mut token = false;
    while !shared.is_closed() {
        let mut borrowed = here.borrow_mut();
        let Some(core) = borrowed.as_mut() else {
            return;
        };
        let station = &shared.stations[core.index];
        match core.next(&mut token) {
            Some(task) => {
                let look = core.until_look == 0;
                drop(borrowed);
                station.begin_poll();
                budget::refilled(|| task.run());
                if look {
                    shared.driver.poll(&mut wakers);
                    wake_all(&mut wakers);
                }
            }
            None => {
                station.end_poll();
                if core.is_spared(&mut token) {
                    return;
                }
                let index = core.index;
                drop(borrowed);
                station.count_park();
                token = sleep(shared, index, &mut wakers);
            }
        }
    }
}

/// Sleeps, or drives, and wakes what the driver brought. True if the worker was picked to search.
fn sleep(shared: &Shared, index: usize, wakers: &mut Vec<Waker>) -> bool {
    if shared.driver.is_forked() {
        // A task forked this process, and it is a copy of that task's worker alone.
        eprintln!("{}", shared.driver.gone());
        std::process::abort();
    }
    shared.driver.park(&shared.parkers[index], wakers);
    let picked = shared.idle.unpark(index);
    wake_all(wakers);
    // Before it polls anything.
    shared.monitor.worker_woke();
    picked
}

impl Core {
    pub(super) fn new(shared: &Arc<Shared>, index: usize, local: Local) -> Box<Self> {
        Box::new(Self {
            key: shared.key,
            shared: shared.clone(),
            index,
            local,
            until_look: shared.event_interval,
            victim: index + 1,
        })
    }

    /// The next task, and the token given back; or else this worker is announced as parked and has
    /// looked everywhere once more.
    #[inline]
    fn next(&mut self, token: &mut bool) -> Option<Runnable> {
        let task = self.next_own();
        if task.is_some() && !*token {
            return task;
        }
        self.next_anywhere(task, token)
    }

    /// The same with what was found of its own.
    fn next_anywhere(&mut self, mut task: Option<Runnable>, token: &mut bool) -> Option<Runnable> {
        if task.is_none() {
            *token = *token || self.shared.idle.try_search();
            if *token {
                task = self.search();
            }
        }
        if task.is_none() {
            self.shared.idle.park(self.index, *token);
            *token = false;
            task = self.search();
            if task.is_some() {
                *token = self.shared.idle.unpark(self.index);
                // It may have been taken for asleep meanwhile.
                self.shared.monitor.worker_woke();
                self.share(token);
            }
        } else if *token {
            self.share(token);
        }
        task
    }

    /// The next task of this worker's own queue, and now and then of the shared one.
    #[inline]
    fn next_own(&mut self) -> Option<Runnable> {
        let injector = &self.shared.injector;
        self.until_look = match self.until_look {
            0 => self.shared.event_interval,
            n => n - 1,
        };
        if self.until_look == 0
            && let next @ Some(_) = self.local.take_batch(injector, self.shared.n_workers)
        {
            return next;
        }
        let (next, announce) = self.local.pop(injector);
        if announce {
            self.shared.notify();
        }
        next
    }

    /// A task from the shared queue or from another worker's ring.
    fn search(&mut self) -> Option<Runnable> {
        let shared = &self.shared;
        let stealers = shared.stealers();
        for _ in 0..ROUNDS {
            let task = self.local.take_batch(&shared.injector, shared.n_workers);
            if task.is_some() {
                return task;
            }
            let mut busy = false;
            for _ in 0..stealers.len() {
                self.victim = (self.victim + 1) % stealers.len();
                if self.victim == self.index {
                    continue;
                }
                let lingers = || shared.stations[self.victim].lingers();
                match stealers[self.victim].steal(&self.local, lingers) {
                    Ok(task) => {
                        shared.stations[self.index].count_steal();
                        return Some(task);
                    }
                    Err(StealError::Busy) => busy = true,
                    Err(StealError::Empty) => {}
                }
            }
            if !busy {
                break;
            }
            std::hint::spin_loop();
        }
        None
    }

    /// Something was found: gives the token back, and wakes another if there is more.
    fn share(&mut self, token: &mut bool) {
        let shared = &self.shared;
        if std::mem::take(token) {
            shared.idle.found();
        }
        let mut others = shared.stealers().iter().enumerate();
        if self.local.has_surplus()
            || !shared.injector.is_empty()
            || others
                .any(|(worker, stealer)| worker != self.index && stealer.has_surplus(&self.local))
        {
            shared.notify();
        }
    }
}

impl Core {
    /// True if this is a spare worker that found nothing and may go: it is not announced as parked
    /// any more, and has given back the token if it was picked meanwhile.
    fn is_spared(&mut self, token: &mut bool) -> bool {
        let spared = self.index >= self.shared.n_workers && self.shared.monitor.may_go();
        if spared {
            *token = self.shared.idle.unpark(self.index);
            if *token {
                self.share(token);
            }
        }
        spared
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
