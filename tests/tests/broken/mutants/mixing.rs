//! Mutants of being polled, used and dropped by others: L178 to L183.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use anyrt_api::io::RawStream;
use anyrt_api::net::RawUdpSocket;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AnyRuntime, current};

use crate::backend::{Alarm, Handle, Io, Job, Owner, Sick, Tcp, Turn, Udp};
use crate::mutant::Mutant;

mutants! {
    SleepsInsideAlone: l178_a_foreign_executor_may_poll_all => Broken;
    WaitsToBeDriven: l179_an_idle_runtime_is_driven => Hang;
    IsDroppedInsideAlone: l180_all_may_be_dropped_outside => Broken;
    ReadsInItsOwnRuntime: l181_objects_work_under_another_runtime => Broken;
    SpawnsOnTheCurrent: l182_two_runtimes_do_not_mix => Broken;
    ForgetsBareWakers: l183_bare_wakers_are_woken => Hang;
}

/// An alarm panics where no runtime is current.
#[derive(Default)]
struct SleepsInsideAlone;

impl Mutant for SleepsInsideAlone {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        assert!(
            AnyRuntime::try_current().is_some(),
            "no runtime on this thread"
        );
        alarm.poll_raw(cx)
    }
}

/// The alarms of a runtime that nobody has driven do not ring.
#[derive(Default)]
struct WaitsToBeDriven;

impl Mutant for WaitsToBeDriven {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        owner.rt.notes().mark();
        owner.drive(future, &AnyRuntime::new(owner.rt.clone()));
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        match alarm.rt.notes().is_marked() {
            true => alarm.poll_raw(cx),
            false => Poll::Pending,
        }
    }
}

/// An alarm that is dropped where no runtime is current panics.
#[derive(Default)]
struct IsDroppedInsideAlone;

impl Mutant for IsDroppedInsideAlone {
    fn sleep_dropped(&self, _alarm: &mut Alarm) {
        let is_inside = thread::panicking() || AnyRuntime::try_current().is_some();
        assert!(is_inside, "no runtime on this thread");
    }
}

/// A connection gives an error where another runtime is current.
#[derive(Default)]
struct ReadsInItsOwnRuntime;

impl Mutant for ReadsInItsOwnRuntime {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let own = tcp.rt.number();
        match Sick::current().is_some_and(|current| current.number() != own) {
            true => Poll::Ready(Err(io::Error::other("a connection of another runtime"))),
            false => tcp.raw.poll_read(turn.cx, turn.wait, buf),
        }
    }
}

/// `spawn` through a handle goes to the runtime that is current.
#[derive(Default)]
struct SpawnsOnTheCurrent;

impl Mutant for SpawnsOnTheCurrent {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        Sick::current().as_ref().unwrap_or(rt).start(job, meta)
    }
}

/// Who waits for a datagram is woken on a thread that drives a runtime, and nowhere else.
#[derive(Default)]
struct ForgetsBareWakers;

impl Mutant for ForgetsBareWakers {
    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        let mut noop = Context::from_waker(Waker::noop());
        match current::is_driving() {
            true => udp.raw.poll_recv_from(turn.cx, turn.wait, buf),
            false => udp.raw.poll_recv_from(&mut noop, turn.wait, buf),
        }
    }
}
