//! The driver of a runtime: waits for events and timers, on whichever thread has nothing to run.
//!
//! It knows the reactor and the timers, and of its callers only their [`Parker`]s. The workers and
//! `block_on` call [`Driver::park`]; what they get is wakers, which they wake with no lock held.
//!
//! There is one seat, since several threads in one epoll cost more than they bring. The thread in
//! the seat waits in the poller; all others that park wait beside it. A worker that leaves the seat
//! has something to run, and comes back to it; but it may be gone for long. So somebody from
//! outside, the runtime's monitor, looks at the seat now and then ([`Driver::look`]) and sends one
//! of those beside to a seat that nobody has used since the look before.
//!
//! Rules, for those who change this file; `SEAT.md` says why they are enough:
//!
//! 1. A thread that leaves the seat and does not come back by itself (a guest, a worker that ends)
//!    appoints somebody from beside: [`Driver::appoint_if_left`].
//! 2. A thread that parks beside puts itself into the crew, then looks again whether the seat is
//!    free, and only then sleeps. Between the two stands a full fence, as between rule 1's leaving
//!    and its look at the crew: one of the two sees the other.
//! 3. The monitor may rest only while the seat is taken, or while a worker runs: that one comes
//!    back to the seat, or wakes the monitor. See `executor/monitor/MONITOR.md`.

mod access;
mod beside;
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

pub(crate) use self::{
    access::{Access, Accesses},
    parker::{Kind, Parker},
};
use self::{
    beside::Beside,
    parker::{Crew, Reason},
};
use crate::{
    reactor::{Events, Reactor},
    sync::{AtomicUsize, Mutex, MutexGuard, lock},
    timer::Timers,
};

/// The backend's name in messages.
pub(crate) const NAME: &str = "native";

/// The reactor and the timers of one runtime, and the threads that wait for them.
#[derive(Debug)]
pub(crate) struct Driver {
    reactor: Reactor,
    timers: Timers,
    /// Held by the thread that waits for events.
    seat: Mutex<Events>,
    /// How often the seat was taken and left: odd while it is taken. Written by the thread in it.
    n_uses: AtomicUsize,
    crew: Mutex<Crew>,
    /// How many there are in the crew.
    beside: Beside,
    /// One of them is on its way to the seat: a hint, written under the crew's lock.
    awaited: AtomicBool,
    /// A guest is in the seat: a worker that parks asks for it.
    guest_drives: AtomicBool,
    closed: AtomicBool,
    /// Where its threads are, and whose its poller is.
    process: Process,
    /// Why there will be no events, if the poller failed.
    failure: OnceLock<io::ErrorKind>,
}

impl Driver {
    /// A driver for so many workers, and any number of guests.
    ///
    /// # Errors
    ///
    /// The system's, if it has no descriptor left.
    pub(crate) fn new(n_workers: usize) -> io::Result<Self> {
        Ok(Self {
            reactor: Reactor::new()?,
            timers: Timers::new(n_workers),
            seat: Mutex::new(Events::new()),
            n_uses: AtomicUsize::new(0),
            crew: Mutex::default(),
            beside: Beside::new(),
            awaited: AtomicBool::new(false),
            guest_drives: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            process: Process::this(),
            failure: OnceLock::new(),
        })
    }

