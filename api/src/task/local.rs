//! Futures that are not `Send`: [`scope`], an ordinary future that runs them beside its own.
//!
//! Written over nothing but wakers: no backend supports it, and it runs under any `block_on` and in
//! any task whose executor does not ask for `Send`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::JoinError;

/// Runs `f` with a place to spawn futures that are not `Send`, and gives its output.
///
/// Local tasks run while the scope is polled, and are dropped when the scope ends.
///
/// - `L028` They are polled and dropped on the thread that polls the scope, and on no other,
///   whoever wakes them.
///
/// ```
/// # futures_lite::future::block_on(async {
/// use std::rc::Rc;
/// use anyrt_api::task::local;
///
/// let text = Rc::new(String::from("not Send"));
/// let len = local::scope(async |local| {
///     let text = text.clone();
///     local.spawn(async move { text.len() }).await
/// });
/// assert_eq!(len.await.unwrap(), 8);
/// # });
/// ```
///
/// # Cancel safety
///
/// Dropping it drops `f`'s future and every local task.
pub async fn scope<T>(f: impl AsyncFnOnce(Local) -> T) -> T {
    let tasks = Rc::new(Tasks::default());
    // The tasks hold no `Rc` of their own list, so that this guard drops them.
    let _cleared = Cleared(tasks.clone());
    let mut body = pin!(f(Local {
        tasks: Rc::downgrade(&tasks)
    }));
    poll_fn(|cx| {
        if let Poll::Ready(output) = body.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        // A task that makes the body's next step possible wakes the outer task: the body has its
        // waker.
        tasks.poll_ready(cx);
        Poll::Pending
    })
    .await
}

/// The way to spawn inside a [`scope`]. Cannot leave its thread.
#[derive(Clone)]
pub struct Local {
    tasks: Weak<Tasks>,
}

impl Local {
    /// Starts a local task. Dropping the handle detaches: the task goes on until the scope ends.
    ///
    /// After the scope has ended the handle resolves to a cancelled [`JoinError`].
    #[doc(alias = "spawn_local")]
    pub fn spawn<F>(&self, future: F) -> LocalHandle<F::Output>
    where
        F: Future<Output: 'static> + 'static,
    {
        let join = Rc::new(Join::new());
        let handle = LocalHandle { join: join.clone() };
        let Some(tasks) = self.tasks.upgrade() else {
            join.finish(Err(JoinError::cancelled()));
            return handle;
        };
        let fresh = Fresh {
            future,
            unfinished: Unfinished(join.clone()),
        };
        let waker = tasks.add(Box::pin(run(fresh)));
        join.task.replace(Some(waker));
        handle
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.tasks.upgrade().map(|tasks| tasks.list.borrow().len());
        f.debug_struct("Local").field("tasks", &len).finish()
    }
}

/// A handle on a local task. Awaiting it gives the output; dropping it detaches.
///
/// # Panics
///
/// If it is awaited again after it gave the output.
///
/// # Cancel safety
///
/// Safe: awaiting `&mut handle` and dropping that await loses nothing.
pub struct LocalHandle<T> {
    join: Rc<Join<T>>,
}

impl<T> LocalHandle<T> {
    /// Asks for the task's cancellation; it is dropped when the scope is next polled.
    pub fn abort(&self) {
        self.join.aborted.set(true);
        let task = self.join.task.borrow().clone();
        if let Some(task) = task {
            task.wake();
        }
    }

    /// True once the task's future has been dropped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.join.finished.get()
    }

    /// Cancels the task and waits until its future has been dropped.
    ///
    /// # Errors
    ///
    /// A [`JoinError`] unless the task had completed.
    pub async fn cancel(self) -> Result<T, JoinError> {
        self.abort();
        self.await
    }
}

impl<T> Future for LocalHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let output = self.join.output.borrow_mut().take();
        if let Some(output) = output {
            return Poll::Ready(output);
        }
        assert!(
            !self.is_finished(),
            "the handle of a local task is awaited again, after its output was taken"
        );
        let replaced = self.join.waiter.replace(Some(cx.waker().clone()));
        drop(replaced);
        Poll::Pending
    }
}

impl<T> Drop for LocalHandle<T> {
    fn drop(&mut self) {
        let waiter = self.join.waiter.take();
        drop(waiter);
    }
}

impl<T> fmt::Debug for LocalHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalHandle")
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

