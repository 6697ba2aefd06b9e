//! Laws of polls and wakers, for tasks, joins and alarms: L001 to L012.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use anyrt_api::{BlockOn, Runtime, Spawn as _};

use crate::gate::{Gate, step_aside};
use crate::probe::Probe;
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l001_every_wake_is_followed_by_a_poll),
        law!(l003_wakers_outlive_task_and_runtime in lab),
        law!(l004_wakes_in_a_poll_cause_one_more),
        law!(l005_one_poll_at_a_time).needs(Capability::Threads),
        law!(l006_the_latest_waker_wins),
        law!(l008_spurious_polls_change_nothing),
        law!(l009_dropped_leaves_release_their_waker),
        law!(l010_wakers_run_under_no_lock),
        law!(l012_futures_move_between_threads).needs(Capability::Threads),
    ]
}

/// L001: Every wake of an unfinished task is followed by a poll.
async fn l001_every_wake_is_followed_by_a_poll<R: Runtime>(rt: R) {
    const WAKES: usize = 2_000;
    let (waker, polls) = (
        Arc::new(Mutex::new(None::<Waker>)),
        Arc::new(AtomicUsize::new(0)),
    );
    let asked = Arc::new(AtomicUsize::new(0));
    let (kept, counted, target) = (waker.clone(), polls.clone(), asked.clone());
    let task = rt.spawn(poll_fn(move |cx| {
        *kept.lock().expect("no panic under this lock") = Some(cx.waker().clone());
        counted.fetch_add(1, Ordering::SeqCst);
        match target.load(Ordering::SeqCst) {
            WAKES => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    while polls.load(Ordering::SeqCst) == 0 {
        step_aside(1).await;
    }
    for wake in 1..=WAKES {
        let before = polls.load(Ordering::SeqCst);
        asked.store(wake, Ordering::SeqCst);
        let waker = waker.lock().expect("no panic under this lock").clone();
        waker.expect("it was polled").wake();
        // Each second wake waits for its poll, the others meet the task at any point.
        while wake % 2 == 0 && polls.load(Ordering::SeqCst) == before {
            step_aside(1).await;
        }
    }
    task.await.expect("the last wake was not lost");
}

/// Wakers that tasks have left behind.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Vec<Waker>>>);

impl Left {
    /// A future that leaves its waker at each poll.
    fn leave(&self, is_ready: bool) -> impl Future<Output = ()> + Send + use<> {
        let left = self.clone();
        poll_fn(move |cx| {
            let mut wakers = left.0.lock().expect("no panic under this lock");
            wakers.push(cx.waker().clone());
            if is_ready {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    /// Waits until there are so many.
    async fn reach(&self, count: usize) {
        while self.0.lock().expect("no panic under this lock").len() < count {
            step_aside(1).await;
        }
    }

    fn wake_all(&self) {
        let taken = self.0.lock().expect("no panic under this lock").clone();
        for waker in taken {
            waker.wake_by_ref();
            waker.wake();
        }
    }
}

/// L003: Wakers work after their task is over and after the runtime is gone.
fn l003_wakers_outlive_task_and_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let left = Left::default();
    owner.block_on(async {
        rt.spawn(left.leave(true)).await.expect("it was ready");
        left.wake_all();
        let idle = rt.spawn(left.leave(false));
        left.reach(2).await;
        idle.cancel().await.expect_err("it was pending");
        left.wake_all();
        drop(rt.spawn(left.leave(false)));
        left.reach(3).await;
    });
    owner.shutdown(Duration::from_secs(5));
    left.wake_all();
    if lab.has(Capability::Threads) {
        let from_a_thread = || left.wake_all();
        std::thread::scope(|scope| scope.spawn(from_a_thread).join()).expect("from any thread");
    }
    drop(rt);
}

/// L004: Wakes inside a poll cause one more poll after it, not a poll inside it.
async fn l004_wakes_in_a_poll_cause_one_more<R: Runtime>(rt: R) {
    let (inside, polls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (nested, counted, first) = (inside.clone(), polls.clone(), Gate::new());
    let over = first.clone();
    let task = rt.spawn(poll_fn(move |cx| {
        assert!(
            !nested.swap(true, Ordering::SeqCst),
            "polled inside its own poll"
        );
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            for _ in 0..10 {
                cx.waker().wake_by_ref();
            }
        } else {
            over.open();
        }
        nested.store(false, Ordering::SeqCst);
        Poll::<()>::Pending
    }));
    first.wait().await;
    step_aside(20).await;
    task.cancel().await.expect_err("it was pending");
    let polls = polls.load(Ordering::SeqCst);
    assert!(
        (2..=11).contains(&polls),
        "ten wakes in one poll caused {polls} polls"
    );
}

/// L005: A task is never polled by two threads at once, and never after it was ready.
async fn l005_one_poll_at_a_time<R: Runtime>(rt: R) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (inside, left) = (AtomicBool::new(false), AtomicUsize::new(500));
            let rt = rt.clone();
            rt.clone().spawn(poll_fn(move |cx| {
                assert!(
                    !inside.swap(true, Ordering::SeqCst),
                    "two threads poll one task"
                );
                // Other threads wake it while it is polled.
                let waker = cx.waker().clone();
                drop(rt.spawn(async move { waker.wake() }));
                cx.waker().wake_by_ref();
                let before = left.load(Ordering::SeqCst);
                assert!(before > 0, "polled after it was ready");
                left.store(before - 1, Ordering::SeqCst);
                inside.store(false, Ordering::SeqCst);
                if before == 1 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }))
        })
        .collect();
    for task in tasks {
        task.await.expect("one poll at a time");
    }
}

/// L006: A leaf that was polled with one waker and then with another wakes the other.
async fn l006_the_latest_waker_wins<R: Runtime>(rt: R) {
    let (first, latest) = (Probe::new(), Probe::new());
    let mut length = Duration::from_millis(5);
    let mut sleep = loop {
        let mut sleep = Box::pin(rt.sleep_until(rt.now() + length));
        let _ = first.poll(sleep.as_mut());
        if latest.poll(sleep.as_mut()).is_pending() {
            break sleep;
        }
        // The machine took longer than that from line to line.
        length *= 2;
    };
    assert_eq!(first.held(), 0, "the sleep keeps a waker that was replaced");
    latest.woken().await;
    assert!(latest.poll(sleep.as_mut()).is_ready());

    let (first, latest, go) = (Probe::new(), Probe::new(), Gate::new());
    let gate = go.clone();
    let mut task = pin!(rt.spawn(async move { gate.wait().await }));
    assert!(first.poll(task.as_mut()).is_pending());
    assert!(latest.poll(task.as_mut()).is_pending());
    go.open();
    latest.woken().await;
    assert!(latest.poll(task).is_ready());
    assert_eq!(first.held(), 0, "the join keeps a waker that was replaced");
}

/// L008: Polls that nothing asked for change nothing.
async fn l008_spurious_polls_change_nothing<R: Runtime>(rt: R) {
    let probe = Probe::new();
    let deadline = rt.now() + Duration::from_millis(5);
    let mut sleep = pin!(rt.sleep_until(deadline));
    let go = Gate::new();
    let gate = go.clone();
    let mut task = pin!(rt.spawn(async move { gate.wait().await }));
    let mut held = Vec::new();
    for _ in 0..100 {
        if probe.poll(sleep.as_mut()).is_ready() {
            break;
        }
        assert!(probe.poll(task.as_mut()).is_pending());
        held.push(probe.held());
    }
    let most = held.iter().max().copied().unwrap_or_default();
    assert!(
        most <= 4,
        "each poll registered once more: {most} wakers are held"
    );
    sleep.as_mut().await;
    assert!(rt.now() >= deadline);
    go.open();
    task.as_mut().await.expect("it ran once");
}

/// L009: A dropped join or sleep releases its waker at once.
async fn l009_dropped_leaves_release_their_waker<R: Runtime>(rt: R) {
    let probe = Probe::new();
    let mut sleep = Box::pin(rt.sleep_until(rt.now() + Duration::from_secs(60)));
    assert!(probe.poll(sleep.as_mut()).is_pending());
    drop(sleep);
    assert_eq!(probe.held(), 0, "a dropped sleep keeps its waker");

    let mut joined = Box::pin(rt.spawn(pending::<()>()));
    assert!(probe.poll(joined.as_mut()).is_pending());
    let abort = joined.id();
    drop(joined);
    assert_eq!(
        probe.held(),
        0,
        "the dropped handle of task {abort} keeps its waker"
    );

    // And the one of a task whose handle was dropped in favour of `cancel`.
    let mut task = Box::pin(rt.spawn(pending::<()>()));
    assert!(probe.poll(task.as_mut()).is_pending());
    task.abort();
    task.await.expect_err("it was pending");
    assert!(
        probe.is_let_go().await,
        "a finished join keeps an old waker"
    );
}

/// A waker whose wake and whose drop use the runtime.
struct Reentrant<R: Runtime>(R, Gate);

impl<R: Runtime> Reentrant<R> {
    fn use_runtime(&self) {
        // The last of them may go when the runtime has gone, and a waker does not panic.
        let _ = catch_unwind(AssertUnwindSafe(|| self.spawn_and_sleep()));
    }

    fn spawn_and_sleep(&self) {
        drop(self.0.spawn(async {}));
        let mut sleep = Box::pin(self.0.sleep_until(self.0.now() + Duration::from_secs(60)));
        let polled = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
}

impl<R: Runtime> Wake for Reentrant<R> {
    fn wake(self: Arc<Self>) {
        self.use_runtime();
        self.1.open();
    }
}

impl<R: Runtime> Drop for Reentrant<R> {
    fn drop(&mut self) {
        self.use_runtime();
    }
}

/// L010: Wakers are woken and dropped under no lock of the runtime.
async fn l010_wakers_run_under_no_lock<R: Runtime>(rt: R) {
    let waker = |woken: &Gate| Waker::from(Arc::new(Reentrant(rt.clone(), woken.clone())));
    let mut dropped = Box::pin(rt.sleep_until(rt.now() + Duration::from_secs(60)));
    assert!(waits(dropped.as_mut(), || waker(&Gate::new())));
    drop(dropped);
    // An alarm that is over before its last poll has nobody to wake.
    let (_fires, fired) = loop {
        let mut fires = Box::pin(rt.sleep_until(rt.now() + Duration::from_millis(3)));
        let fired = Gate::new();
        if waits(fires.as_mut(), || waker(&fired)) {
            break (fires, fired);
        }
    };
    let (go, ended) = (Gate::new(), Gate::new());
    let gate = go.clone();
    let mut task = Box::pin(rt.spawn(async move { gate.wait().await }));
    assert!(waits(task.as_mut(), || waker(&ended)));
    go.open();
    fired.wait().await;
    ended.wait().await;
    let mut unjoined = Box::pin(rt.spawn(pending::<()>()));
    assert!(waits(unjoined.as_mut(), || waker(&ended)));
    drop(unjoined);
}

/// Polls thrice, each time with a new waker, whose last reference the runtime drops. True if the
/// future waits for the last.
fn waits<F: Future>(mut future: Pin<&mut F>, waker: impl Fn() -> Waker) -> bool {
    (0..3).all(|_| {
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker()));
        polled.is_pending()
    })
}

/// L012: A future may be polled on one thread, on another after it, and dropped on a third.
async fn l012_futures_move_between_threads<R: Runtime>(rt: R) {
    let probe = Probe::new();
    let mut sleep = Box::pin(rt.sleep_until(rt.now() + Duration::from_millis(10)));
    let mut dropped = Box::pin(rt.sleep_until(rt.now() + Duration::from_secs(60)));
    let mut task = Box::pin(rt.spawn(async { step_aside(50).await }));
    for _ in 0..3 {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = probe.poll(dropped.as_mut());
                if !task.is_finished() {
                    let _ = probe.poll(Pin::new(&mut *task));
                }
            });
        });
    }
    let sleep_is_over = std::thread::scope(|scope| {
        let polled = scope.spawn(|| Probe::new().poll(sleep.as_mut()).is_ready());
        scope.spawn(move || drop(dropped));
        polled.join().expect("it may be polled anywhere")
    });
    if !sleep_is_over {
        sleep.await;
    }
    while !task.is_finished() {
        step_aside(1).await;
    }
}
