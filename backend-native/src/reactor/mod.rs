//! The reactor: which sources there are, and who is woken when one becomes ready.
//!
//! It holds wakers and does not know that tasks exist. The driver lets it wait for events, sources
//! register with it; sys/ below it knows the operating system.
//!
//! ```text
//!   Source::poll_io  --- WouldBlock: wait --->  Side { readiness, waiters }  (one a direction)
//!                                                   ^
//!   driver: wait -> events -> lookup by token ------+-> wakers, woken after the last lock
//! ```

mod event;
mod readiness;
mod source;
mod sys;

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Waker,
    time::Duration,
};

use anyrt_kit::gone;

use self::{
    event::{Event, Token},
    source::Sides,
    sys::Poller,
};
pub(crate) use self::{
    source::Source,
    sys::{AsHandle, Events, is_in_progress},
};
use crate::{
    driver::NAME,
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

#[derive(Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
    closed: bool,
}

/// A place for a source; its generation grows each time it is given away again.
#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    sides: Option<Arc<Sides>>,
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
            if let Some(sides) = table.find(token) {
                // A side's lock is only ever held for a few moves of memory.
                sides.set(ready, wakers);
            }
        }
    }

    /// The end: no event comes any more. Takes all wakers, so that each operation can say so.
    pub(crate) fn close(&self, wakers: &mut Vec<Waker>) {
        let mut table = lock(&self.table);
        table.closed = true;
        for slot in &table.slots {
            if let Some(sides) = &slot.sides {
                sides.set_gone(wakers);
            }
        }
    }

    /// A place for `source`, and its events from now on. On an error nothing is left behind.
    fn register(&self, source: &impl AsHandle, sides: &Arc<Sides>) -> io::Result<Token> {
        let token = self.change(|table| table.insert(sides.clone()))?;
        if let Err(error) = self.poller.add(source, token) {
            drop(self.change(|table| table.remove(token)));
            return Err(error);
        }
        Ok(token)
    }

    /// No events of `source` any more. It may fail for a descriptor that was closed behind our
    /// back; its place is free all the same (law `L099`).
    fn deregister(&self, source: &impl AsHandle, token: Token) {
        let _ = self.poller.remove(source);
        drop(self.change(|table| table.remove(token)));
    }

    fn change<T>(&self, f: impl FnOnce(&mut Table) -> T) -> T {
        let mut table = lock(&self.table);
        let output = f(&mut table);
        self.n_sources.store(table.n_sources(), Relaxed);
        output
    }
}

impl Table {
    fn insert(&mut self, sides: Arc<Sides>) -> io::Result<Token> {
        if self.closed {
            return Err(gone::error(NAME));
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.slots.len()).ok();
                let index = index.filter(|&index| index != Token::RESERVED);
                self.slots.push(Slot::default());
                index.expect("descriptors end before four billion sources")
            }
        };
        let slot = &mut self.slots[index as usize];
        slot.sides = Some(sides);
        Ok(Token {
            index,
            generation: slot.generation,
        })
    }

    fn n_sources(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn find(&self, token: Token) -> Option<&Arc<Sides>> {
        let slot = self.slots.get(token.index as usize)?;
        slot.sides
            .as_ref()
            .filter(|_| slot.generation == token.generation)
    }

    fn remove(&mut self, token: Token) -> Option<Arc<Sides>> {
        let slot = &mut self.slots[token.index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(token.index);
        slot.sides.take()
    }
}
