//! What a simulation adds to the laws: equal seeds give equal runs, time is virtual, a deadlock is
//! said, and whoever polls drives.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};
use anyrt_api::task::{JoinError, JoinHandle, yield_now};
use anyrt_api::{BlockOn, Entropy, Spawn, Timer, fs, task, time};
use anyrt_mem::{Mem, Runtime, Trace};
use futures_lite::future;

/// A bit of everything, of which the trace is the outcome.
async fn busy(rt: Mem) -> Trace {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("it is bound");
    let server = task::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut bytes = [0; 1000];
        while let Ok(n_read @ 1..) = stream.read(&mut bytes).await {
            stream.write_all(&bytes[..n_read]).await.expect("it reads");
        }
    });
    let stream = TcpStream::connect(addr).await.expect("it listens");
    for round in 0..5_u64 {
        let mut bytes = [0; 100];
        rt.fill_bytes(&mut bytes);
        stream.write_all(&bytes).await.expect("it reads");
        stream.read_exact(&mut bytes).await.expect("the echo");
        time::sleep(Duration::from_micros(u64::from(bytes[0]))).await;
        fs::write(format!("/{round}"), bytes).await.expect("a file");
        let file = fs::File::open(format!("/{round}"))
            .await
            .expect("it is there");
        file.sync_all().await.expect("it is kept");
    }
    drop(stream);
    server.await.expect("it ends");
    rt.trace()
}

fn trace_of(seed: u64) -> Trace {
    let owner = Runtime::new(seed);
    owner.block_on(busy(owner.handle()))
}

#[test]
fn equal_seeds_give_equal_traces() {
    for seed in 0..20 {
        assert_eq!(trace_of(seed), trace_of(seed), "seed {seed}");
    }
    assert_ne!(trace_of(1), trace_of(2), "the seed changes nothing");
}

#[test]
fn a_year_takes_no_time_and_a_spin_takes_some() {
    let owner = Runtime::new(0);
    let rt = owner.handle();
    let year = Duration::from_secs(365 * 24 * 3600);
    owner.block_on(async {
        let (start, day) = (rt.now(), rt.wallclock());
        time::sleep(year).await;
        assert!(rt.now() - start >= year);
        assert!(rt.wallclock().duration_since(day).expect("forward") >= year);
        // A task that is always ready does not stop the clock.
        let spin = task::spawn(async {
            loop {
                yield_now().await;
            }
        });
        time::sleep(Duration::from_millis(1)).await;
        spin.cancel().await.expect_err("it never ends");
    });
}

#[test]
fn a_deadlock_names_the_tasks() {
    let owner = Runtime::new(0);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        owner.block_on(async {
            let task = task::Builder::new()
                .name("forgotten")
                .spawn(pending::<()>());
            task.await
        })
    }));
    let payload = ran.expect_err("nothing can go on");
    let text = payload.downcast_ref::<String>().expect("a text");
    assert!(
        text.contains("`forgotten`") && text.contains("simulation.rs"),
        "{text}"
    );
    assert_eq!(owner.block_on(async { 7 }), 7, "the runtime goes on");
}

