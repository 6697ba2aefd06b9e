//! Laws of progress beside tasks that keep their worker busy: L063, L065 and L079.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use anyrt_api::task::JoinHandle;
use anyrt_api::{BlockOn, Runtime, Spawn, Timer};

use crate::bound::at_most;
use crate::gate::Gate;
use crate::peers::pair;
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l063_a_long_poll_strands_nobody in lab)
            .needs(Capability::Threads)
            .stochastic(),
        law!(l065_sockets_and_timers_beside_busy_tasks),
        law!(l065_sockets_and_timers_on_a_busy_worker in lab).needs(Capability::Threads),
        law!(l079_timers_fire_beside_busy_sockets)
            .needs(Capability::Threads)
            .stochastic(),
    ]
}

/// L063: A task that stays in a poll for long strands nobody who is queued behind it, spawned or
/// woken, while another worker is free.
fn l063_a_long_poll_strands_nobody<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    for wakes in [false, true, false, true] {
        let (go, ran) = (Gate::new(), Gate::new());
        let (gate, runs, inner) = (go.clone(), ran.clone(), rt.clone());
        let queued = async move {
            gate.wait().await;
            runs.open();
        };
        let mut queued = Some(queued);
        let idle = wakes.then(|| rt.spawn(queued.take().expect("spawned once")));
        let stays = rt.spawn(async move {
            // Whoever is to be woken waits by now.
            inner.sleep_until(inner.now() + SETTLED).await;
            go.open();
            let behind = queued.map(|queued| inner.spawn(queued));
            let begun = inner.now();
            // One poll, until the other has run or for long.
            while !ran.is_open() && inner.now() - begun < LONG {
                std::hint::spin_loop();
            }
            (inner.now() - begun, behind)
        });
        let (waited, behind) = owner.block_on(stays).expect("it ends");
        at_most("queued for", waited, Duration::from_millis(100));
        let queued = idle.or(behind).expect("one of the two");
        owner.block_on(queued).expect("it runs in the end");
    }
}

/// Tasks that are always ready, so that a worker's queue never becomes empty.
fn busy<R: Runtime>(rt: &R, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<(), R>> {
    let task = |_| {
        let stop = stop.clone();
        rt.spawn(poll_fn(move |cx| {
            if stop.load(Ordering::SeqCst) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }))
    };
    (0..5).map(task).collect()
}

/// Messages to and fro, with a sleep between them.
async fn converse<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let answers = rt.spawn(async move {
        let mut buf = [0; 4];
        while peer.read_exact(&mut buf).await.is_ok() {
            peer.write_all(&buf).await.expect("an answer");
        }
    });
    for _ in 0..10 {
        ours.write_all(b"some").await.expect("a question");
        rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
        ours.read_exact(&mut [0; 4]).await.expect("its answer");
    }
    drop(ours);
    answers.await.expect("no panic");
}

/// L065: Sockets and timers are served though the queues of tasks never become empty.
async fn l065_sockets_and_timers_beside_busy_tasks<R: Runtime>(rt: R) {
    let stop = Arc::<AtomicBool>::default();
    let tasks = busy(&rt, &stop);
    converse(rt.clone()).await;
    rt.spawn(converse(rt.clone())).await.expect("it ends");
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("it was stopped");
    }
}

/// L065: The same with one worker and nobody inside `block_on`.
fn l065_sockets_and_timers_on_a_busy_worker<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start_with(|setup| setup.workers = 1);
    let rt = owner.handle();
    let stop = Arc::<AtomicBool>::default();
    let tasks = busy(&rt, &stop);
    let (done, is_done) = channel();
    let work = converse(rt.clone());
    drop(rt.spawn(async move {
        work.await;
        done.send(()).expect("somebody waits");
    }));
    is_done.recv().expect("it ends");
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        owner.block_on(task).expect("it was stopped");
    }
}

/// Notes how late it is woken.
struct Late<R: Runtime> {
    rt: R,
    deadline: Instant,
    /// In microseconds, of all of them.
    worst: Arc<AtomicU64>,
    fired: Gate,
}

impl<R: Runtime> Wake for Late<R> {
    fn wake(self: Arc<Self>) {
        let late = self.rt.now().saturating_duration_since(self.deadline);
        self.worst
            .fetch_max(late.as_micros() as u64, Ordering::SeqCst);
        self.fired.open();
    }
}

/// Questions and answers on ten connections, without a pause.
async fn busy_sockets<R: Runtime>(rt: &R, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<(), R>> {
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let ((ours, peer), stop) = (pair(rt).await, stop.clone());
        tasks.push(rt.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                ours.write_all(b"busy").await.expect("a question");
                ours.read_exact(&mut [0; 4]).await.expect("its answer");
            }
        }));
        tasks.push(rt.spawn(async move {
            let mut buf = [0; 4];
            while peer.read_exact(&mut buf).await.is_ok() {
                peer.write_all(&buf).await.expect("an answer");
            }
        }));
    }
    tasks
}

/// L079: With 10,000 alarms and 20 busy sockets every alarm fires within 100 ms of its deadline.
async fn l079_timers_fire_beside_busy_sockets<R: Runtime>(rt: R) {
    const ALARMS: u32 = 10_000;
    let (stop, fired) = (Arc::<AtomicBool>::default(), Gate::new());
    let worst = Arc::<AtomicU64>::default();
    let sockets = busy_sockets(&rt, &stop).await;
    let start = rt.now() + Duration::from_millis(200);
    let mut alarms: Vec<_> = (0..ALARMS)
        .map(|i| {
            let deadline = start + Duration::from_micros(50) * (i * 7 % ALARMS);
            let waker = Waker::from(Arc::new(Late {
                rt: rt.clone(),
                deadline,
                worst: worst.clone(),
                fired: fired.clone(),
            }));
            (Box::pin(rt.sleep_until(deadline)), waker)
        })
        .collect();
    let mut n_set = 0;
    for (alarm, waker) in &mut alarms {
        let polled = alarm.as_mut().poll(&mut Context::from_waker(waker));
        n_set += usize::from(polled.is_pending());
    }
    fired.wait_for(n_set).await;
    stop.store(true, Ordering::SeqCst);
    for socket in sockets {
        socket.await.expect("it was stopped");
    }
    let worst = Duration::from_micros(worst.load(Ordering::SeqCst));
    at_most("late by", worst, Duration::from_millis(100));
}

/// Long enough for a task to wait where it waits.
const SETTLED: Duration = Duration::from_millis(5);
/// As long as a poll stays that holds others up.
const LONG: Duration = Duration::from_secs(1);
