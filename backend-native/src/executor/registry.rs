//! The tasks of a runtime that are idle, or were: so that its end can drop each of them.
//!
//! A task that has never been idle is in a queue or being run, and is found there. The others are
//! kept here until they have ended. It knows tasks as [`Runnable`]s and nothing of queues. A shard
//! a worker: a task is entered by the worker that ran it first, and most are removed by the same
//! one, so the locks are seldom contended.

use std::{mem, num::NonZeroU64};

use crossbeam_utils::CachePadded;

use crate::{
    sync::{Mutex, lock},
    task::Runnable,
};

#[derive(Debug)]
pub(super) struct Registry {
    shards: Box<[CachePadded<Mutex<Shard>>]>,
}

/// Its tasks lie in pages, so that a list which grows does not copy them, nor has room for as many
/// again.
#[derive(Debug, Default)]
struct Shard {
    pages: Vec<Box<[Option<Runnable>]>>,
    n_places: u32,
    free: Vec<u32>,
    closed: bool,
}

/// Places in a page.
const PAGE: usize = 64;

impl Registry {
    pub(super) fn new(n_shards: usize) -> Self {
        Self {
            shards: (0..n_shards).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Keeps a task until [`remove`](Self::remove), which finds it by what is answered here. `None`
    /// if the registry is closed: the task was not kept.
    pub(super) fn insert(&self, shard: usize, task: Runnable) -> Option<NonZeroU64> {
        let mut inner = lock(&self.shards[shard]);
        if inner.closed {
            drop(inner);
            return None;
        }
        let place = inner.place();
        inner.pages[place as usize / PAGE][place as usize % PAGE] = Some(task);
        NonZeroU64::new((shard as u64 + 1) << 32 | u64::from(place))
    }

    /// Forgets the task of which [`insert`](Self::insert) answered this.
    pub(super) fn remove(&self, kept: NonZeroU64) {
        let shard = (kept.get() >> 32) as usize - 1;
        let place = kept.get() as u32;
        let mut inner = lock(&self.shards[shard]);
        // After `close` there is nothing left to forget.
        let page = inner.pages.get_mut(place as usize / PAGE);
        let task = page.and_then(|page| page[place as usize % PAGE].take());
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
            let pages = mem::take(&mut inner.pages);
            tasks.extend(pages.into_iter().flatten().flatten());
        }
        tasks
    }
}

impl Shard {
    /// A place that is free.
    fn place(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            return place;
        }
        let place = self.n_places;
        if place as usize == self.pages.len() * PAGE {
            self.pages.push(Box::new([const { None }; PAGE]));
        }
        let next = place.checked_add(1);
        self.n_places = next.expect("memory ends before four billion tasks");
        place
    }

    /// Gives memory back once a crowd of tasks has gone.
    fn shrink(&mut self) {
        const KEPT: u32 = 1024;
        if self.free.len() == self.n_places as usize && self.n_places > KEPT {
            *self = Shard {
                closed: self.closed,
                ..Shard::default()
            };
        }
    }
}
