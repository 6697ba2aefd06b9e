//! Tasks, blocking calls and `block_on` on a whole runtime.

use std::{
    future::{self, pending, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use anyrt_api::{Spawn, Timer, task};
use anyrt_native::{Builder, Native, Runtime};

fn runtime(workers: usize) -> Runtime {
    Builder::new()
        .workers(workers)
        .build()
        .expect("threads and descriptors are left")
}

/// Long enough for any machine, short enough for a reader who waits.
const LONG: Duration = Duration::from_secs(10);

#[test]
fn spawned_tasks_run_wherever_they_are_spawned() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let rt = runtime.handle();
        let inner = rt.clone();
        let sum: usize = runtime.block_on(async {
            let outside: Vec<_> = (0..1000).map(|n| rt.spawn(async move { n })).collect();
            let inside = rt.spawn(async move {
                let handles: Vec<_> = (0..1000).map(|n| inner.spawn(async move { n })).collect();
                let mut sum = 0;
                for handle in handles {
                    sum += handle.await.expect("it does not panic");
                }
                sum
            });
            let mut sum = inside.await.expect("it does not panic");
            for handle in outside {
                sum += handle.await.expect("it does not panic");
            }
            sum
        });
        assert_eq!(sum, 2 * (0..1000).sum::<usize>());
        runtime.shutdown(LONG);
    }
}

#[test]
fn a_chain_of_spawns_comes_to_its_end() {
    fn link(rt: Native, n: usize, done: mpsc::Sender<()>) {
        let next = rt.clone();
        drop(rt.spawn(async move {
            match n {
                0 => done.send(()).expect("the test waits"),
                n => link(next, n - 1, done),
            }
        }));
    }

    let runtime = runtime(2);
    let (done, ended) = mpsc::channel();
    link(runtime.handle(), 10_000, done);
    ended.recv_timeout(LONG).expect("the chain ends");
}