/// Here for those who look for it: a local task is spawned through the value that a local
/// [`scope`] hands out.
#[doc(hidden)]
pub fn spawn_local<F: InsideALocalScope>(_future: F) {}

/// Implemented by nothing: see [`spawn_local`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a task that is not `Send` is spawned inside a local scope",
    label = "there is no scope here",
    note = "write `task::local::scope(async |local| {{ local.spawn(future).await }}).await`"
)]
pub trait InsideALocalScope {}

/// What a task and its handle share.
struct Join<T> {
    output: RefCell<Option<Result<T, JoinError>>>,
    waiter: RefCell<Option<Waker>>,
    task: RefCell<Option<Waker>>,
    aborted: Cell<bool>,
    finished: Cell<bool>,
}

impl<T> Join<T> {
    fn new() -> Self {
        Join {
            output: RefCell::new(None),
            waiter: RefCell::new(None),
            task: RefCell::new(None),
            aborted: Cell::new(false),
            finished: Cell::new(false),
        }
    }

    fn finish(&self, output: Result<T, JoinError>) {
        *self.output.borrow_mut() = Some(output);
        self.finished.set(true);
        self.task.replace(None);
        let waiter = self.waiter.replace(None);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

impl<T> Drop for Join<T> {
    /// As elsewhere (`L021`): a panic of an output that nobody read is swallowed.
    fn drop(&mut self) {
        let output = self.output.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(output)));
    }
}

/// Tells the handle of a task that was dropped with its scope.
struct Unfinished<T>(Rc<Join<T>>);

impl<T> Drop for Unfinished<T> {
    fn drop(&mut self) {
        if !self.0.finished.get() {
            self.0.finish(Err(JoinError::cancelled()));
        }
    }
}

/// A task before its first poll. Dropped in this order: the handle is told last.
struct Fresh<F: Future> {
    future: F,
    unfinished: Unfinished<F::Output>,
}

/// A task: runs its future until it is done, panics, or is aborted; drops it; then tells the
/// handle.
async fn run<F: Future>(fresh: Fresh<F>) {
    let Fresh { future, unfinished } = fresh;
    let join = &unfinished.0;
    let mut future = Box::pin(Some(future));
    let output = poll_fn(|cx| {
        if join.aborted.get() {
            return Poll::Ready(Err(JoinError::cancelled()));
        }
        let Some(future) = future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(JoinError::panicked(payload))),
        }
    })
    .await;
    let dropped = catch_unwind(AssertUnwindSafe(|| future.set(None)));
    join.finish(match dropped {
        Ok(()) => output,
        Err(payload) => Err(JoinError::panicked(payload)),
    });
}

/// The tasks of one scope.
#[derive(Default)]
struct Tasks {
    list: RefCell<BTreeMap<u64, Task>>,
    next_key: Cell<u64>,
    ready: Arc<Ready>,
}

struct Task {
    // `None` while it is being polled.
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    waker: Arc<LocalWaker>,
}

/// How many polls of local tasks a poll of the scope makes before it lets others run.
const POLLS_MAX: usize = 64;

impl Tasks {
    fn add(&self, future: Pin<Box<dyn Future<Output = ()>>>) -> Waker {
        let key = self.next_key.replace(self.next_key.get() + 1);
        let ready = self.ready.clone();
        let waker = Arc::new(LocalWaker {
            key,
            queued: AtomicBool::new(false),
            ready,
        });
        let task = Task {
            future: Some(future),
            waker: waker.clone(),
        };
        self.list.borrow_mut().insert(key, task);
        waker.wake_by_ref();
        waker.into()
    }

    fn poll_ready(&self, cx: &mut Context<'_>) {
        self.ready.set_outer(cx.waker());
        for _ in 0..POLLS_MAX {
            let Some(key) = self.ready.pop() else { return };
            self.poll_task(key);
        }
        cx.waker().wake_by_ref();
    }

    fn poll_task(&self, key: u64) {
        let (mut future, waker) = {
            let mut list = self.list.borrow_mut();
            let Some(task) = list.get_mut(&key) else {
                return;
            };
            let Some(future) = task.future.take() else {
                return;
            };
            // Acquire: pairs with the Release of a wake that this swallows, so that the poll below
            // sees what was written before it.
            task.waker.queued.swap(false, Ordering::AcqRel);
            (future, Waker::from(task.waker.clone()))
        };
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut list = self.list.borrow_mut();
        let done = match list.get_mut(&key) {
            Some(task) if polled.is_pending() => {
                task.future = Some(future);
                None
            }
            _ => list.remove(&key),
        };
        drop(list);
        drop(done);
    }
}

