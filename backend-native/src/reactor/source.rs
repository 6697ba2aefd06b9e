//! A registered socket: it owns its descriptor, tries system calls, and waits where they would
//! block.
//!
//! It knows nothing of addresses or bytes: `net/` gives it the call to make. Below it are the
//! readiness word and the waiters of each direction, and the reactor's table.
//!
//! # I/O safety
//!
//! A `Source` owns its object. It is registered when it is made and deregistered before the object
//! is dropped or given out, so the poller never holds a descriptor that somebody else may have by
//! now.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use anyrt_api::io::{Direction, Wait};
use anyrt_kit::wait::WaitList;

use super::{
    AsHandle,
    event::{Ready, Token},
    readiness::Readiness,
};
use crate::{
    driver::Driver,
    sync::{Mutex, lock},
};

/// A non-blocking socket of the system and its registration with a reactor.
#[derive(Debug)]
pub(crate) struct Source<T: AsHandle> {
    driver: Arc<Driver>,
    token: Token,
    sides: Arc<Sides>,
    /// `None` once it was given out.
    io: Option<T>,
}

impl<T: AsHandle> Source<T> {
    /// Registers `io`, which must be non-blocking.
    ///
    /// # Errors
    ///
    /// The system's, or that the runtime is gone; `io` is closed then.
    pub(crate) fn new(driver: &Arc<Driver>, io: T) -> io::Result<Self> {
        Self::with_sides(driver, io, Sides::new(Readiness::new()))
    }

    /// Registers `io`, which began to connect: it becomes writable by an event alone.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn connecting(driver: &Arc<Driver>, io: T) -> io::Result<Self> {
        let write = Readiness::new();
        write.clear_would_block(write.seen());
        Self::with_sides(driver, io, Sides::new(write))
    }

    fn with_sides(driver: &Arc<Driver>, io: T, sides: Sides) -> io::Result<Self> {
        if driver.is_forked() {
            return Err(driver.gone());
        }
        let sides = Arc::new(sides);
        let token = driver.reactor().register(&io, &sides)?;
        Ok(Self {
            driver: driver.clone(),
            token,
            sides,
            io: Some(io),
        })
    }

    /// The object itself, for whatever does not wait.
    pub(crate) fn io(&self) -> &T {
        self.io
            .as_ref()
            .expect("a source keeps its object until it is given out")
    }

    /// The runtime's driver, for what comes out of this source.
    pub(crate) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    /// Deregisters the object and gives it out.
    pub(crate) fn into_io(mut self) -> T {
        let io = self
            .io
            .take()
            .expect("a source keeps its object until it is given out");
        self.deregister(&io);
        io
    }

    fn deregister(&self, io: &T) {
        // A forked child would take it out of its parent's poller.
        if !self.driver.is_forked() {
            self.driver.reactor().deregister(io, self.token);
        }
    }

    /// Makes the call `op` until it does not answer `WouldBlock` or `Interrupted`, which never
    /// escape (laws `L086`, `L087`). `Pending` is answered with the task in the list of waiters.
    ///
    /// `drained` says of a result that it left nothing behind, so that the next call has to wait.
    pub(crate) fn poll_io<U>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wait: &mut Wait,
        mut op: impl FnMut(&T) -> io::Result<U>,
        drained: impl FnOnce(&U) -> bool,
    ) -> Poll<io::Result<U>> {
        let side = self.sides.side(direction);
        loop {
            let seen = side.readiness.seen();
            if seen.is_ready() {
                match op(self.io()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        side.readiness.clear_would_block(seen);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    result => {
                        if result.as_ref().is_ok_and(drained) {
                            side.readiness.clear_drained(seen);
                        }
                        side.remove(wait);
                        return Poll::Ready(result);
                    }
                }
            }
            if let Some(answer) = self.wait(cx, side, wait) {
                return answer.map(Err);
            }
        }
    }

    /// As [`poll_io`](Self::poll_io) to write, for a socket that is not told when there is room:
    /// each poll makes the call, and while it would block the task is woken every `period`.
    pub(crate) fn poll_offer<U>(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        period: Duration,
        op: impl FnMut(&T) -> io::Result<U>,
    ) -> Poll<io::Result<U>> {
        self.sides.write.readiness.set(false);
        let answer = self.poll_io(cx, Direction::Write, wait, op, |_| false);
        if answer.is_pending() {
            self.driver.wake_after(period, cx.waker().clone());
        }
        answer
    }

    /// See [`RawObject::cancel_wait`](anyrt_api::io::RawObject::cancel_wait).
    pub(crate) fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.sides.side(direction).remove(wait);
    }

    /// Puts the task in the list. `None`: it became ready meanwhile, try again.
    fn wait(&self, cx: &Context<'_>, side: &Side, wait: &mut Wait) -> Option<Poll<io::Error>> {
        if self.driver.is_forked() {
            return Some(Poll::Ready(self.driver.gone()));
        }
        side.add(wait, cx.waker().clone());
        // An event sets its flags and then takes the waiters, so one of us sees the other.
        let seen = side.readiness.seen();
        if seen.is_ready() {
            return None;
        }
        if seen.is_gone() {
            side.remove(wait);
            return Some(Poll::Ready(self.driver.gone()));
        }
        match self.driver.reactor().poller.expect(self.io(), self.token) {
            Ok(()) => Some(Poll::Pending),
            Err(error) => Some(Poll::Ready(error)),
        }
    }
}

impl<T: AsHandle> Drop for Source<T> {
    fn drop(&mut self) {
        if let Some(io) = &self.io {
            self.deregister(io);
        }
    }
}

/// Both directions of a source.
#[derive(Debug)]
pub(super) struct Sides {
    read: Side,
    write: Side,
}

#[derive(Debug)]
struct Side {
    readiness: Readiness,
    waiters: Mutex<WaitList>,
}

impl Sides {
    fn new(write: Readiness) -> Self {
        let side = |readiness| Side {
            readiness,
            waiters: Mutex::default(),
        };
        Self {
            read: side(Readiness::new()),
            write: side(write),
        }
    }

    pub(super) fn set(&self, ready: Ready, wakers: &mut Vec<Waker>) {
        if ready.contains(Ready::READ) {
            self.read.readiness.set(ready.contains(Ready::READ_CLOSED));
            lock(&self.read.waiters).take_into(wakers);
        }
        if ready.contains(Ready::WRITE) {
            self.write
                .readiness
                .set(ready.contains(Ready::WRITE_CLOSED));
            lock(&self.write.waiters).take_into(wakers);
        }
    }

    pub(super) fn set_gone(&self, wakers: &mut Vec<Waker>) {
        for side in [&self.read, &self.write] {
            side.readiness.set_gone();
            lock(&side.waiters).take_into(wakers);
        }
    }

    fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }
}

impl Side {
    fn add(&self, wait: &mut Wait, waker: Waker) {
        let displaced = lock(&self.waiters).enter(wait, waker);
        displaced.settle();
    }

    fn remove(&self, wait: &mut Wait) {
        if wait.key().is_some() {
            let waker = lock(&self.waiters).leave(wait);
            drop(waker);
        }
    }
}
