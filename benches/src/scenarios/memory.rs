//! What waits, and the bytes that it holds: idle tasks, idle connections, and timeouts.
//!
//! The bytes are those that the process has asked its allocator for and not given back, whatever
//! the allocator makes of them. So the cells run in the program that counts them, and leave their
//! runtime as it is: the process ends after them.

use std::{
    future::poll_fn,
    io, mem,
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{
            AtomicUsize,
            Ordering::{Acquire, Release},
        },
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use stats_alloc::INSTRUMENTED_SYSTEM;

use super::{Place, Scenario, Setup, everyone, more_descriptors, names::*, threads, timers};
use crate::{
    contender::{Connection, Handle, Listen, Owner},
    figure::Value,
};

const TASKS: usize = 50_000;
const CONNECTIONS: usize = 9_000;
/// So many come at once, so that no queue grows for what is on its way.
const BATCH: usize = 50;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "memory_tasks",
            what: "bytes a task beyond its future, of 50,000 that wait",
            place: Place::Counted,
            cells: threads::beside(everyone!(tasks), threads::memory),
        },
        Scenario {
            name: "memory_connections",
            what: "bytes a connection, its task and all, of 9,000 whose clients say nothing",
            place: Place::Counted,
            cells: everyone!(connections),
        },
        Scenario {
            name: "memory_timeouts",
            what: "bytes a timeout, its future and all, of 1,000,000 whose time runs",
            place: Place::Counted,
            cells: everyone!(timeouts),
        },
    ]
}

/// Those of tasks that wait; a task that nothing can wake is dropped by some runtimes.
static WAKERS: Mutex<Vec<Waker>> = Mutex::new(Vec::new());

fn tasks<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let n_tasks = setup.size(TASKS);
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    WAKERS
        .lock()
        .expect("nobody panics")
        .reserve(n_tasks + BATCH);
    let start = |rt: O::Handle, n_in_all| async move {
        for _ in 0..BATCH {
            rt.detach(wait());
        }
        while WAKERS.lock().expect("nobody panics").len() < n_in_all {
            rt.yield_now().await;
        }
    };
    owner.block_on(rt.spawn(start(rt.clone(), BATCH)));
    let before = bytes_held()?;
    for n in 1..=n_tasks / BATCH {
        owner.block_on(rt.spawn(start(rt.clone(), (n + 1) * BATCH)));
    }
    let held = bytes_held()? - before;
    mem::forget(owner);
    Ok(vec![value(held, n_tasks / BATCH * BATCH)])
}

/// A future of no bytes that waits for good.
fn wait() -> impl Future<Output = ()> + Send {
    let future = poll_fn(|cx| {
        WAKERS
            .lock()
            .expect("nobody panics")
            .push(cx.waker().clone());
        Poll::Pending
    });
    assert_eq!(size_of_val(&future), 0, "what is counted is not the future");
    future
}

/// Connections whose tasks have begun to read.
static READING: AtomicUsize = AtomicUsize::new(0);

fn connections<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let n_connections = setup.size(CONNECTIONS);
    more_descriptors(2 * n_connections as u64)?;
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let inside = rt.clone();
    let bound = rt.spawn(async move {
        let listener = inside.listen().await?;
        let addr = listener.local_addr()?;
        let rt = inside.clone();
        inside.detach(async move {
            while let Ok(mut stream) = listener.accept().await {
                // A block, since an `async fn` keeps its argument twice. The buffer is one byte,
                // so that the future is what the runtime makes of it.
                rt.detach(async move {
                    READING.fetch_add(1, Release);
                    let _ = stream.read(&mut [0]).await;
                });
            }
        });
        io::Result::Ok(addr)
    });
    let addr = owner.block_on(bound)?;
    // The clients are std's, which take nothing from the allocator.
    let mut clients = Vec::with_capacity(n_connections + BATCH);
    let mut connect = |n: usize| {
        for _ in 0..n {
            clients.push(TcpStream::connect(addr)?);
        }
        while READING.load(Acquire) < clients.len() {
            thread::sleep(Duration::from_micros(100));
        }
        io::Result::Ok(())
    };
    connect(BATCH)?;
    let before = bytes_held()?;
    for _ in 0..n_connections / BATCH {
        connect(BATCH)?;
    }
    // Who has begun to read has yet to say that it waits.
    thread::sleep(Duration::from_millis(50));
    let held = bytes_held()? - before;
    mem::forget(owner);
    Ok(vec![value(held, n_connections / BATCH * BATCH)])
}

fn timeouts<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let n = setup.size(timers::MILLION);
    let owner = O::start(setup.workers)?;
    let rt = owner.handle();
    let held = owner.block_on(owner.handle().spawn(async move {
        drop(timers::armed(&rt, BATCH).await);
        let before = bytes_held()?;
        let all = timers::armed(&rt, n).await;
        let held = bytes_held()? - before;
        drop(all);
        io::Result::Ok(held)
    }))?;
    mem::forget(owner);
    Ok(vec![value(held, n)])
}

fn value(held: usize, n: usize) -> Value {
    Value::lower("", "B", held as f64 / n as f64)
}

/// What was taken and not given back; an error in a program that does not count.
fn bytes_held() -> io::Result<usize> {
    let stats = INSTRUMENTED_SYSTEM.stats();
    match stats.allocations {
        0 => Err(io::Error::other("this program does not count allocations")),
        _ => Ok(stats.bytes_allocated - stats.bytes_deallocated),
    }
}
