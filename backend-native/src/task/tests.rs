//! Tasks alone: a schedule function that is a channel, and no executor.

use std::{
    future::{self, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use super::*;

/// A queue that tasks are scheduled into; leaked, so that a `Schedule` can be `Copy`.
#[derive(Clone, Copy)]
struct Queue(&'static QueueInner);

#[derive(Default)]
struct QueueInner {
    tasks: Mutex<Vec<Runnable>>,
    n_finished: AtomicUsize,
}

impl Queue {
    fn new() -> Self {
        Self(Box::leak(Box::default()))
    }

    fn pop(self) -> Option<Runnable> {
        self.0
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Runs what is scheduled until nothing is; the number of runs.
    fn run(self) -> usize {
        std::iter::from_fn(|| self.pop()).map(Runnable::run).count()
    }

    fn n_finished(self) -> usize {
        self.0.n_finished.load(SeqCst)
    }
}

impl Schedule for Queue {
    fn schedule(&self, task: Runnable) {
        self.0
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    fn finished(&self, _tag: &AtomicU64) {
        self.0.n_finished.fetch_add(1, SeqCst);
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// What happens to one future and its output, each counted.
#[derive(Default)]
struct Log {
    waker: Mutex<Option<Waker>>,
    polls: AtomicUsize,
    future_drops: AtomicUsize,
    output_drops: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bang {
    Never,
    OnPoll,
    OnDrop,
}

/// Pending once, then ready; or else as `bang` says.
struct Probe {
    log: Arc<Log>,
    bang: Bang,
    output_bangs: bool,
}

struct Output {
    log: Arc<Log>,
    bangs: bool,
}

impl Future for Probe {
    type Output = Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let n_polls = self.log.polls.fetch_add(1, SeqCst);
        if n_polls == 0 {
            *self.log.waker.lock().expect("nobody panics with it") = Some(cx.waker().clone());
            return Poll::Pending;
        }
        assert_eq!(
            self.log.future_drops.load(SeqCst),
            0,
            "polled after it was dropped"
        );
        if self.bang == Bang::OnPoll {
            panic_any("on poll");
        }
        Poll::Ready(Output {
            log: self.log.clone(),
            bangs: self.output_bangs,
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.log.future_drops.fetch_add(1, SeqCst);
        if self.bang == Bang::OnDrop {
            panic_any("on drop");
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.log.output_drops.fetch_add(1, SeqCst);
        if self.bangs && !thread::panicking() {
            panic_any("output");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    Never,
    BeforeFirstPoll,
    WhileIdle,
    WhileScheduled,
    AfterCompletion,
}

const WHENS: [When; 5] = [
    When::Never,
    When::BeforeFirstPoll,
    When::WhileIdle,
    When::WhileScheduled,
    When::AfterCompletion,
];

/// Every way for a task to live and die, laws L015 to L027: the future is dropped once, the output
/// at most once, no panic gets out, and the joiner is told the truth.
#[test]
fn every_combination() {
    for bang in [Bang::Never, Bang::OnPoll, Bang::OnDrop] {
        for output_bangs in [false, true] {
            for polled in [false, true] {
                for abort in WHENS {
                    for shutdown in WHENS {
                        for drop in WHENS {
                            combination(bang, output_bangs, polled, abort, shutdown, drop);
                        }
                    }
                }
            }
        }
    }
}

fn combination(bang: Bang, output_bangs: bool, polled: bool, abort: When, shut: When, drop: When) {
    let case = format!(
        "{bang:?} output {output_bangs} polled {polled} abort {abort:?} shutdown {shut:?} drop {drop:?}"
    );
    let (queue, log) = (Queue::new(), Arc::new(Log::default()));
    let (task, join) = spawn(
        Probe {
            log: log.clone(),
            bang,
            output_bangs,
        },
        queue,
    );
    let (registered, waker) = (task.clone(), Arc::new(Count::default()));
    let mut join = Some(join);
    let mut waits = 0;
    let quiet = |f: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(f)).expect(&case);
    let mut step = |now: When, join: &mut Option<Join<Output>>| {
        if abort == now
            && let Some(join) = &join
        {
            quiet(&mut || join.abort());
            quiet(&mut || join.abort());
        }
        if shut == now {
            quiet(&mut || registered.clone().cancel(None));
        }
        if drop == now {
            quiet(&mut || *join = None);
        }
        if let (true, Some(join)) = (polled, join) {
            let waker = Waker::from(waker.clone());
            if !join.is_finished() {
                let poll = Pin::new(join).poll(&mut Context::from_waker(&waker));
                assert!(poll.is_pending(), "{case}");
                waits = 1;
            }
        }
    };
    step(When::BeforeFirstPoll, &mut join);
    quiet(&mut || task.clone().run());
    // One that was aborted is gone by now; else it is idle after its first poll.
    step(When::WhileIdle, &mut join);
    queue.run();
    let wake = log.waker.lock().expect("nobody panics with it").take();
    wake.into_iter().for_each(Waker::wake);
    step(When::WhileScheduled, &mut join);
    queue.run();
    assert_eq!(log.future_drops.load(SeqCst), 1, "{case}");
    assert_eq!(queue.n_finished(), 1, "{case}");
    step(When::AfterCompletion, &mut join);
    queue.run();

    let cancelled =
        |when: &[When]| when.contains(&shut) || (when.contains(&abort) && !before(drop, abort));
    let early = [When::BeforeFirstPoll, When::WhileIdle, When::WhileScheduled];
    let polls = match () {
        () if cancelled(&early[..1]) => 0,
        () if cancelled(&early) => 1,
        () => 2,
    };
    assert_eq!(log.polls.load(SeqCst), polls, "{case}");
    if let Some(mut join) = join {
        assert!(join.is_finished(), "{case}");
        assert_eq!(
            waker.0.load(SeqCst),
            waits,
            "{case}: a joiner that waits is woken once"
        );
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(result) = Pin::new(&mut join).poll(&mut cx) else {
            panic!("{case}: finished and not ready");
        };
        match result {
            Ok(output) => {
                assert!(polls == 2 && bang == Bang::Never, "{case}");
                let mut output = Some(output);
                let dropped = catch_unwind(AssertUnwindSafe(|| output = None));
                assert_eq!(dropped.is_err(), output_bangs, "{case}");
            }
            Err(error) if error.is_cancelled() => assert!(polls < 2, "{case}"),
            Err(error) => {
                let payload = error.into_panic();
                let text = payload.downcast_ref::<&str>().copied();
                let expected = if bang == Bang::OnPoll {
                    "on poll"
                } else {
                    "on drop"
                };
                assert_eq!((text, polls), (Some(expected), 2), "{case}");
            }
        }
    }
    std::mem::drop((task, registered));
    let outputs = usize::from(polls == 2 && bang != Bang::OnPoll);
    assert_eq!(log.output_drops.load(SeqCst), outputs, "{case}");
    assert_eq!(Arc::strong_count(&log), 1, "{case}: nothing is leaked");
}

/// `drop` of the handle comes before its `abort`, which therefore never happens.
fn before(drop: When, abort: When) -> bool {
    let place = |when| WHENS.iter().position(|&each| each == when);
    drop != When::Never && place(drop) < place(abort)
}

#[test]
fn a_wake_during_a_poll_runs_it_once_more() {
    let queue = Queue::new();
    let mut n_polls = 0;
    let (task, join) = spawn(
        poll_fn(move |cx| {
            n_polls += 1;
            cx.waker().wake_by_ref();
            cx.waker().wake_by_ref();
            if n_polls == 3 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }),
        queue,
    );
    task.run();
    assert_eq!(queue.run(), 2);
    assert!(join.is_finished());
}

#[test]
fn an_abort_of_itself_takes_effect_after_the_poll() {
    let queue = Queue::new();
    let own: Arc<Mutex<Option<Join<()>>>> = Arc::default();
    let (mine, log) = (own.clone(), Arc::new(AtomicUsize::new(0)));
    let polls = log.clone();
    let (task, join) = spawn(
        poll_fn(move |cx| {
            polls.fetch_add(1, SeqCst);
            if let Some(join) = &*mine.lock().expect("nobody panics with it") {
                join.abort();
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }),
        queue,
    );
    *own.lock().expect("nobody panics with it") = Some(join);
    task.run();
    assert_eq!(queue.run(), 0);
    assert_eq!(log.load(SeqCst), 1);
    let join = own
        .lock()
        .expect("nobody panics with it")
        .take()
        .expect("it is there");
    assert!(join.is_finished());
}

#[test]
fn a_waker_that_panics_hurts_nobody() {
    struct Bomb;

    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic!("a waker panics");
        }
    }

    let queue = Queue::new();
    let (task, mut join) = spawn(future::ready(1), queue);
    let waker = Waker::from(Arc::new(Bomb));
    assert!(
        Pin::new(&mut join)
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    task.run();
    assert!(join.is_finished());
}

#[test]
fn the_latest_waker_of_a_joiner_wins() {
    let queue = Queue::new();
    let (task, mut join) = spawn(future::ready(1), queue);
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    for count in [&old, &new] {
        let waker = Waker::from(count.clone());
        assert!(
            Pin::new(&mut join)
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    assert_eq!(
        Arc::strong_count(&old),
        1,
        "the displaced waker is released"
    );
    task.run();
    assert_eq!((old.0.load(SeqCst), new.0.load(SeqCst)), (0, 1));
    drop(join);
    assert_eq!(Arc::strong_count(&new), 1);
}

#[test]
fn wakes_and_aborts_of_many_threads_lose_nothing() {
    const ROUNDS: usize = 200;
    for round in 0..ROUNDS {
        let queue = Queue::new();
        let log = Arc::new(Log::default());
        let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
        let (slot, polled) = (kept.clone(), log.clone());
        let guard = Probe {
            log: log.clone(),
            bang: Bang::Never,
            output_bangs: false,
        };
        let (task, join) = spawn(
            poll_fn(move |cx| {
                let _ = &guard;
                assert_eq!(
                    polled.output_drops.fetch_add(1, SeqCst),
                    0,
                    "two polls at once"
                );
                polled.polls.fetch_add(1, SeqCst);
                *slot.lock().expect("nobody panics with it") = Some(cx.waker().clone());
                polled.output_drops.fetch_sub(1, SeqCst);
                Poll::<()>::Pending
            }),
            queue,
        );
        task.run();
        let waker = kept
            .lock()
            .expect("nobody panics with it")
            .take()
            .expect("it was polled");
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..50).for_each(|_| waker.wake_by_ref()));
                scope.spawn(|| (0..50).for_each(|_| assert!(queue.run() < usize::MAX)));
            }
            scope.spawn(|| (round % 2 == 0).then(|| join.abort()));
        });
        queue.run();
        if round % 2 == 0 {
            assert!(join.is_finished());
            assert_eq!(log.future_drops.load(SeqCst), 1);
        } else {
            assert!(!join.is_finished());
            join.abort();
            queue.run();
            assert!(join.is_finished());
        }
    }
}
