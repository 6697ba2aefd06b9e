//! Tasks alone: a schedule function that is a channel, and no executor.

mod combinations;

use std::{
    future::{self, poll_fn},
    num::NonZeroU64,
    pin::Pin,
    ptr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use anyrt_api::{
    any::{PlacedJoin, SpawnPlaced, Unplaced},
    task::TaskMeta,
};

use super::*;

/// A queue that tasks are scheduled into; leaked, so that a `Schedule` can be `Copy`.
#[derive(Clone, Copy)]
struct Queue {
    number: u32,
    inner: &'static QueueInner,
}

/// All queues, by their numbers.
static QUEUES: Mutex<Vec<Queue>> = Mutex::new(Vec::new());

#[derive(Default)]
struct QueueInner {
    tasks: Mutex<Vec<Runnable>>,
    n_finished: AtomicUsize,
}

impl Queue {
    fn new() -> Self {
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = Self {
            number: u32::try_from(queues.len()).expect("few tests"),
            inner: Box::leak(Box::default()),
        };
        queues.push(queue);
        queue
    }

    fn pop(self) -> Option<Runnable> {
        self.inner
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
        self.inner.n_finished.load(SeqCst)
    }
}

impl Schedule for Queue {
    fn number(self) -> u32 {
        self.number
    }

    fn of_number(number: u32) -> Self {
        QUEUES.lock().unwrap_or_else(PoisonError::into_inner)[number as usize]
    }

    fn schedule(&self, task: Runnable) {
        self.inner
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    fn keep(&self, task: Runnable) -> Option<NonZeroU64> {
        drop(task);
        Some(NonZeroU64::MIN)
    }

    fn finished(&self, _kept: Option<NonZeroU64>) {
        self.inner.n_finished.fetch_add(1, SeqCst);
    }
}

/// Starts one erased task on a queue, as a runtime does.
struct Placing {
    queue: Queue,
    task: Mutex<Option<Runnable>>,
}

impl Placing {
    fn spawn<F>(future: F, queue: Queue) -> (Runnable, PlacedJoin)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let task = Mutex::new(None);
        let rt = Placing { queue, task };
        let join = Unplaced::spawn(&rt, future, TaskMeta::new());
        let task = rt.task.into_inner().expect("nobody panics with it");
        (task.expect("it was spawned"), join)
    }
}

impl SpawnPlaced for Placing {
    fn spawn_placed(&self, task: Unplaced<'_>, meta: TaskMeta) -> PlacedJoin {
        let (task, join) = spawn_placed(task, self.queue);
        *self.task.lock().expect("nobody panics with it") = Some(task);
        join.with(meta)
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn n_wakes(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_task_is_four_words_and_its_future_or_its_output() {
    struct Large([u64; 7]);

    impl Future for Large {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            assert_eq!(self.0, [0; 7]);
            Poll::Ready(())
        }
    }

    if size_of::<usize>() == 8 && !cfg!(anyrt_counted) {
        assert_eq!(
            size_of::<raw::Cell<Large, Queue>>(),
            32 + size_of::<Large>()
        );
        assert_eq!(size_of::<raw::Cell<future::Pending<()>, Queue>>(), 32);
        assert_eq!(size_of::<raw::Cell<future::Pending<[u64; 3]>, Queue>>(), 56);
    }
    let (task, join) = spawn(Large([0; 7]), Queue::new());
    task.run();
    assert!(join.is_finished());
}

#[test]
fn an_output_is_given_once() {
    let queue = Queue::new();
    let (task, mut join) = spawn(future::ready(Arc::new(())), queue);
    task.run();
    let mut poll = || Pin::new(&mut join).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Ok(output)) = poll() else {
        panic!("it has ended well");
    };
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll));
    assert!(again.is_err());
    assert!(join.is_finished());
    drop(join);
    assert_eq!(Arc::strong_count(&output), 1);
}

#[test]
fn an_output_of_a_placed_task_is_given_once() {
    let (task, mut join) = Placing::spawn(future::ready(Arc::new(())), Queue::new());
    task.run();
    let mut poll = || {
        let mut output = None::<Arc<()>>;
        let done = join.poll_join(&mut Context::from_waker(Waker::noop()), &mut output);
        done.map_ok(|()| output)
    };
    let Poll::Ready(Ok(Some(output))) = poll() else {
        panic!("it has ended well");
    };
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll));
    assert!(again.is_err());
    assert!(join.is_finished());
    drop(join);
    assert_eq!(Arc::strong_count(&output), 1);
}

