//! Mutants of descriptors, and of std's objects on their way in and out: L096 to L105.

use std::io::{self, Seek, SeekFrom};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use anyrt_api::AsyncNet;
use anyrt_api::os::OsHandles;
use socket2::SockRef;

use crate::backend::{Alarm, Answer, Call, Doing, Listener, Sick, Tcp, Udp};
use crate::mutant::Mutant;

mutants! {
    LeaksADatagramSocket: l096_descriptors_are_closed_once => Broken;
    LeaksADatagramSocket: l099_a_failed_deregistration_leaks_nothing => Broken;
    HidesARefusal: l098_a_refused_registration_is_an_error => Broken;
    LeaksWhatItRefuses: l098_a_failed_registration_leaks_nothing => Broken;
    EndsASleepByAnInterrupt: l101_an_interrupted_wait_goes_on => Broken;
    IsInherited: l103_a_child_sees_no_descriptor => Broken;
    LeavesItBlocking: l104_blocking_sockets_are_taken => Hang;
    GivesOutNonBlocking: l105_what_is_given_out_blocks => Broken;
    GivesOutADuplicate: l105_clones_keep_it_in => Broken;
    GivesOutAheadOfItself: l149_the_systems_cursor_is_ours => Broken;
    Ticks: l188_an_idle_runtime_rests => Broken;
    TicksAfterAClosure: l188_an_idle_runtime_rests_after_a_burst => Broken;
}

/// A datagram socket that is dropped leaves a descriptor open.
#[derive(Default)]
struct LeaksADatagramSocket;

impl Mutant for LeaksADatagramSocket {
    fn udp_dropped(&self, udp: &mut Udp) {
        if Arc::strong_count(&udp.notes) == 1 {
            std::mem::forget(udp.raw.as_fd().try_clone_to_owned());
        }
    }
}

/// A socket of std's that cannot be taken in is not closed.
#[derive(Default)]
struct LeaksWhatItRefuses;

impl Mutant for LeaksWhatItRefuses {
    fn tcp_from_std(&self, rt: &Sick, stream: TcpStream) -> io::Result<Tcp> {
        let copy = stream.try_clone()?;
        match rt.native.tcp_from_std(stream) {
            Ok(raw) => Ok(Tcp::new(raw, rt)),
            Err(error) => {
                std::mem::forget(copy);
                Err(error)
            }
        }
    }
}

/// A sleep ends while a closure runs, as a wait for events does by an interrupt.
#[derive(Default)]
struct EndsASleepByAnInterrupt;

impl Mutant for EndsASleepByAnInterrupt {
    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        rt.notes().count_one();
        let answer = rt.inside(call);
        rt.notes().uncount_one();
        answer
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        if alarm.rt.notes().count() > 0 {
            return Poll::Ready(());
        }
        // Looks again, for the closure may begin late.
        cx.waker().wake_by_ref();
        alarm.poll_raw(cx)
    }
}

/// A listener's descriptor is inherited by child processes.
#[derive(Default)]
struct IsInherited;

impl Mutant for IsInherited {
    fn listen<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Listener> {
        Box::pin(async move {
            let raw = rt.native.listen_tcp(addr).await?;
            SockRef::from(&raw).set_cloexec(false)?;
            Ok(Listener::new(raw, rt))
        })
    }
}

/// A datagram socket of std's that is taken in still blocks.
#[derive(Default)]
struct LeavesItBlocking;

impl Mutant for LeavesItBlocking {
    fn udp_from_std(&self, rt: &Sick, socket: UdpSocket) -> io::Result<Udp> {
        let raw = rt.native.udp_from_std(socket)?;
        SockRef::from(&raw).set_nonblocking(false)?;
        Ok(Udp::new(raw, rt))
    }
}

/// A connection that is given out as std's does not block.
#[derive(Default)]
struct GivesOutNonBlocking;

impl Mutant for GivesOutNonBlocking {
    fn tcp_into_std(&self, rt: &Sick, tcp: Tcp) -> io::Result<TcpStream> {
        let std = rt.native.tcp_into_std(tcp.into_raw())?;
        std.set_nonblocking(true)?;
        Ok(std)
    }
}

/// A connection with clones is given out all the same.
#[derive(Default)]
struct GivesOutADuplicate;

impl Mutant for GivesOutADuplicate {
    fn tcp_into_std(&self, rt: &Sick, tcp: Tcp) -> io::Result<TcpStream> {
        let copy = TcpStream::from(tcp.raw.as_fd().try_clone_to_owned()?);
        Ok(rt.native.tcp_into_std(tcp.into_raw()).unwrap_or(copy))
    }
}

/// A file that is given out as std's stands where it was read ahead to.
#[derive(Default)]
struct GivesOutAheadOfItself;

impl Mutant for GivesOutAheadOfItself {
    fn file_given_out(&self, _rt: &Sick, mut file: &std::fs::File) -> io::Result<()> {
        file.seek(SeekFrom::Current(100)).map(drop)
    }
}

/// A datagram socket that the system refuses to register is an error without its kind.
#[derive(Default)]
struct HidesARefusal;

impl Mutant for HidesARefusal {
    fn bind_udp<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Udp> {
        Box::pin(async move {
            let bound = rt.native.bind_udp(addr).await;
            let raw = bound.map_err(|_| io::Error::other("it was refused"))?;
            Ok(Udp::new(raw, rt))
        })
    }
}

/// Wakes up a hundred times a second, for a while.
fn tick() {
    thread::spawn(|| (0..1_000).for_each(|_| thread::sleep(Duration::from_millis(10))));
}

/// A runtime wakes up a hundred times a second.
#[derive(Default)]
struct Ticks;

impl Mutant for Ticks {
    fn started(&self, _rt: &Sick) {
        tick();
    }
}

/// Once a closure has run, the pool wakes up a hundred times a second.
struct TicksAfterAClosure(Once);

impl Default for TicksAfterAClosure {
    fn default() -> Self {
        TicksAfterAClosure(Once::new())
    }
}

impl Mutant for TicksAfterAClosure {
    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        self.0.call_once(tick);
        rt.inside(call)
    }
}
