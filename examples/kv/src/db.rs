//! What stands under the engine's lock: the store, and the queue of its changes.
//!
//! [`Db::change`] is the only way to change the store, so that log and store see the same changes
//! in the same order. It knows no command and no client.

use crate::aof::{Queue, Record};
use crate::store::{Entry, Store};

/// The store and the records that are on their way to its log.
#[derive(Debug, Default)]
pub(crate) struct Db {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
}

impl Db {
    /// The live entry under `key`.
    pub(crate) fn get(&self, key: &[u8], now_ms: u64) -> Option<Entry<'_>> {
        self.store.get(key, now_ms)
    }

    /// Changes the store and queues the change for the log.
    pub(crate) fn change(&mut self, record: &Record<'_>) {
        self.queue.push(record, &mut self.store);
    }

    /// Removes `key` if its deadline has passed, so that a change may build on its absence.
    pub(crate) fn purge(&mut self, key: &[u8], now_ms: u64) {
        if self.store.is_stale(key, now_ms) {
            self.change(&Record::Delete { keys: &[key] });
        }
    }

    /// Removes at most `limit` keys whose deadline has passed; answers how many.
    pub(crate) fn expire(&mut self, now_ms: u64, limit: usize) -> usize {
        if self.queue.refusal().is_some() {
            return 0;
        }
        let stale = self.store.stale_keys(now_ms, limit, EXPIRE_MAX_BYTES);
        if !stale.is_empty() {
            let keys: Vec<&[u8]> = stale.iter().map(|key| &**key).collect();
            self.change(&Record::Delete { keys: &keys });
        }
        stale.len()
    }
}

/// A record of expired keys stays within what the recovery reads: the last key may be of any size.
const EXPIRE_MAX_BYTES: usize = 16 * 1024;
