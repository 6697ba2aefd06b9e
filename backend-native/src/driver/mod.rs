//! The driver of a runtime: waits for events and timers, on whichever thread has nothing to run.
//!
//! It knows the reactor and the timers, and of its callers only their [`Parker`]s. The workers and
//! `block_on` call [`Driver::park`]; what they get is wakers, which they wake with no lock held.
//!
//! There is one seat, since several threads in one epoll cost more than they bring. The thread in
//! the seat waits in the poller; all others that park wait beside it. A thread that leaves the seat
//! has something to run, and may be gone for long: if it blocks, nobody waits for events any more.
//! So while the seat is left and taken, one of those beside it is the *watcher*: it looks once a
//! millisecond, and takes a seat that nobody has used since it looked last. Once it finds the
//! thread in the seat at rest, it rests as well: an idle runtime does not wake up.
//!
//! Rules, for those who change this file:
//!
//! 1. The seat is left only by dropping a [`Seat`], which appoints a watcher if there is none and
//!    somebody is beside.
//! 2. A thread that parks beside puts itself into the crew, then looks again whether the seat is
//!    free, and only then sleeps. Between the two stands a full fence, as between giving the seat
//!    back and looking at the crew: one of the two sees the other.
//! 3. The watcher gives its post up only where it holds the seat, or after having seen the seat
//!    taken (looked at again after giving up, by the same fence), or else by appointing another.

mod parker;
#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::Waker,
    time::Duration,
};

use anyrt_kit::{fork::Process, gone};

use self::parker::{Crew, Post, Reason};
pub(crate) use self::parker::{Kind, Parker};
use crate::{
    reactor::{Events, Reactor},
    sync::{AtomicUsize, Mutex, MutexGuard, full_fence, lock},
    timer::Timers,
};

/// The backend's name in messages.
pub(crate) const NAME: &str = "native";
/// How often a watcher looks. It bounds how long a blocked worker can hold up sockets and timers.
const WATCH: Duration = Duration::from_millis(1);

/// The reactor and the timers of one runtime, and the threads that wait for them.
#[derive(Debug)]
pub(crate) struct Driver {
    reactor: Reactor,
    timers: Timers,
    /// Held by the thread that waits for events.
    seat: Mutex<Events>,
    /// How often the seat was left. Also the word of the fences.
    n_left: AtomicUsize,
    crew: Mutex<Crew>,
    /// The number of threads in the crew, and whether one of them watches: hints for `Seat::drop`,
    /// written under the crew's lock.
    n_beside: AtomicUsize,
    watched: AtomicBool,
    /// A guest is in the seat: a worker that parks asks for it.
    guest_drives: AtomicBool,
    closed: AtomicBool,
    /// Where its threads are, and whose its poller is.
    process: Process,
    /// Why there will be no events, if the poller failed.
    failure: OnceLock<io::ErrorKind>,
}

