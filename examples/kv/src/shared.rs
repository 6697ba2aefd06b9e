//! What all tasks of a store share: the database under its lock, and how the writer is woken.
//!
//! It knows no socket and no file. The engine makes it; the connections and the writer meet here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::Event;

use crate::aof::Refusal;
use crate::command::Facts;
use crate::db::Db;

/// Database, facts and the writer's bell.
#[derive(Debug)]
pub(crate) struct Shared {
    db: Mutex<Db>,
    bell: Event,
    pub(crate) facts: Facts,
}

impl Shared {
    pub(crate) fn new(db: Db, facts: Facts) -> Self {
        Self {
            db: Mutex::new(db),
            bell: Event::new(),
            facts,
        }
    }

    /// The database. No task is woken and nothing waits while it is held.
    pub(crate) fn db(&self) -> MutexGuard<'_, Db> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the writer that records may wait.
    pub(crate) fn ring(&self) {
        self.bell.notify(1);
    }

    /// Waits for records and takes them; `None` once the store is closed and none are left.
    pub(crate) async fn next_group(&self) -> Option<Vec<u8>> {
        loop {
            if let Some(taken) = self.try_next_group() {
                return taken;
            }
            let bell = self.bell.listen();
            if let Some(taken) = self.try_next_group() {
                return taken;
            }
            bell.await;
        }
    }

    /// The next records, or `Some(None)` if there will be none.
    fn try_next_group(&self) -> Option<Option<Vec<u8>>> {
        let mut db = self.db();
        match db.queue.take() {
            Some(bytes) => Some(Some(bytes)),
            None if db.queue.is_closing() => Some(None),
            None => None,
        }
    }

    /// No write is taken any more; the writer ends when it has written what waits.
    pub(crate) fn close(&self) {
        self.db()
            .queue
            .close(Refusal::new("the store is shutting down"));
        self.ring();
    }
}
