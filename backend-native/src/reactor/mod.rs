//! The reactor: which sources there are, and who is woken when one becomes ready.
//!
//! It holds wakers and does not know that tasks exist. The driver lets it wait for events, sources
//! register with it; sys/ below it knows the operating system.
//!
//! ```text
//!   Source::poll_io  --- WouldBlock: wait --->  Slot { readiness of each direction, waiters }
//!                                                   ^
//!   driver: wait -> events -> lookup by token ------+-> wakers, woken after the last lock
//! ```

mod event;
mod readiness;
mod slot;
mod source;
mod sys;
mod table;

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Waker,
    time::Duration,
};

use self::{
    event::{Event, Token},
    sys::Poller,
    table::{Page, Table},
};
pub(crate) use self::{
    source::Source,
    sys::{AsHandle, Events, is_in_progress},
};
use crate::{
    driver::Driver,
    sync::{AtomicUsize, Mutex, lock},
};

/// The sources of one runtime and its poller.
#[derive(Debug)]
pub(crate) struct Reactor {
    poller: Poller,
    table: Mutex<Table>,
    /// The sources in the table; written under its lock.
    n_sources: AtomicUsize,
}

impl Reactor {
    /// # Errors
    ///
    /// The system's, if it has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            poller: Poller::new()?,
            table: Mutex::default(),
            n_sources: AtomicUsize::new(0),
        })
    }

    /// True if there is no source, or was none just now: then there is nothing to poll for.
    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: who does not see a new source yet, sees it at the next look.
        self.n_sources.load(Relaxed) == 0
    }

    /// Ends the wait that is going on, or the next one.
    pub(crate) fn wake(&self) {
        self.poller.wake();
    }

    /// Waits for events, at most `timeout` (`None`: until woken). One thread at a time.
    pub(crate) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.poller.wait(events, timeout)
    }

    /// Notes what `events` say, and takes the wakers of all who wait for it.
    pub(crate) fn dispatch(&self, events: &Events, wakers: &mut Vec<Waker>) {
        let table = lock(&self.table);
        for Event { token, ready } in events.iter() {
            if let Some(slot) = table.find(token) {
                slot.set(ready, wakers);
            }
        }
    }

    /// The end: no event comes any more. Takes all wakers, so that each operation can say so.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) {
        for slot in lock(&self.table).close() {
            slot.set_gone(wakers);
        }
    }

    /// A place for `source` of `driver`, whose reactor this is, and its events from now on. On an
    /// error nothing is left behind.
    fn register(
        &self,
        driver: &Arc<Driver>,
        source: &impl AsHandle,
        is_writable: bool,
    ) -> io::Result<(Arc<Page>, u32)> {
        let (page, index) = self.change(|table| table.insert(driver, is_writable))?;
        let generation = page.slot(index).generation();
        if let Err(error) = self.poller.add(source, Token { index, generation }) {
            drop(self.change(|table| table.remove(index)));
            return Err(error);
        }
        Ok((page, index))
    }

    /// No events of `source` any more. It may fail for a descriptor that was closed behind our
    /// back; its place is free all the same (law `L099`).
    fn deregister(&self, source: &impl AsHandle, index: u32) {
        let _ = self.poller.remove(source);
        drop(self.change(|table| table.remove(index)));
    }

    /// As [`deregister`](Self::deregister) in a forked child: the poller is its parent's. Another
    /// thread of the parent may have held the lock, and holds it here for ever: then the place
    /// stays taken.
    fn forget(&self, index: u32) {
        let page = match self.table.try_lock() {
            Ok(mut table) => table.remove(index),
            Err(_) => None,
        };
        drop(page);
    }

    fn change<T>(&self, f: impl FnOnce(&mut Table) -> T) -> T {
        let mut table = lock(&self.table);
        let output = f(&mut table);
        self.n_sources.store(table.n_sources(), Relaxed);
        output
    }
}