    pub(crate) fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    #[inline]
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
            parker.sleep();
            return parker.stop();
        }
        let lent = parker.kind() == Kind::Guest && self.appoint_worker();
        match self.try_seat().filter(|_| !lent) {
            Some(seat) => self.drive(seat, parker, wakers),
            None => self.park_beside(parker, wakers),
        }
    }

    /// Collects what is due and ready by now, if nobody waits for it. Never waits, makes no system
    /// call where there is no socket, and does not read the clock where there is no timer either.
    pub(crate) fn poll(&self, wakers: &mut Vec<Waker>) {
        let Some(mut seat) = self.try_seat() else {
            return;
        };
        if !self.reactor.is_empty() {
            self.turn(&mut seat, Some(Duration::ZERO), wakers);
        } else if !self.timers.are_empty() {
            self.timers.fire(wakers);
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

    /// True if the seat is taken at this moment.
    pub(crate) fn is_driven(&self) -> bool {
        self.n_uses.load(Relaxed) % 2 == 1
    }

    /// True if the seat is free at this moment, and somebody waits beside it.
    pub(crate) fn is_left(&self) -> bool {
        self.beside.is_anybody() && !self.is_driven()
    }

    /// From the monitor: sends somebody from beside to a seat that was left and not used since the
    /// look before. `last` is what this function leaves there.
    pub(crate) fn look(&self, last: &mut usize) {
        let n_uses = self.n_uses.load(Relaxed);
        if std::mem::replace(last, n_uses) == n_uses && n_uses.is_multiple_of(2) {
            self.appoint_if_left();
        }
    }

    /// Rule 1: the calling thread has left the seat, or may have, and does not come back.
    pub(crate) fn appoint_if_left(&self) {
        if self.beside.is_left_behind() && !self.is_driven() {
            self.appoint(None);
        }
    }

    fn try_seat(&self) -> Option<Seat<'_>> {
        let events = self.seat.try_lock().ok()?;
        Some(Seat::new(events, &self.n_uses))
    }

    /// Waits in the seat, once.
    fn drive(&self, mut seat: Seat<'_>, parker: &Parker, wakers: &mut Vec<Waker>) {
        if !parker.start_driving() {
            return;
        }
        let is_guest = parker.kind() == Kind::Guest;
        if is_guest {
            self.guest_drives.store(true, Relaxed);
        }
        let timeout = self.timers.set_alarm();
        self.turn(&mut seat, timeout, wakers);
        parker.stop();
        if is_guest {
            self.guest_drives.store(false, Relaxed);
            drop(seat);
            self.appoint_if_left();
        }
    }

    fn turn(&self, seat: &mut Seat<'_>, timeout: Option<Duration>, wakers: &mut Vec<Waker>) {
        let events = &mut *seat.events;
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

    /// Waits beside the seat until there is something to do, or it is to be taken.
    fn park_beside(&self, parker: &Arc<Parker>, wakers: &mut Vec<Waker>) {
        self.with_crew(|crew| crew.join(parker));
        self.beside.joined();
        // A guest does not take the seat from one who is on the way to it.
        let mut may_drive = parker.kind() == Kind::Worker || !self.awaited.load(Relaxed);
        if parker.kind() == Kind::Worker && self.guest_drives.load(Relaxed) {
            // The guest parks again, and gives us the seat then.
            self.wake();
        }
        loop {
            if may_drive && let Some(seat) = self.try_seat() {
                self.with_crew(|crew| crew.leave(parker));
                return self.drive(seat, parker, wakers);
            }
            match parker.sleep() {
                Reason::Appointed => {
                    self.with_crew(|crew| crew.arrived(parker));
                    may_drive = true;
                }
                Reason::Notified => {
                    self.with_crew(|crew| crew.leave(parker));
                    parker.stop();
                    if parker.kind() == Kind::Guest {
                        // It may have been on its way to the seat.
                        self.appoint_if_left();
                    }
                    return;
                }
            }
        }
    }

    /// A guest leaves the seat to a worker, which can run what it finds there by itself. True if
    /// there is one beside.
    fn appoint_worker(&self) -> bool {
        self.beside.is_anybody() && !self.is_driven() && self.appoint(Some(Kind::Worker))
    }

    fn appoint(&self, only: Option<Kind>) -> bool {
        self.with_crew(|crew| crew.appoint(only))
    }

    fn with_crew<T>(&self, f: impl FnOnce(&mut Crew) -> T) -> T {
        let mut crew = lock(&self.crew);
        let output = f(&mut crew);
        self.beside.set(crew.len());
        self.awaited.store(crew.is_awaited(), Relaxed);
        output
    }
}

/// The seat, while a thread has it.
struct Seat<'a> {
    events: MutexGuard<'a, Events>,
    n_uses: &'a AtomicUsize,
}

impl<'a> Seat<'a> {
    fn new(events: MutexGuard<'a, Events>, n_uses: &'a AtomicUsize) -> Self {
        n_uses.store(n_uses.load(Relaxed).wrapping_add(1), Relaxed);
        Self { events, n_uses }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        // Before the lock is given back, so that one thread writes at a time.
        let n_uses = self.n_uses.load(Relaxed);
        self.n_uses.store(n_uses.wrapping_add(1), Relaxed);
    }
}