#[test]
fn a_future_is_placed_whatever_its_size_and_alignment() {
    #[repr(align(64))]
    struct Aligned(u8);

    fn check<T: Send + 'static>(value: T, is_value: fn(&T) -> bool) {
        let (queue, shared) = (Queue::new(), Arc::new(()));
        let held = shared.clone();
        let (task, mut join) = Placing::spawn(async move { (value, held) }, queue);
        task.run();
        let mut output = None::<(T, Arc<()>)>;
        let mut cx = Context::from_waker(Waker::noop());
        let done = join.poll_join(&mut cx, &mut output);
        assert!(matches!(done, Poll::Ready(Ok(()))));
        let (value, held) = output.expect("it has ended well");
        assert!(is_value(&value) && ptr::eq(&raw const *held, &raw const *shared));
        drop((join, held));
        assert_eq!(Arc::strong_count(&shared), 1, "nothing is leaked");
    }

    check((), |_| true);
    check(7_u8, |seven| *seven == 7);
    check([7_u8; 61], |bytes| bytes.iter().all(|byte| *byte == 7));
    check([7_u64; 40], |words| words.iter().all(|word| *word == 7));
    check([7_u64; 400], |words| words.iter().all(|word| *word == 7));
    check(Aligned(7), |seven| {
        seven.0 == 7 && (&raw const *seven).addr().is_multiple_of(64)
    });
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

/// Wakers of a task, of a table that has a number, and of more tables than there are numbers.
#[test]
fn a_joiner_may_be_any_waker_and_change() {
    /// Each is another type, and so has another table.
    struct Other<const N: usize>(Count);

    impl<const N: usize> Wake for Other<N> {
        fn wake(self: Arc<Self>) {
            self.0.0.fetch_add(1, SeqCst);
        }
    }

    fn check<W: Wake + Send + Sync + 'static>(waker: W, n_wakes: impl Fn(&W) -> usize) {
        let queue = Queue::new();
        let (task, join) = spawn(future::ready(1), queue);
        let join = Arc::new(Mutex::new(join));
        let poll = |waker: &Waker| {
            let mut join = join.lock().expect("nobody panics with it");
            Pin::new(&mut *join).poll(&mut Context::from_waker(waker))
        };
        let count = Arc::new(waker);
        let foreign = Waker::from(count.clone());
        let inner = join.clone();
        let (joining, joined) = spawn(
            poll_fn(move |cx| {
                let mut join = inner.lock().expect("nobody panics with it");
                // The second time it is there already.
                let first = Pin::new(&mut *join).poll(cx);
                let second = Pin::new(&mut *join).poll(cx);
                assert!(first.is_pending() && second.is_pending());
                Poll::<()>::Pending
            }),
            queue,
        );
        assert!(poll(&foreign).is_pending() && poll(&foreign).is_pending());
        assert_eq!(Arc::strong_count(&count), 3, "it is there once");
        joining.run();
        assert_eq!(Arc::strong_count(&count), 2, "a task has its place");
        assert!(poll(&foreign).is_pending());
        assert_eq!((Arc::strong_count(&count), queue.run()), (3, 0));
        joined.abort();
        assert_eq!(queue.run(), 1, "nothing but the abort has woken it");
        task.run();
        assert_eq!((n_wakes(&count), Arc::strong_count(&count)), (1, 2));
        assert!(matches!(poll(&foreign), Poll::Ready(Ok(1))));
    }

    check(Count::default(), Count::n_wakes);
    let other = |other: &Count| other.n_wakes();
    check(Other::<0>(Count::default()), |waker| other(&waker.0));
    check(Other::<1>(Count::default()), |waker| other(&waker.0));
    check(Other::<2>(Count::default()), |waker| other(&waker.0));
    check(Other::<3>(Count::default()), |waker| other(&waker.0));
    check(Other::<4>(Count::default()), |waker| other(&waker.0));
    check(Other::<5>(Count::default()), |waker| other(&waker.0));
    check(Other::<6>(Count::default()), |waker| other(&waker.0));
    check(Other::<7>(Count::default()), |waker| other(&waker.0));
}

#[test]
fn a_task_waits_for_another() {
    let queue = Queue::new();
    let (task, join) = spawn(future::ready(1), queue);
    let (joining, joined) = spawn(async { join.await.map_or(0, |one| one + 1) }, queue);
    joining.run();
    assert_eq!(queue.run(), 0);
    task.run();
    assert_eq!(queue.run(), 1, "it was woken");
    let mut joined = joined;
    let poll = Pin::new(&mut joined).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Ready(Ok(2))));
}

#[test]
fn wakes_and_aborts_of_many_threads_lose_nothing() {
    const ROUNDS: usize = 200;
    for round in 0..ROUNDS {
        let queue = Queue::new();
        let (n_inside, n_dropped) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
        let (slot, guard) = (kept.clone(), CountDrop(n_dropped.clone()));
        let (task, join) = spawn(
            poll_fn(move |cx| {
                let _ = &guard;
                assert_eq!(n_inside.fetch_add(1, SeqCst), 0, "two polls at once");
                *slot.lock().expect("nobody panics with it") = Some(cx.waker().clone());
                n_inside.fetch_sub(1, SeqCst);
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
            assert_eq!(n_dropped.load(SeqCst), 1);
        } else {
            assert!(!join.is_finished());
            join.abort();
            queue.run();
            assert!(join.is_finished());
        }
    }
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}
