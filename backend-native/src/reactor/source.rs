//! A registered socket: it owns its descriptor, tries system calls, and waits where they would
//! block.
//!
//! It knows nothing of addresses or bytes: `net/` gives it the call to make. Below it is its place
//! in the reactor's table, with the readiness word and the waiters of each direction.
//!
//! # I/O safety
//!
//! A `Source` owns its object. It is registered when it is made and deregistered before the object
//! is dropped or given out, so the poller never holds a descriptor that somebody else may have by
//! now.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyrt_api::io::{Direction, Wait};

use super::{AsHandle, event::Token, slot::Slot, table::Page};
use crate::driver::Driver;

/// A non-blocking socket of the system and its registration with a reactor.
///
/// Small, since there may be as many as the system has descriptors: with its counter it has 24
/// bytes, and its place another 64.
#[derive(Debug)]
pub(crate) struct Source<T: AsHandle> {
    page: Arc<Page>,
    /// Its place, in that page.
    index: u32,
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
        Self::register(driver, io, true)
    }

    /// Registers `io`, which began to connect: it becomes writable by an event alone.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn connecting(driver: &Arc<Driver>, io: T) -> io::Result<Self> {
        Self::register(driver, io, false)
    }

    fn register(driver: &Arc<Driver>, io: T, is_writable: bool) -> io::Result<Self> {
        if driver.is_forked() {
            return Err(driver.gone());
        }
        let (page, index) = driver.reactor().register(driver, &io, is_writable)?;
        Ok(Self {
            page,
            index,
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
        self.page.driver()
    }

    #[inline]
    fn slot(&self) -> &Slot {
        self.page.slot(self.index)
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
        let reactor = self.driver().reactor();
        // A forked child would take it out of its parent's poller.
        if self.driver().is_forked() {
            return reactor.forget(self.index);
        }
        // Those that are left have no key or were leaked; nobody joins them any more.
        let mut wakers = Vec::new();
        self.slot().clear(&mut wakers);
        reactor.deregister(io, self.index);
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
        let slot = self.slot();
        let readiness = slot.readiness(direction);
        loop {
            let seen = readiness.seen();
            if seen.is_ready() {
                match op(self.io()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        readiness.clear_would_block(seen);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    result => {
                        if result.as_ref().is_ok_and(drained) {
                            readiness.clear_drained(seen);
                        }
                        slot.remove(direction, wait);
                        return Poll::Ready(result);
                    }
                }
            }
            if let Some(answer) = self.wait(cx, direction, wait) {
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
        self.slot().readiness(Direction::Write).set(false);
        let answer = self.poll_io(cx, Direction::Write, wait, op, |_| false);
        if answer.is_pending() {
            self.driver().wake_after(period, cx.waker().clone());
        }
        answer
    }

    /// See [`RawObject::cancel_wait`](anyrt_api::io::RawObject::cancel_wait).
    pub(crate) fn cancel_wait(&self, direction: Direction, wait: &mut Wait) {
        self.slot().remove(direction, wait);
    }

    /// Puts the task in the list. `None`: it became ready meanwhile, try again.
    fn wait(
        &self,
        cx: &Context<'_>,
        direction: Direction,
        wait: &mut Wait,
    ) -> Option<Poll<io::Error>> {
        let (driver, slot) = (self.driver(), self.slot());
        if driver.is_forked() {
            return Some(Poll::Ready(driver.gone()));
        }
        slot.add(direction, wait, cx.waker().clone());
        // An event sets its flags and then takes the waiters, so one of us sees the other.
        let seen = slot.readiness(direction).seen();
        if seen.is_ready() {
            return None;
        }
        if seen.is_gone() {
            slot.remove(direction, wait);
            return Some(Poll::Ready(driver.gone()));
        }
        let token = Token {
            index: self.index,
            generation: slot.generation(),
        };
        match driver.reactor().poller.expect(self.io(), token) {
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
