//! Laws of wakes: what they make visible, whom they reach, and what a bad one may not break: L002,
//! L007 and L011.

use std::future::{Future, poll_fn};
use std::panic::panic_any;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use anyrt_api::Runtime;

use crate::gate::{Gate, step_aside};
use crate::peers::{datagrams, listener, pair};
use crate::probe::Probe;
use crate::{Backend, Capability, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l002_a_poll_sees_what_was_written_before_the_wake).needs(Capability::Threads),
        law!(l007_a_replaced_waker_is_not_woken),
        law!(l007_a_replaced_waker_of_a_closure_is_not_woken).needs(Capability::Threads),
        law!(l007_a_replaced_waker_of_a_socket_is_not_woken),
        law!(l011_a_waker_of_a_join_that_panics),
        law!(l011_a_waker_of_an_alarm_that_panics),
        law!(l011_a_waker_of_a_closure_that_panics).needs(Capability::Threads),
        law!(l011_a_waker_of_a_socket_that_panics),
    ]
}

/// L002: What was written before a wake is seen by the poll that the wake causes, also if the task
/// was scheduled already.
async fn l002_a_poll_sees_what_was_written_before_the_wake<R: Runtime>(rt: R) {
    const LAST: usize = usize::MAX;
    let written = Arc::<AtomicUsize>::default();
    let ((waker, of_task), (tells, seen)) = (channel::<Waker>(), channel());
    let reads = written.clone();
    let task = rt.spawn(poll_fn(move |cx| {
        // First of all, as soon as the poll has begun. Relaxed: nothing but the wake makes it
        // visible.
        let value = reads.load(Ordering::Relaxed);
        if value == 0 {
            let _ = waker.send(cx.waker().clone());
        }
        let _ = tells.send(value);
        if value == LAST {
            return Poll::Ready(());
        }
        Poll::Pending
    }));
    // Keeps a worker from sleeping, so that it meets the second wake at its poll.
    let awake = rt.spawn(step_aside(usize::MAX));
    let (clock, until) = (rt.clone(), rt.now() + Duration::from_millis(1_500));
    let writer = rt.spawn_blocking(move || {
        let waker = of_task.recv().expect("it is polled");
        let rounds = (1..20_000).take_while(|_| clock.now() < until);
        for round in rounds.chain([LAST]) {
            waker.wake_by_ref();
            (0..round % 97).for_each(|_| std::hint::spin_loop());
            written.store(round, Ordering::Relaxed);
            waker.wake_by_ref();
            // For ever, if the poll that this wake was for did not see it.
            while seen.recv().expect("it is polled") != round {}
        }
    });
    writer.await.expect("no write was missed");
    task.await.expect("it saw the last");
    awake.cancel().await.expect_err("it never ends");
}

/// Polls `leaf` with one waker and then with another, and lets `event` happen.
async fn latest_alone<T>(
    what: &str,
    mut leaf: Pin<&mut dyn Future<Output = T>>,
    event: impl Future,
) {
    let (stale, latest) = (Probe::new(), Probe::new());
    assert!(stale.poll(leaf.as_mut()).is_pending());
    assert!(latest.poll(leaf.as_mut()).is_pending());
    event.await;
    latest.woken().await;
    step_aside(3).await;
    assert_eq!(
        stale.wakes(),
        0,
        "{what} woke a waker that had been replaced"
    );
}

/// L007: A waker that was replaced by another is not woken, by an alarm or a task.
async fn l007_a_replaced_waker_is_not_woken<R: Runtime>(rt: R) {
    let deadline = rt.now() + Duration::from_millis(200);
    let nothing = async {};
    latest_alone("a sleep", pin!(rt.sleep_until(deadline)), nothing).await;

    let go = Gate::new();
    let gate = go.clone();
    let task = rt.spawn(async move { gate.wait().await });
    latest_alone("a join", pin!(task), async { go.open() }).await;
}

/// L007: The same of the join of a closure.
async fn l007_a_replaced_waker_of_a_closure_is_not_woken<R: Runtime>(rt: R) {
    let (release, released) = channel::<()>();
    let call = rt.spawn_blocking(move || {
        let _ = released.recv();
    });
    latest_alone("a closure's join", pin!(call), async { drop(release) }).await;
}