struct Cleared(Rc<Tasks>);

impl Drop for Cleared {
    fn drop(&mut self) {
        // A destructor may spawn another: until none is left. None is polled again.
        while let Some(task) = {
            let mut list = self.0.list.borrow_mut();
            list.pop_first()
        } {
            drop(task);
        }
    }
}

/// The keys of tasks that are to be polled, and the scope's own waker.
#[derive(Default)]
struct Ready {
    keys: Mutex<VecDeque<u64>>,
    outer: Mutex<Option<Waker>>,
}

impl Ready {
    fn pop(&self) -> Option<u64> {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    fn set_outer(&self, waker: &Waker) {
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        if outer.as_ref().is_some_and(|outer| outer.will_wake(waker)) {
            return;
        }
        drop(outer);
        let mine = Some(waker.clone());
        let mut outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = std::mem::replace(&mut *outer, mine);
        drop(outer);
        drop(replaced);
    }

    fn wake_outer(&self) {
        let mut outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = outer.take();
        drop(outer);
        if let Some(waker) = taken {
            waker.wake();
        }
    }
}

/// Wakes one task of a scope, from any thread. Made once a task.
struct LocalWaker {
    key: u64,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for LocalWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `poll_task`.
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        self.ready
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(self.key);
        self.ready.wake_outer();
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, yield_now};

    use super::*;

    #[test]
    fn tasks_share_what_is_not_send() {
        let sum = Rc::new(Cell::new(0));
        block_on(scope(async |local| {
            let handles: Vec<_> = (1..=10)
                .map(|n| {
                    let sum = sum.clone();
                    local.spawn(async move {
                        yield_now().await;
                        sum.set(sum.get() + n);
                    })
                })
                .collect();
            for handle in handles {
                handle.await.expect("no task panics");
            }
        }));
        assert_eq!(sum.get(), 55);
        assert_eq!(Rc::strong_count(&sum), 1);
    }

    #[test]
    fn panics_and_aborts_reach_the_handle() {
        block_on(scope(async |local| {
            let panics = local.spawn(async { panic!("boom") });
            assert!(panics.await.is_err_and(|error: JoinError| error.is_panic()));
            let stuck = local.spawn(std::future::pending::<()>());
            yield_now().await;
            assert!(
                stuck
                    .cancel()
                    .await
                    .is_err_and(|error| error.is_cancelled())
            );
        }));
    }

    #[test]
    fn the_end_of_the_scope_drops_what_is_left() {
        let held = Rc::new(());
        let mut handle = None;
        block_on(scope(async |local| {
            let held = held.clone();
            handle = Some(local.spawn(async move {
                std::future::pending::<()>().await;
                drop(held);
            }));
        }));
        let handle = handle.expect("the scope ran");
        assert_eq!(Rc::strong_count(&held), 1);
        assert!(handle.is_finished());
        assert!(block_on(handle).is_err_and(|error| error.is_cancelled()));
    }

    #[test]
    fn a_busy_task_starves_nobody() {
        block_on(scope(async |local| {
            let _busy = local.spawn(async {
                loop {
                    yield_now().await;
                }
            });
            for _ in 0..10 {
                yield_now().await;
            }
        }));
    }

    #[test]
    fn an_unread_output_that_panics_in_its_destructor_ends_nothing() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("boom");
            }
        }
        block_on(scope(async |local| {
            drop(local.spawn(async { Bomb }));
            let other = local.spawn(async { 7 });
            assert_eq!(other.await.ok(), Some(7));
        }));
    }

    #[test]
    fn a_dropped_handle_keeps_no_waker() {
        struct Awake;
        impl Wake for Awake {
            fn wake(self: Arc<Self>) {}
        }
        let awake = Arc::new(Awake);
        block_on(scope(async |local| {
            let mut handle = local.spawn(std::future::pending::<()>());
            let waker = Waker::from(awake.clone());
            let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            drop((handle, waker));
            assert_eq!(Arc::strong_count(&awake), 1);
        }));
    }

    #[test]
    #[should_panic(expected = "awaited again")]
    fn a_handle_that_gave_its_output_does_not_hang() {
        block_on(scope(async |local| {
            let mut handle = local.spawn(async {});
            assert!((&mut handle).await.is_ok());
            let _ = handle.cancel().await;
        }));
    }
}
