//! Many tasks as one: [`TaskGroup`].

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::{JoinError, JoinHandle, Spawn};
use crate::{AnyRuntime, Core};

/// Tasks that live no longer than their group: **dropping it aborts what is left**.
///
/// Outputs come in the order in which the tasks finish. A task costs what [`spawn`](super::spawn)
/// costs and a place in the group; waiting for the next one costs the same however many there are.
///
/// ```no_run
/// # use anyrt_api::{Runtime, task::TaskGroup};
/// # async fn fetch(page: u32) -> usize { page as usize }
/// async fn total<R: Runtime>(rt: &R) -> usize {
///     let mut group = TaskGroup::new_in(rt);
///     for page in 0..10 {
///         group.spawn(fetch(page));
///     }
///     let mut total = 0;
///     while let Some(size) = group.join_next().await {
///         total += size.unwrap_or(0);
///     }
///     total
/// }
/// ```
#[must_use = "dropping a group aborts its tasks"]
pub struct TaskGroup<T: Send, R: Spawn = AnyRuntime> {
    rt: R,
    tasks: BTreeMap<u64, JoinHandle<T, R>>,
    // A task whose future is gone and whose handle is about to say so.
    finishing: Option<u64>,
    next_key: u64,
    done: Arc<Done>,
}

impl<T: Send> TaskGroup<T> {
    /// An empty group on the current runtime.
    ///
    /// # Panics
    ///
    /// At the caller, if there is no current runtime: see `L195`.
    #[track_caller]
    pub fn new() -> Self {
        TaskGroup::of(AnyRuntime::current())
    }
}

impl<T: Send> Default for TaskGroup<T> {
    #[track_caller]
    fn default() -> Self {
        TaskGroup::new()
    }
}

impl<T: Send, R: Spawn> TaskGroup<T, R> {
    /// An empty group on `rt`.
    pub fn new_in(rt: &R) -> Self {
        TaskGroup::of(rt.clone())
    }

    /// Starts a task in the group.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F)
    where
        F: Future<Output = T> + Send + 'static,
        T: 'static,
    {
        let (key, notice) = self.admit();
        let handle = self.rt.spawn(Tracked {
            future,
            _notice: notice,
        });
        self.tasks.insert(key, handle);
    }

    /// Runs `f` on a blocking thread, in the group. What has started is not stopped by an abort.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F)
    where
        F: FnOnce() -> T + Send + 'static,
        T: 'static,
    {
        let (key, notice) = self.admit();
        let handle = self.rt.spawn_blocking(move || {
            let _notice = notice;
            f()
        });
        self.tasks.insert(key, handle);
    }

    /// The number of tasks whose outputs have not been taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// True if there is no task left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for the next task to finish; `None` if none is left.
    ///
    /// # Errors
    ///
    /// The task's [`JoinError`] if it panicked or was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Safe: no output is lost.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// Polls for the next task to finish.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        while !self.tasks.is_empty() {
            let key = match self.finishing.or_else(|| self.done.pop(cx)) {
                Some(key) => key,
                None => return Poll::Pending,
            };
            let Some(handle) = self.tasks.get_mut(&key) else {
                self.finishing = None;
                continue;
            };
            self.finishing = Some(key);
            let Poll::Ready(output) = Pin::new(handle).poll(cx) else {
                return Poll::Pending;
            };
            self.finishing = None;
            self.tasks.remove(&key);
            return Poll::Ready(Some(output));
        }
        Poll::Ready(None)
    }

    /// Waits for all tasks; their outputs in the order in which they finished.
    ///
    /// # Cancel safety
    ///
    /// Not safe: dropping it drops the outputs so far, and aborts the rest.
    pub async fn wait_all(mut self) -> Vec<Result<T, JoinError>> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(output) = self.join_next().await {
            outputs.push(output);
        }
        outputs
    }

    /// Asks for the cancellation of every task, and does not wait.
    pub fn abort_all(&self) {
        for handle in self.tasks.values() {
            handle.abort();
        }
    }

    /// Cancels every task, and waits until their futures have been dropped.
    pub async fn cancel(self) {
        self.abort_all();
        self.wait_all().await;
    }

    /// Lets the tasks go on without the group.
    pub fn detach_all(mut self) {
        self.tasks.clear();
    }

    /// The same group without the backend in its type: two boxes a task that is in it now, and the
    /// cost of [`AnyRuntime`] for each that is spawned later.
    pub fn erase(mut self) -> TaskGroup<T>
    where
        R: Core,
        T: 'static,
    {
        let tasks = std::mem::take(&mut self.tasks).into_iter();
        TaskGroup {
            rt: AnyRuntime::new(self.rt.clone()),
            tasks: tasks.map(|(key, task)| (key, task.erase())).collect(),
            finishing: self.finishing,
            next_key: self.next_key,
            done: self.done.clone(),
        }
    }

    fn of(rt: R) -> Self {
        TaskGroup {
            rt,
            tasks: BTreeMap::new(),
            finishing: None,
            next_key: 0,
            done: Arc::default(),
        }
    }

    fn admit(&mut self) -> (u64, Notice) {
        let key = self.next_key;
        self.next_key += 1;
        (
            key,
            Notice {
                key,
                done: self.done.clone(),
            },
        )
    }
}

impl<T: Send, R: Spawn> Drop for TaskGroup<T, R> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T: Send, R: Spawn> fmt::Debug for TaskGroup<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("rt", &self.rt)
            .field("len", &self.len())
            .finish()
    }
}

pin_project! {
    /// A task's future that gives notice when it is dropped, however that comes about.
    struct Tracked<F> {
        #[pin]
        future: F,
        // After the future: dropped last.
        _notice: Notice,
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

struct Notice {
    key: u64,
    done: Arc<Done>,
}

impl Drop for Notice {
    fn drop(&mut self) {
        self.done.push(self.key);
    }
}

/// The keys of tasks that are done, and who waits for one.
#[derive(Default)]
struct Done(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    keys: VecDeque<u64>,
    waiter: Option<Waker>,
}

impl Done {
    fn push(&self, key: u64) {
        let waiter = {
            let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queue.keys.push_back(key);
            queue.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// The next key, or `None` with the task's waker registered.
    fn pop(&self, cx: &Context<'_>) -> Option<u64> {
        // Cloned before the lock and dropped after it: both are user code.
        let mine = cx.waker().clone();
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = queue.keys.pop_front() {
            drop(queue);
            return Some(key);
        }
        let replaced = queue.waiter.replace(mine);
        drop(queue);
        drop(replaced);
        None
    }
}
