//! How a change of the store is taken back.
//!
//! A change is visible to the commands after it before its record is in the log. If the record is
//! then refused, the changes are undone, last one first. It knows nothing of the log; the engine
//! calls it.

use crate::store::{Key, Store};

/// The inverse of one change.
#[derive(Debug)]
pub(crate) enum Undo {
    /// The key was made.
    Remove { key: Key },
    /// The key was replaced or removed.
    Restore {
        key: Key,
        value: Vec<u8>,
        deadline_ms: Option<u64>,
    },
    /// The value grew.
    Truncate { key: Key, len: usize },
    /// The deadline moved.
    Deadline { key: Key, deadline_ms: Option<u64> },
    /// Everything was removed.
    Refill(Box<Store>),
}

impl Undo {
    /// Takes the change back. Right only when every later change has been taken back before.
    pub(crate) fn apply(self, store: &mut Store) {
        match self {
            Self::Remove { key } => {
                store.remove(&key);
            }
            Self::Restore {
                key,
                value,
                deadline_ms,
            } => {
                store.put(&key, value, deadline_ms);
            }
            Self::Truncate { key, len } => {
                if let Some(&slot) = store.index.get(&key) {
                    store.slots[slot].value.truncate(len);
                }
            }
            Self::Deadline { key, deadline_ms } => {
                store.set_deadline(&key, deadline_ms);
            }
            Self::Refill(before) => *store = *before,
        }
    }
}