#[test]
fn a_run_stops_at_an_event_and_goes_on() {
    let owner = Runtime::new(0);
    let n_turns = Arc::new(AtomicUsize::new(0));
    let counter = n_turns.clone();
    drop(owner.handle().spawn(async move {
        loop {
            counter.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    }));
    assert!(owner.block_on_until(100, pending::<()>()).is_none());
    let first = n_turns.load(Ordering::Relaxed);
    assert_eq!(owner.handle().trace().events, 100);
    assert!(owner.block_on_until(100, pending::<()>()).is_none());
    assert_eq!(n_turns.load(Ordering::Relaxed), first + 99);
    assert_eq!(owner.block_on_until(100, async { 7 }), Some(7));
}

#[test]
fn a_task_that_never_ran_is_finished_after_its_destructor() {
    type Place = Arc<Mutex<Option<JoinHandle<(), Mem>>>>;
    struct Told(Place, Arc<Mutex<Vec<bool>>>);
    impl Drop for Told {
        fn drop(&mut self) {
            let handle = self.0.lock().expect("nobody panics with it");
            let is_finished = handle.as_ref().map(JoinHandle::is_finished);
            let mut seen = self.1.lock().expect("nobody panics with it");
            seen.extend(is_finished);
        }
    }
    let owner = Runtime::new(0);
    let (place, seen) = (Place::default(), Arc::default());
    let told = Told(place.clone(), Arc::clone(&seen));
    let task = owner.handle().spawn(async move {
        let _told = told;
        pending().await
    });
    task.abort();
    *place.lock().expect("nobody panics with it") = Some(task);
    owner.block_on(time::sleep(Duration::from_millis(1)));
    let task = place.lock().expect("nobody panics with it").take();
    assert!(task.expect("it stands there").is_finished());
    let seen = seen.lock().expect("nobody panics with it");
    assert_eq!(*seen, [false], "finished before its destructor was");
}

#[test]
fn foreign_executors_drive_what_they_poll() {
    let owner = Runtime::new(0);
    let rt = owner.handle();
    let begin = rt.now();
    future::block_on(rt.sleep_until(begin + Duration::from_secs(3600)));
    assert!(
        rt.now() - begin < Duration::from_secs(3601),
        "time ran past the alarm"
    );
    let listener = future::block_on(TcpListener::bind_in("[::]:0", &rt)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let connect = TcpStream::connect_in(("127.0.0.1", port), &rt);
    let (accepted, stream) = future::block_on(future::zip(listener.accept(), connect));
    let (accepted, peer) = accepted.expect("a client");
    assert!(peer.ip().to_canonical().is_loopback() && peer.is_ipv6());
    let writer = rt.spawn(async move { stream.expect("it listens").write_all(b"hello").await });
    let mut bytes = Vec::new();
    future::block_on(accepted.read_to_end(&mut bytes)).expect("the end");
    assert_eq!(bytes, b"hello");
    future::block_on(writer)
        .expect("it ended")
        .expect("all of it");
}

#[test]
fn a_foreign_wait_survives_the_end_of_a_block_on() {
    let owner = Runtime::new(0);
    let rt = owner.handle();
    let waits = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            future::block_on(rt.sleep_until(rt.now() + Duration::from_secs(60)));
        });
        // Drives for a while; who waits outside has to drive when this is over.
        owner.block_on(async {
            for _ in 0..1000 {
                yield_now().await;
            }
        });
        waiting.join()
    });
    waits.expect("the sleep ends");
}

#[test]
fn several_threads_drive_one_world() {
    let owner = Runtime::new(0);
    let socket = owner
        .block_on(UdpSocket::bind("127.0.0.1:0"))
        .expect("a port");
    let addr = socket.local_addr().expect("it is bound");
    std::thread::scope(|scope| {
        for sender in 0..4_u8 {
            let owner = &owner;
            scope.spawn(move || {
                owner.block_on(async move {
                    let own = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
                    time::sleep(Duration::from_millis(u64::from(sender))).await;
                    own.send_to(&[sender], addr).await.expect("it is sent");
                });
            });
        }
        owner.block_on(async {
            let mut seen = Vec::new();
            let mut byte = [0; 10];
            while seen.len() < 4 {
                let (n_read, _) = socket.recv_from(&mut byte).await.expect("a datagram");
                assert_eq!(n_read, 1);
                seen.push(byte[0]);
            }
            seen.sort_unstable();
            assert_eq!(seen, [0, 1, 2, 3]);
        });
    });
}

#[test]
fn blocking_closures_may_drive_and_may_wait() {
    let owner = Arc::new(Runtime::new(0));
    let inner = owner.clone();
    let output: Result<u32, JoinError> = owner.block_on(async move {
        let rt = inner.handle();
        let closure = rt.clone();
        rt.spawn_blocking(move || {
            let late = closure.now() + Duration::from_secs(1);
            future::block_on(closure.sleep_until(late));
            inner.block_on(async {
                time::sleep(Duration::from_secs(1)).await;
                task::spawn(async { 7 }).await.expect("it ends")
            })
        })
        .await
    });
    assert_eq!(output.expect("no panic"), 7);
}