impl Driver {
    /// # Errors
    ///
    /// The system's, if it has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            reactor: Reactor::new()?,
            timers: Timers::new(),
            seat: Mutex::new(Events::new()),
            n_left: AtomicUsize::new(0),
            crew: Mutex::default(),
            n_beside: AtomicUsize::new(0),
            watched: AtomicBool::new(false),
            guest_drives: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            process: Process::this(),
            failure: OnceLock::new(),
        })
    }

    pub(crate) fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.timers
    }

    /// Waits until `parker` is notified, or until there was something to wake; in the seat, if it
    /// is free. What is to be woken is in `wakers` then. May return early.
    pub(crate) fn park(&self, parker: &Arc<Parker>, wakers: &mut Vec<Waker>) {
        if parker.take_notice() {
            return;
        }
        if self.failure.get().is_some() {
            parker.sleep(None);
            return parker.stop();
        }
        let lent = parker.kind() == Kind::Guest && self.appoint_worker();
        match self.try_seat().filter(|_| !lent) {
            Some(seat) => self.drive(seat, parker, wakers),
            None => self.park_beside(parker, wakers),
        }
    }

    /// Collects what is due and ready by now, if nobody waits for it. Never waits.
    pub(crate) fn poll(&self, wakers: &mut Vec<Waker>) {
        if let Some(mut seat) = self.try_seat() {
            self.turn(&mut seat, Some(Duration::ZERO), wakers);
        }
    }

    /// Ends the wait of the thread in the seat, or the next one.
    pub(crate) fn wake(&self) {
        self.reactor.wake();
    }

    /// Wakes `waker` once, after `period` or at the end.
    pub(crate) fn wake_after(&self, period: Duration, waker: Waker) {
        match self.timers.wake_after(period, waker) {
            Ok(too_late) if too_late => self.wake(),
            Ok(_) => {}
            Err(waker) => waker.wake(),
        }
    }

    /// The end: takes the wakers of all who wait for events or timers, so that each can say so.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) {
        if !self.closed.swap(true, Relaxed) {
            self.reactor.close(wakers);
            self.timers.close(wakers);
        }
    }

    /// True in a forked child of the runtime's process: nobody drives it there, and what is done to
    /// its poller is done to the parent's.
    #[inline]
    pub(crate) fn is_forked(&self) -> bool {
        !self.process.is_this()
    }

    /// What waits for an event or an alarm gets where there are none (laws `L052` and `L057`).
    pub(crate) fn gone(&self) -> io::Error {
        if self.is_forked() {
            return gone::forked(NAME);
        }
        gone::error(NAME)
    }

    fn try_seat(&self) -> Option<Seat<'_>> {
        let events = self.seat.try_lock().ok()?;
        Some(Seat {
            events: Some(events),
            driver: self,
        })
    }

    /// Waits in the seat, once.
    fn drive(&self, mut seat: Seat<'_>, parker: &Parker, wakers: &mut Vec<Waker>) {
        if !parker.start_driving() {
            return;
        }
        self.guest_drives
            .store(parker.kind() == Kind::Guest, Relaxed);
        let timeout = self.timers.set_alarm();
        self.turn(&mut seat, timeout, wakers);
        self.guest_drives.store(false, Relaxed);
        parker.stop();
    }

    fn turn(&self, seat: &mut Seat<'_>, timeout: Option<Duration>, wakers: &mut Vec<Waker>) {
        let events = seat.events();
        match self.reactor.wait(events, timeout) {
            Ok(()) => self.reactor.dispatch(events, wakers),
            Err(error) => self.fail(&error, wakers),
        }
        self.timers.fire(wakers);
    }

    /// The poller is beyond help: whoever waits is told, now and from now on (law `L102`).
    #[cold]
    fn fail(&self, error: &io::Error, wakers: &mut Vec<Waker>) {
        if self.failure.set(error.kind()).is_ok() {
            eprintln!("the runtime `{NAME}` can wait for events no more: {error}");
            self.close(wakers);
        }
    }

    /// Waits beside the seat, as watcher if appointed.
    fn park_beside(&self, parker: &Arc<Parker>, wakers: &mut Vec<Waker>) {
        self.join_crew(parker);
        // Rule 2: pairs with the fence in `Seat::drop`.
        full_fence(&self.n_left);
        // A guest does not take the seat from a watcher who is on the way to it.
        let may_drive = parker.kind() == Kind::Worker || !self.watched.load(Relaxed);
        if may_drive && let Some(seat) = self.try_seat() {
            self.leave_crew(parker);
            return self.drive(seat, parker, wakers);
        }
        if parker.kind() == Kind::Worker && self.guest_drives.load(Relaxed) {
            // The guest parks again, and gives us the seat then.
            self.wake();
        }
        let mut post = Post::Off;
        loop {
            let n_left = self.n_left.load(Relaxed);
            let reason = parker.sleep(match post {
                Post::Off => None,
                Post::Watch => Some(WATCH),
                Post::Drive => Some(Duration::ZERO),
            });
            match reason {
                Reason::Notified => {
                    self.leave_crew(parker);
                    parker.stop();
                    return self.appoint_if_left();
                }
                Reason::Appointed(new) => post = new,
                Reason::TimedOut => {
                    let rested = self.n_left.load(Relaxed) == n_left;
                    if (rested || post == Post::Drive)
                        && let Some(seat) = self.try_seat()
                    {
                        self.leave_crew(parker);
                        return self.drive(seat, parker, wakers);
                    }
                    post = if rested {
                        self.rest(parker)
                    } else {
                        Post::Watch
                    };
                }
            }
        }
    }

    /// The watcher found the thread in the seat at rest.
    fn rest(&self, parker: &Arc<Parker>) -> Post {
        lock(&self.crew).set_watcher(None, &self.watched);
        // Rule 3: pairs with the fence in `Seat::drop`.
        full_fence(&self.n_left);
        if self.seat.try_lock().is_err() {
            return Post::Off;
        }
        // It was left just now, and by that lock perhaps refused to another: watch on, unless
        // somebody else was appointed meanwhile.
        let mut crew = lock(&self.crew);
        if crew.is_watched() {
            return Post::Off;
        }
        crew.set_watcher(Some(parker), &self.watched);
        Post::Watch
    }

    fn join_crew(&self, parker: &Arc<Parker>) {
        let mut crew = lock(&self.crew);
        crew.join(parker);
        self.n_beside.store(crew.len(), Relaxed);
    }

    fn leave_crew(&self, parker: &Arc<Parker>) {
        let mut crew = lock(&self.crew);
        crew.leave(parker, &self.watched);
        self.n_beside.store(crew.len(), Relaxed);
    }

    /// Rule 1: somebody has to look after a seat that is, or may be, left.
    fn appoint_if_left(&self) {
        // Rules 2 and 3: pairs with the fences of `park_beside` and `rest`.
        full_fence(&self.n_left);
        if self.n_beside.load(Relaxed) > 0 && !self.watched.load(Relaxed) {
            lock(&self.crew).appoint(Post::Watch, None, &self.watched);
        }
    }

    /// A guest leaves the seat to a worker, which can run what it finds there by itself. True if
    /// there is one beside.
    fn appoint_worker(&self) -> bool {
        self.n_beside.load(Relaxed) > 0
            && !self.watched.load(Relaxed)
            && self.seat.try_lock().is_ok()
            && lock(&self.crew).appoint(Post::Drive, Some(Kind::Worker), &self.watched)
    }
}

/// The seat, while a thread has it.
struct Seat<'a> {
    /// Always there, but while it is dropped.
    events: Option<MutexGuard<'a, Events>>,
    driver: &'a Driver,
}

impl Seat<'_> {
    fn events(&mut self) -> &mut Events {
        self.events
            .as_mut()
            .expect("the seat is given back on drop")
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.events = None;
        self.driver.n_left.fetch_add(1, Relaxed);
        self.driver.appoint_if_left();
    }
}
