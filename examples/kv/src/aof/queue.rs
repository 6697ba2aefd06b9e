//! Records on their way to the log, and how to take their changes back.
//!
//! ```text
//!   push -> waiting group -- take --> group in flight -- done ----> settled Ok, undo forgotten
//!                 |                          |
//!                 +------- fail -------------+----------------> settled Err, all undone
//! ```
//!
//! At most one group is in flight. It knows no file and no thread: it stands inside the engine's
//! lock, and whatever wakes a task is handed out, to be done outside.

use std::mem;
use std::sync::Arc;

use crate::aof::{Group, Record, Refusal};
use crate::store::{Store, Undo};

/// The records that no file holds yet.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Waiting,
    in_flight: Option<InFlight>,
    refusal: Option<Refusal>,
    is_closing: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    undo: Vec<Undo>,
    /// There from the first record on.
    group: Option<Arc<Group>>,
}

#[derive(Debug)]
struct InFlight {
    undo: Vec<Undo>,
    group: Arc<Group>,
}

/// What a failure leaves to be done once the lock is free.
#[derive(Debug)]
#[must_use = "the groups' clients wait for it"]
pub(crate) struct Failed {
    groups: Vec<Arc<Group>>,
    refusal: Refusal,
}

impl Failed {
    /// Tells the clients.
    pub(crate) fn settle(self) {
        for group in self.groups {
            group.set(Err(self.refusal.clone()));
        }
    }
}

/// A group that was written, and what is no longer needed: drop it outside the lock.
#[derive(Debug)]
#[must_use = "the group's clients wait for it"]
pub(crate) struct Done(Option<InFlight>);

impl Done {
    /// Tells the clients.
    pub(crate) fn settle(self) {
        if let Some(in_flight) = self.0 {
            in_flight.group.set(Ok(()));
        }
    }
}

impl Queue {
    /// Why writes are refused, if they are.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Changes the store, and queues the record if it changed anything.
    pub(crate) fn push(&mut self, record: &Record<'_>, store: &mut Store) {
        let before = self.waiting.undo.len();
        record.apply(store, &mut self.waiting.undo);
        if self.waiting.undo.len() > before {
            record.encode(&mut self.waiting.bytes);
            self.waiting.group.get_or_insert_default();
        }
    }

    /// The last group that is not settled: when it is, every record pushed so far is.
    pub(crate) fn latest(&self) -> Option<Arc<Group>> {
        let in_flight = self.in_flight.as_ref().map(|in_flight| &in_flight.group);
        self.waiting.group.as_ref().or(in_flight).cloned()
    }

    /// Puts the waiting group in flight and hands out its bytes.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        debug_assert!(self.in_flight.is_none(), "one group at a time");
        let Waiting { bytes, undo, group } = mem::take(&mut self.waiting);
        self.in_flight = Some(InFlight {
            undo,
            group: group?,
        });
        Some(bytes)
    }

    /// The group in flight is in the log.
    pub(crate) fn done(&mut self) -> Done {
        Done(self.in_flight.take())
    }

    /// The group in flight is not in the log: it and what was built on it are taken back.
    ///
    /// With `for_good` every later write is refused as well.
    pub(crate) fn fail(&mut self, store: &mut Store, refusal: Refusal, for_good: bool) -> Failed {
        let Waiting { undo, group, .. } = mem::take(&mut self.waiting);
        undo.into_iter().rev().for_each(|undo| undo.apply(store));
        let mut groups = Vec::from_iter(group);
        if let Some(in_flight) = self.in_flight.take() {
            in_flight
                .undo
                .into_iter()
                .rev()
                .for_each(|undo| undo.apply(store));
            groups.push(in_flight.group);
        }
        if for_good {
            self.refuse(refusal.clone());
        }
        Failed { groups, refusal }
    }

    /// Later writes are refused; what is on its way goes on. The first reason stays.
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }

    /// No record will be pushed any more.
    pub(crate) fn close(&mut self, refusal: Refusal) {
        self.is_closing = true;
        self.refuse(refusal);
    }

    /// Whether [`Queue::close`] was called.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, poll_once};

    use super::*;

    fn set<'a>(key: &'a [u8], value: &'a [u8]) -> Record<'a> {
        Record::Set {
            key,
            value,
            deadline_ms: None,
        }
    }

    fn value(store: &Store, key: &[u8]) -> Option<Vec<u8>> {
        store.get(key, 0).map(|entry| entry.value.to_vec())
    }

    #[test]
    fn groups_gather_while_one_is_in_flight() {
        let (mut queue, mut store) = (Queue::default(), Store::default());
        assert!(queue.latest().is_none() && queue.take().is_none());
        queue.push(&set(b"a", b"1"), &mut store);
        let first = queue.latest().expect("a record waits");
        let bytes = queue.take().expect("a record waits");
        assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n");
        assert!(Arc::ptr_eq(
            &first,
            &queue.latest().expect("it is in flight")
        ));
        queue.push(&set(b"b", b"1"), &mut store);
        queue.push(&set(b"c", b"1"), &mut store);
        let second = queue.latest().expect("two records wait");
        queue.done().settle();
        block_on(async {
            assert_eq!(poll_once(first.wait()).await, Some(Ok(())));
            assert_eq!(poll_once(second.wait()).await, None);
        });
        assert_eq!(queue.take().map(|bytes| bytes.len()), Some(2 * bytes.len()));
        queue.done().settle();
        assert!(queue.latest().is_none());
        assert_eq!(block_on(second.wait()), Ok(()));
    }

    #[test]
    fn a_failure_takes_back_everything_that_is_not_in_the_log() {
        let (mut queue, mut store) = (Queue::default(), Store::default());
        queue.push(&set(b"a", b"safe"), &mut store);
        queue.take();
        queue.done().settle();
        queue.push(&set(b"a", b"lost"), &mut store);
        let first = queue.latest().expect("a record waits");
        queue.take();
        queue.push(
            &Record::Append {
                key: b"a",
                suffix: b"!",
            },
            &mut store,
        );
        queue.push(&Record::Clear, &mut store);
        queue.push(&set(b"b", b"lost"), &mut store);
        let second = queue.latest().expect("records wait");
        let refusal = Refusal::new("the disk is full");
        queue.fail(&mut store, refusal.clone(), false).settle();
        assert_eq!(value(&store, b"a").as_deref(), Some(b"safe".as_slice()));
        assert_eq!(value(&store, b"b"), None);
        assert_eq!(block_on(first.wait()), Err(refusal.clone()));
        assert_eq!(block_on(second.wait()), Err(refusal.clone()));
        assert!(queue.refusal().is_none() && queue.latest().is_none() && queue.take().is_none());

        queue.push(&set(b"a", b"lost"), &mut store);
        queue.take();
        queue.fail(&mut store, refusal.clone(), true).settle();
        assert_eq!(queue.refusal(), Some(&refusal));
        assert_eq!(value(&store, b"a").as_deref(), Some(b"safe".as_slice()));
    }

    #[test]
    fn what_changes_nothing_is_not_logged() {
        let (mut queue, mut store) = (Queue::default(), Store::default());
        queue.push(&Record::Delete { keys: &[b"none"] }, &mut store);
        queue.push(&Record::Persist { key: b"none" }, &mut store);
        assert!(queue.latest().is_none());
    }
}
