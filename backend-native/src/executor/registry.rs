//! All tasks of a runtime that have not ended, so that its end can drop each of them.
//!
//! It knows tasks as [`Runnable`]s and nothing of queues. Spawning inserts, completion removes,
//! shutdown drains. Split into shards, so that workers seldom meet at one lock.

use std::{mem, sync::atomic::Ordering::Relaxed};

use crate::{
    sync::{AtomicUsize, Mutex, lock},
    task::Runnable,
};

const SHARDS: usize = 16;

#[derive(Debug)]
pub(super) struct Registry {
    shards: [Mutex<Shard>; SHARDS],
    /// Where the next task goes.
    next: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    tasks: Vec<Option<Runnable>>,
    free: Vec<usize>,
    closed: bool,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self {
            shards: Default::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// Keeps a task until [`remove`](Self::remove), which finds it by the tag that is set here.
    /// False if the registry is closed: the task was not kept.
    pub(super) fn insert(&self, task: &Runnable) -> bool {
        let shard = self.next.fetch_add(1, Relaxed) % SHARDS;
        let mut inner = lock(&self.shards[shard]);
        if inner.closed {
            return false;
        }
        let place = inner.free.pop().unwrap_or_else(|| {
            inner.tasks.push(None);
            inner.tasks.len() - 1
        });
        // Relaxed: whoever runs the task got it through a queue.
        task.tag()
            .store((place * SHARDS + shard + 1) as u64, Relaxed);
        inner.tasks[place] = Some(task.clone());
        true
    }

    /// Forgets the task with this tag. Tag 0 was never kept.
    pub(super) fn remove(&self, tag: u64) {
        let Some(number) = (tag as usize).checked_sub(1) else {
            return;
        };
        let (shard, place) = (number % SHARDS, number / SHARDS);
        let mut inner = lock(&self.shards[shard]);
        // After `drain` there is nothing left to forget.
        let task = inner.tasks.get_mut(place).and_then(Option::take);
        if task.is_some() {
            inner.free.push(place);
            inner.shrink();
        }
        drop(inner);
        drop(task);
    }

    /// Keeps no further task, and takes out all it has.
    pub(super) fn close(&self) -> Vec<Runnable> {
        let mut tasks = Vec::new();
        for shard in &self.shards {
            let mut inner = lock(shard);
            inner.closed = true;
            inner.free.clear();
            tasks.extend(mem::take(&mut inner.tasks).into_iter().flatten());
        }
        tasks
    }
}

impl Shard {
    /// Gives memory back once a crowd of tasks has gone.
    fn shrink(&mut self) {
        const KEPT: usize = 1024;
        if self.free.len() == self.tasks.len() && self.tasks.len() > KEPT {
            self.tasks = Vec::new();
            self.free = Vec::new();
        }
    }
}
