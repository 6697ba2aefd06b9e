//! The keyspace: strings with an optional deadline.
//!
//! Pure data: the time is an argument (milliseconds of the Unix epoch), and it knows nothing of
//! commands, files or sockets. A read treats what is past its deadline as absent and changes
//! nothing; only [`aof::Record`](crate::aof::Record) calls the methods that change, so that the log
//! sees every change. Each of those answers how to take itself back.

mod undo;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use slab::Slab;

pub(crate) use self::undo::Undo;

/// A key, shared by the index, the slots and the deadlines.
pub(crate) type Key = Arc<[u8]>;

/// All keys, their values and their deadlines.
///
/// Nothing ever walks the hash map, so the order of KEYS and SCAN is the order of the slots and
/// does not depend on the seed of the hasher.
#[derive(Debug, Default)]
pub(crate) struct Store {
    index: HashMap<Key, usize>,
    slots: Slab<Item>,
    deadlines: BTreeSet<(u64, Key)>,
}

#[derive(Debug)]
struct Item {
    key: Key,
    value: Vec<u8>,
    deadline_ms: Option<u64>,
}

impl Item {
    fn is_live(&self, now_ms: u64) -> bool {
        self.deadline_ms.is_none_or(|deadline| now_ms < deadline)
    }
}

/// What a read sees of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) value: &'a [u8],
    pub(crate) deadline_ms: Option<u64>,
}

impl Store {
    /// The number of keys, those included whose deadline has passed and that nobody has removed
    /// yet.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The number of keys that have a deadline.
    pub(crate) fn n_deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// The live entry under `key`.
    pub(crate) fn get(&self, key: &[u8], now_ms: u64) -> Option<Entry<'_>> {
        let item = &self.slots[*self.index.get(key)?];
        item.is_live(now_ms).then_some(Entry {
            value: &item.value,
            deadline_ms: item.deadline_ms,
        })
    }

    /// Whether `key` is still held although its deadline has passed.
    pub(crate) fn is_stale(&self, key: &[u8], now_ms: u64) -> bool {
        self.index
            .get(key)
            .is_some_and(|&slot| !self.slots[slot].is_live(now_ms))
    }

    /// Keys whose deadline has passed, earliest first: at most `limit`, and no more once they have
    /// `limit_bytes` together.
    pub(crate) fn stale_keys(&self, now_ms: u64, limit: usize, limit_bytes: usize) -> Vec<Key> {
        let mut bytes = 0;
        self.deadlines
            .iter()
            .take(limit)
            .take_while(|(deadline, key)| {
                let goes_on = *deadline <= now_ms && bytes < limit_bytes;
                bytes += key.len();
                goes_on
            })
            .map(|(_, key)| Arc::clone(key))
            .collect()
    }

    /// Visits live keys from slot `cursor` on and answers where to go on, 0 at the end.
    ///
    /// It stops after `count` live keys or ten times as many slots. A key that is there from the
    /// first call of a walk to its last is visited exactly once, since it never changes its slot.
    pub(crate) fn scan(
        &self,
        cursor: usize,
        count: usize,
        now_ms: u64,
        mut visit: impl FnMut(&Key),
    ) -> usize {
        let end = self.slots.capacity();
        let last = end.min(cursor.saturating_add(count.saturating_mul(10)));
        let mut seen = 0;
        for slot in cursor..last {
            if let Some(item) = self.slots.get(slot).filter(|item| item.is_live(now_ms)) {
                visit(&item.key);
                seen += 1;
                if seen == count {
                    return if slot + 1 < end { slot + 1 } else { 0 };
                }
            }
        }
        if last < end { last } else { 0 }
    }

    /// Every live key.
    pub(crate) fn keys(&self, now_ms: u64) -> impl Iterator<Item = &Key> {
        self.slots
            .iter()
            .filter(move |(_, item)| item.is_live(now_ms))
            .map(|(_, item)| &item.key)
    }

    /// Sets value and deadline of `key`.
    pub(crate) fn put(&mut self, key: &[u8], value: Vec<u8>, deadline_ms: Option<u64>) -> Undo {
        if let Some(&slot) = self.index.get(key) {
            let item = &mut self.slots[slot];
            let key = Arc::clone(&item.key);
            let value = std::mem::replace(&mut item.value, value);
            let deadline_ms = self.move_deadline(slot, deadline_ms);
            return Undo::Restore {
                key,
                value,
                deadline_ms,
            };
        }
        let key = Key::from(key);
        let item = Item {
            key: Arc::clone(&key),
            value,
            deadline_ms: None,
        };
        let slot = self.slots.insert(item);
        self.index.insert(Arc::clone(&key), slot);
        self.move_deadline(slot, deadline_ms);
        Undo::Remove { key }
    }

    /// Adds `suffix` to the value of `key`, or makes the key with it.
    pub(crate) fn append(&mut self, key: &[u8], suffix: &[u8]) -> Undo {
        let Some(&slot) = self.index.get(key) else {
            return self.put(key, suffix.to_vec(), None);
        };
        let item = &mut self.slots[slot];
        let len = item.value.len();
        item.value.extend_from_slice(suffix);
        Undo::Truncate {
            key: Arc::clone(&item.key),
            len,
        }
    }

    /// Sets or clears the deadline of `key`; `None` if there is no such key.
    pub(crate) fn set_deadline(&mut self, key: &[u8], deadline_ms: Option<u64>) -> Option<Undo> {
        let slot = *self.index.get(key)?;
        let key = Arc::clone(&self.slots[slot].key);
        let deadline_ms = self.move_deadline(slot, deadline_ms);
        Some(Undo::Deadline { key, deadline_ms })
    }

    /// Removes `key`; `None` if there is no such key.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<Undo> {
        let slot = *self.index.get(key)?;
        let deadline_ms = self.move_deadline(slot, None);
        self.index.remove(key);
        let Item { key, value, .. } = self.slots.remove(slot);
        Some(Undo::Restore {
            key,
            value,
            deadline_ms,
        })
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) -> Undo {
        Undo::Refill(Box::new(std::mem::take(self)))
    }

    /// The one place where a deadline changes: item and index stay together. Answers the old one.
    fn move_deadline(&mut self, slot: usize, deadline_ms: Option<u64>) -> Option<u64> {
        let item = &mut self.slots[slot];
        let before = std::mem::replace(&mut item.deadline_ms, deadline_ms);
        if before != deadline_ms {
            let key = Arc::clone(&item.key);
            if let Some(at) = before {
                self.deadlines.remove(&(at, Arc::clone(&key)));
            }
            if let Some(at) = deadline_ms {
                self.deadlines.insert((at, key));
            }
        }
        before
    }
}

#[cfg(test)]
mod tests;