/// L007: The same of sockets.
async fn l007_a_replaced_waker_of_a_socket_is_not_woken<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let mut buf = [0; 4];
    let write = peer.write(b"some");
    latest_alone("a read", pin!(ours.read(&mut buf)), write).await;

    let (listener, addr) = listener(&rt).await;
    let connect = anyrt_api::net::TcpStream::connect_in(addr, &rt);
    latest_alone("an accept", pin!(listener.accept()), connect).await;

    let (receiver, addr) = datagrams(&rt).await;
    let (sender, _) = datagrams(&rt).await;
    let mut buf = [0; 4];
    let send = sender.send_to(b"some", addr);
    latest_alone("a receive", pin!(receiver.recv_from(&mut buf)), send).await;
}

/// Makes wakers that panic when they are woken, after they have said so.
#[derive(Clone, Default)]
struct Bad(Gate);

impl Wake for Bad {
    fn wake(self: Arc<Self>) {
        self.0.open();
        panic_any("a waker that panics");
    }
}

impl Bad {
    /// Leaves such a waker with `leaf`.
    fn poll<F: Future + ?Sized>(&self, leaf: Pin<&mut F>) {
        let waker = Waker::from(Arc::new(self.clone()));
        let polled = leaf.poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
}

/// L011: A waker that panics costs no other its wake-up, and the runtime goes on: joins.
async fn l011_a_waker_of_a_join_that_panics<R: Runtime>(rt: R) {
    let (bad, go) = (Bad::default(), Gate::new());
    let waits = || {
        let gate = go.clone();
        rt.spawn(async move { gate.wait().await })
    };
    let (mut held, mut others) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut join = Box::pin(waits());
        bad.poll(join.as_mut());
        held.push(join);
        others.push(waits());
    }
    go.open();
    for other in others {
        other.await.expect("it was woken");
    }
    bad.0.wait_for(4).await;
    rt.spawn(async {}).await.expect("the runtime goes on");
    drop(held);
}

/// L011: The same of alarms.
async fn l011_a_waker_of_an_alarm_that_panics<R: Runtime>(rt: R) {
    let bad = Bad::default();
    let deadline = rt.now() + Duration::from_millis(300);
    let (mut held, mut others) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut sleep = Box::pin(rt.sleep_until(deadline));
        bad.poll(sleep.as_mut());
        held.push(sleep);
        others.push(rt.spawn(rt.sleep_until(deadline)));
    }
    for other in others {
        other.await.expect("it was woken");
    }
    bad.0.wait_for(4).await;
    rt.sleep_until(rt.now() + Duration::from_millis(2)).await;
    rt.spawn(async {}).await.expect("the runtime goes on");
    drop(held);
}

/// L011: The same of the join of a closure: its thread lives on, and the next closure runs.
async fn l011_a_waker_of_a_closure_that_panics<R: Runtime>(rt: R) {
    let bad = Bad::default();
    for round in 1..=10 {
        let (release, released) = channel::<()>();
        let mut call = Box::pin(rt.spawn_blocking(move || {
            let _ = released.recv();
        }));
        bad.poll(call.as_mut());
        drop(release);
        bad.0.wait_for(round).await;
        call.await.expect("it ran to its end");
    }
}

/// L011: The same of sockets.
async fn l011_a_waker_of_a_socket_that_panics<R: Runtime>(rt: R) {
    let bad = Bad::default();
    let (ours, peer) = pair(&rt).await;
    let (listener, addr) = listener(&rt).await;
    let (mut buf, mut other) = ([0; 1], [0; 1]);
    let mut read = Box::pin(ours.read(&mut buf));
    let mut accept = Box::pin(listener.accept());
    bad.poll(read.as_mut());
    bad.poll(accept.as_mut());
    let reader = ours.clone();
    let good = rt.spawn(async move { reader.read(&mut other).await });
    let acceptor = listener.clone();
    let also = rt.spawn(async move { acceptor.accept().await.map(drop) });
    // Both wait by now.
    rt.sleep_until(rt.now() + Duration::from_millis(20)).await;
    peer.write_all(b"ab").await.expect("two bytes");
    let connect = || anyrt_api::net::TcpStream::connect_in(addr, &rt);
    let streams = (connect().await, connect().await);
    assert_eq!(good.await.expect("it was woken").expect("a byte"), 1);
    also.await.expect("it was woken").expect("a connection");
    bad.0.wait_for(2).await;
    assert_eq!(read.await.expect("a byte"), 1);
    drop(accept.await.expect("a connection"));
    drop(streams);
    rt.sleep_until(rt.now() + Duration::from_millis(2)).await;
}
