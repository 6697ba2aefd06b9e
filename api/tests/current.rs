//! The current runtime, entered and lent in every order: as destructors and resolvers nest it.
#![forbid(unsafe_code)]

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyrt_api::any::Capabilities;
use anyrt_api::current::{self, Root, with_current};
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_api::time::RawSleep;
use anyrt_api::{AnyRuntime, Core, Entropy, Spawn, Timer, budget, io, task};

/// A runtime that is gone: it drops each task where it is spawned, entered, as the contract asks.
#[derive(Debug, Clone)]
struct Gone;

impl Spawn for Gone {
    type RawJoin<T: Send> = Cancelled<T>;

    fn spawn_raw<F>(&self, future: F, _: TaskMeta) -> Cancelled<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(Root::entering(AnyRuntime::new(self.clone()), future));
        Cancelled(std::marker::PhantomData)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, _: TaskMeta) -> Cancelled<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        current::enter(AnyRuntime::new(self.clone()), || drop(f));
        Cancelled(std::marker::PhantomData)
    }
}

struct Cancelled<T>(std::marker::PhantomData<fn() -> T>);

impl<T> Future for Cancelled<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Err(JoinError::cancelled()))
    }
}

impl<T> RawJoin<T> for Cancelled<T> {
    fn abort(&self) {}

    fn is_finished(&self) -> bool {
        true
    }

    fn id(&self) -> TaskId {
        TaskId::from_u64(1)
    }
}

impl Timer for Gone {
    type Sleep = Never;

    fn now(&self) -> Instant {
        anyrt_api::time::Instant::now().into_std()
    }

    fn wallclock(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn sleep_until(&self, _: Instant) -> Never {
        Never
    }
}

#[derive(Debug)]
struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl RawSleep for Never {
    fn reset(self: Pin<&mut Self>, _: Instant) {}
}

impl Entropy for Gone {
    fn fill_bytes(&self, buf: &mut [u8]) {
        buf.fill(4);
    }
}

impl Core for Gone {
    const NAME: &'static str = "gone";

    fn capabilities(_: &mut Capabilities<Self>) {}
}

#[test]
fn lent_and_entered_by_turns() {
    let rt = AnyRuntime::new(Gone);
    let turn = |inner: &dyn Fn() -> Option<u32>| {
        with_current(|_| rt.enter(inner)).expect("a runtime is entered")
    };
    let deep = rt.enter(|| turn(&|| turn(&|| turn(&|| with_current(|_| 7)))));
    assert_eq!(deep, Some(7));
    assert!(AnyRuntime::try_current().is_none(), "each was left again");
}

#[test]
fn a_destructor_spawns_what_spawns_in_its_destructor() {
    /// Starts, when it is dropped, a task that holds the next.
    struct Chain(usize, Arc<AtomicUsize>);
    impl Drop for Chain {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::Relaxed);
            if self.0 > 0 {
                let next = Chain(self.0 - 1, self.1.clone());
                let task = task::spawn(async move {
                    let _next = next;
                    pending::<()>().await;
                });
                drop(task);
            }
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    AnyRuntime::new(Gone).enter(|| drop(Chain(5, dropped.clone())));
    assert_eq!(dropped.load(Ordering::Relaxed), 6);
}

#[test]
fn a_scope_inside_a_task_spends_the_tasks_budget() {
    let rt = AnyRuntime::new(Gone);
    let n_steps = AtomicUsize::new(0);
    let busy = async {
        let (mut one, _other) = io::duplex(4096);
        loop {
            let step = io::AsyncWriteExt::write(&mut one, b"x");
            rt.scope(step).await.expect("the other end is there");
            n_steps.fetch_add(1, Ordering::Relaxed);
        }
    };
    let task = std::pin::pin!(Root::new(busy));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(task.poll(&mut cx).is_pending());
    let budget = usize::try_from(budget::BUDGET).expect("it is small");
    assert_eq!(n_steps.load(Ordering::Relaxed), budget);
}

#[test]
fn a_thread_that_blocks_in_place_counts_as_driving_no_more() {
    current::drive(AnyRuntime::new(Gone), || {
        assert!(current::is_driving());
        assert!(!task::block_in_place_in(current::is_driving, &Gone));
        assert!(!task::block_in_place(current::is_driving));
    });
}
