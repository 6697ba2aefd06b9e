//! The tasks of a runtime that are idle, or were: so that its end can drop each of them.
//!
//! A task that has never been idle is in a queue or being run, and is found there. The others are
//! kept here until they have ended. It knows tasks as [`Runnable`]s and nothing of queues. A shard
//! a worker: a task is entered by the worker that ran it first, and most are removed by the same
//! one, so the locks are seldom contended.

use std::{mem, sync::atomic::Ordering::Relaxed};

use crossbeam_utils::CachePadded;

use crate::{
    sync::{Mutex, lock},
    task::Runnable,
};

#[derive(Debug)]
pub(super) struct Registry {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
}

#[derive(Debug, Default)]
struct Shard {
    tasks: Vec<Option<Runnable>>,
    free: Vec<u32>,
    closed: bool,
}

impl Registry {
    pub(super) fn new(n_shards: usize) -> Self {
        Self {
            shards: (0..n_shards).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Keeps a task until [`remove`](Self::remove), which finds it by the tag that is set here.
    /// False if the registry is closed: the task was not kept.
    pub(super) fn insert(&self, shard: usize, task: Runnable) -> bool {
        let mut inner = lock(&self.shards[shard]);
        if inner.closed {
            drop(inner);
            return false;
        }
        let place = inner.free.pop().unwrap_or_else(|| {
            inner.tasks.push(None);
            u32::try_from(inner.tasks.len() - 1).expect("memory ends before four billion tasks")
        });
        // Relaxed: it is read by whoever runs the task, who got it through its word.
        task.tag()
            .store((shard as u64 + 1) << 32 | u64::from(place), Relaxed);
        inner.tasks[place as usize] = Some(task);
        true
    }

    /// Forgets the task with this tag. Tag 0 was never kept.
    pub(super) fn remove(&self, tag: u64) {
        let Some(shard) = ((tag >> 32) as usize).checked_sub(1) else {
            return;
        };
        let place = tag as u32;
        let mut inner = lock(&self.shards[shard]);
        // After `close` there is nothing left to forget.
        let task = inner.tasks.get_mut(place as usize).and_then(Option::take);
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