#[test]
fn tasks_that_wake_each_other_all_come_to_their_end() {
    let runtime = runtime(2);
    let rt = runtime.handle();
    runtime.block_on(async {
        let handles: Vec<_> = (0..200)
            .map(|_| {
                rt.spawn(async {
                    for _ in 0..200 {
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.await.expect("it does not panic");
        }
    });
}

#[test]
fn work_is_shared_among_the_workers() {
    let runtime = runtime(2);
    let rt = runtime.handle();
    let both = Arc::new(std::sync::Barrier::new(2));
    let inner = rt.clone();
    runtime
        .block_on(rt.spawn(async move {
            // Two tasks that can only end together, spawned by a third that has a worker at first.
            let one = both.clone();
            let other = both.clone();
            let one = inner.spawn(async move { one.wait().is_leader() });
            let other = inner.spawn(async move { other.wait().is_leader() });
            let leaders = [one.await, other.await].map(|leader| leader.expect("it does not panic"));
            assert!(leaders[0] != leaders[1]);
        }))
        .expect("it does not panic");
}

#[test]
fn block_on_works_from_several_threads_and_in_blocking_calls() {
    let runtime = Arc::new(runtime(1));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let runtime = runtime.clone();
            thread::spawn(move || {
                let rt = runtime.handle();
                for _ in 0..50 {
                    rt_sleep(&runtime, Duration::from_micros(200));
                    let joined = runtime.block_on(rt.spawn(async move { n }));
                    assert_eq!(joined.expect("it does not panic"), n);
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().expect("it does not panic"));
    let inner = runtime.clone();
    let nested = runtime
        .handle()
        .spawn_blocking(move || inner.block_on(async { 7 }));
    assert_eq!(runtime.block_on(nested).expect("it does not panic"), 7);
}

fn rt_sleep(runtime: &Runtime, time: Duration) {
    let rt = runtime.handle();
    let start = Instant::now();
    runtime.block_on(rt.sleep_until(start + time));
    assert!(start.elapsed() >= time);
}

#[test]
fn a_nested_block_on_panics_with_advice() {
    let runtime = Arc::new(runtime(1));
    let inner = runtime.clone();
    let task = runtime
        .handle()
        .spawn(async move { inner.block_on(async {}) });
    let error = runtime.block_on(task).expect_err("it panics");
    assert!(error.to_string().contains("spawn_blocking"), "{error}");
    runtime.block_on(async {});
}

#[test]
fn a_blocked_worker_holds_up_neither_timers_nor_block_on() {
    let runtime = runtime(1);
    let rt = runtime.handle();
    let (release, blocked) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let stuck = rt.spawn(async move {
        started.send(()).expect("the test waits");
        blocked.recv().expect_err("the test drops its end");
    });
    running.recv_timeout(LONG).expect("it is started");
    let start = Instant::now();
    rt_sleep(&runtime, Duration::from_millis(20));
    assert!(start.elapsed() < Duration::from_secs(5));
    drop(release);
    runtime.block_on(stuck).expect("it does not panic");
}

#[test]
fn block_in_place_lets_the_worker_s_other_tasks_run() {
    let runtime = runtime(1);
    let rt = runtime.handle();
    let inner = rt.clone();
    let answer = runtime.block_on(rt.spawn(async move {
        let mut sum = 0;
        for _ in 0..20 {
            let (send, receive) = mpsc::channel();
            drop(inner.spawn(async move { send.send(1).expect("the other end waits") }));
            sum += inner
                .block_in_place(|| receive.recv_timeout(LONG))
                .expect("it is sent");
            task::yield_now().await;
        }
        sum
    }));
    assert_eq!(answer.expect("it does not panic"), 20);
    runtime.shutdown(LONG);
}

#[test]
fn a_panic_in_block_in_place_costs_no_worker() {
    let runtime = runtime(1);
    let rt = runtime.handle();
    for _ in 0..5 {
        let inner = rt.clone();
        let task = rt.spawn(async move { inner.block_in_place(|| panic!("in place")) });
        assert!(
            runtime
                .block_on(task)
                .is_err_and(|error: task::JoinError| error.is_panic())
        );
    }
    assert_eq!(
        runtime
            .block_on(rt.spawn(async { 1 }))
            .expect("it does not panic"),
        1
    );
}

#[test]
fn blocking_calls_queue_up_in_order_beyond_the_limit() {
    let runtime = Builder::new()
        .workers(1)
        .blocking_threads(1)
        .build()
        .expect("it starts");
    let rt = runtime.handle();
    let order: Arc<Mutex<Vec<usize>>> = Arc::default();
    let handles: Vec<_> = (0..100)
        .map(|n| {
            let order = order.clone();
            rt.spawn_blocking(move || order.lock().expect("nobody panics with it").push(n))
        })
        .collect();
    runtime.block_on(async {
        for handle in handles {
            handle.await.expect("it does not panic");
        }
    });
    assert!(
        order
            .lock()
            .expect("nobody panics with it")
            .iter()
            .copied()
            .eq(0..100)
    );
}

#[test]
fn idle_blocking_threads_end() {
    let runtime = Builder::new()
        .workers(1)
        .thread_name("idle-test")
        .blocking_keep_alive(Duration::from_millis(10))
        .build()
        .expect("it starts");
    let rt = runtime.handle();
    let names: Vec<_> = (0..4)
        .map(|_| {
            rt.spawn_blocking(|| {
                thread::sleep(Duration::from_millis(20));
                thread::current().name().map(str::to_owned)
            })
        })
        .collect();
    for name in names {
        let name = runtime.block_on(name).expect("it does not panic");
        assert!(name.is_some_and(|name| name.starts_with("idle-test-blocking-")));
    }
    let start = Instant::now();
    while rt.metrics().blocking_threads > 0 {
        assert!(start.elapsed() < LONG, "{rt:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_panic_in_a_blocking_call_is_an_error() {
    let runtime = runtime(1);
    let rt = runtime.handle();
    let error = runtime
        .block_on(rt.spawn_blocking(|| panic!("boom")))
        .expect_err("it panics");
    assert_eq!(error.into_panic().downcast_ref::<&str>(), Some(&"boom"));
    assert_eq!(
        runtime
            .block_on(rt.spawn_blocking(|| 1))
            .expect("it does not panic"),
        1
    );
}

/// Tells when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn the_end_drops_every_future_once_and_its_destructors_may_spawn() {
    for workers in [1, 3] {
        let runtime = runtime(workers);
        let rt = runtime.handle();
        let n_dropped = Arc::new(AtomicUsize::new(0));
        let handles: Vec<_> = (0..100)
            .map(|_| {
                let (n, last) = (n_dropped.clone(), rt.clone());
                let guard = OnDrop(move || {
                    n.fetch_add(1, SeqCst);
                    drop(last.spawn(async {}));
                    drop(task::spawn(async {}));
                });
                rt.spawn(async move {
                    let _guard = guard;
                    pending::<()>().await;
                })
            })
            .collect();
        runtime
            .block_on(rt.spawn(async {}))
            .expect("it does not panic");
        runtime.shutdown(LONG);
        assert_eq!(n_dropped.load(SeqCst), 100);
        for handle in handles {
            let mut handle = pin!(handle);
            let poll = handle
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(poll, Poll::Ready(Err(error)) if error.is_cancelled()));
        }
    }
}

#[test]
fn after_the_end_everything_is_an_error_or_a_documented_panic() {
    let runtime = runtime(1);
    let rt = runtime.handle();
    let mut cx = Context::from_waker(Waker::noop());
    let mut early = Box::pin(rt.sleep_until(Instant::now() + LONG));
    assert!(early.as_mut().poll(&mut cx).is_pending());
    runtime.shutdown(LONG);
    let task = pin!(rt.spawn(async {}));
    assert!(matches!(task.poll(&mut cx), Poll::Ready(Err(error)) if error.is_cancelled()));
    let call = pin!(rt.spawn_blocking(|| {}));
    assert!(matches!(call.poll(&mut cx), Poll::Ready(Err(error)) if error.is_cancelled()));
    let past = pin!(rt.sleep_until(Instant::now()));
    assert!(past.poll(&mut cx).is_ready());
    for mut sleep in [early, Box::pin(rt.sleep_until(Instant::now() + LONG))] {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        }));
        let text = polled.expect_err("it panics");
        let text = text.downcast_ref::<String>().expect("a text");
        assert!(text.contains("native"), "{text}");
    }
}

#[test]
fn shutdown_waits_for_blocking_calls_no_longer_than_it_may() {
    let (release, blocked) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let runtime = runtime(1);
    let rt = runtime.handle();
    let call = rt.spawn_blocking(move || {
        started.send(()).expect("the test waits");
        blocked.recv().expect_err("the test drops its end");
        5
    });
    running.recv_timeout(LONG).expect("it is started");
    let start = Instant::now();
    runtime.shutdown(Duration::from_millis(50));
    let took = start.elapsed();
    assert!(Duration::from_millis(50) <= took && took < Duration::from_secs(5));
    drop(release);
    assert_eq!(
        futures_lite::future::block_on(call).expect("it was running"),
        5
    );

    let done = Arc::new(AtomicBool::new(false));
    let runtime = self::runtime(1);
    let (flag, (started, running)) = (done.clone(), mpsc::channel());
    drop(runtime.handle().spawn_blocking(move || {
        started.send(()).expect("the test waits");
        thread::sleep(Duration::from_millis(50));
        flag.store(true, SeqCst);
    }));
    running.recv_timeout(LONG).expect("it is started");
    runtime.shutdown(Duration::MAX);
    assert!(done.load(SeqCst));
    self::runtime(1).shutdown(Duration::ZERO);
}

#[test]
fn the_owner_may_be_dropped_anywhere() {
    // In a task of its own.
    let runtime = runtime(2);
    let rt = runtime.handle();
    let (send, ended) = mpsc::channel();
    let guard = OnDrop(move || send.send(()).expect("the test waits"));
    drop(rt.spawn(async move {
        let _guard = guard;
        drop(runtime);
        future::ready(()).await;
    }));
    ended
        .recv_timeout(LONG)
        .expect("the task goes on to its end");
    // Shut down in a task of its own.
    let runtime = self::runtime(2);
    let rt = runtime.handle();
    let (send, ended) = mpsc::channel();
    drop(rt.spawn(async move {
        runtime.shutdown(LONG);
        send.send(()).expect("the test waits");
    }));
    ended
        .recv_timeout(LONG)
        .expect("it does not wait for itself");
    // In a thread-local's destructor.
    thread_local! {
        static OWNER: std::cell::RefCell<Option<Runtime>> = const { std::cell::RefCell::new(None) };
    }
    thread::spawn(|| {
        let runtime = self::runtime(1);
        runtime.block_on(async {});
        OWNER.set(Some(runtime));
    })
    .join()
    .expect("it does not panic");
}

#[test]
fn many_runtimes_come_and_go() {
    for _ in 0..100 {
        let runtime = runtime(2);
        let rt = runtime.handle();
        runtime
            .block_on(rt.spawn(async {}))
            .expect("it does not panic");
        runtime.shutdown(LONG);
    }
}

#[test]
fn wakers_may_outlive_their_runtime() {
    let runtime = runtime(1);
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let slot = kept.clone();
    let task = runtime.handle().spawn(poll_fn(move |cx| {
        *slot.lock().expect("nobody panics with it") = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    let start = Instant::now();
    while kept.lock().expect("nobody panics with it").is_none() {
        assert!(start.elapsed() < LONG);
        thread::yield_now();
    }
    runtime.shutdown(LONG);
    drop(task);
    let waker = kept
        .lock()
        .expect("nobody panics with it")
        .take()
        .expect("it was polled");
    let other = self::runtime(1);
    waker.wake_by_ref();
    waker.wake();
    other.block_on(async {});
}

#[test]
fn two_runtimes_run_each_other_s_futures() {
    let (one, two) = (runtime(1), runtime(1));
    let (first, second) = (one.handle(), two.handle());
    let there = second.clone();
    let answer = one.block_on(first.spawn(async move {
        let inner =
            there.spawn(async { task::spawn(async { 3 }).await.expect("it does not panic") });
        inner.await.expect("it does not panic")
    }));
    assert_eq!(answer.expect("it does not panic"), 3);
    two.shutdown(LONG);
    one.block_on(first.spawn(async {}))
        .expect("the other is untouched");
}
