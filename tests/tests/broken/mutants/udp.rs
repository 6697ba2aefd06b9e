//! Mutants of datagrams: L125 to L130.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;
use anyrt_api::{Spawn, Timer};

use crate::backend::{Io, Turn, Udp, locked, waker};
use crate::mutant::Mutant;

mutants! {
    KeepsTheRest: l125_one_receive_is_one_datagram => Broken;
    SkipsTheEmpty: l126_an_empty_datagram_is_one => Broken;
    HearsNoRefusal: l127_a_refusal_surfaces_once => Broken;
    HearsNoRefusal: l127_a_refusal_wakes_a_receiver => Broken;
    TellsOfARefusal: l128_an_unconnected_socket_hears_no_refusal => Broken;
    SpinsByARefusal: l128_refusals_cost_nothing => Broken;
    CutsTheLong: l129_too_long_is_an_error => Broken;
    ReceivesForNobody: l130_a_dropped_receive_loses_nothing => Broken;
    SendsOverAReceiver: l130_sends_and_receives_are_independent => Broken;
    HasALongQueue: l187_datagrams_that_nobody_reads_are_lost => Broken;
    StoresDatagrams: l187_what_nobody_reads_takes_no_memory => Broken;
}

/// What did not fit in the buffer of a receive is the next datagram.
#[derive(Default)]
struct KeepsTheRest;

impl Mutant for KeepsTheRest {
    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        let (mut whole, mut from) = (std::mem::take(&mut *udp.notes.bytes()), None);
        if whole.is_empty() {
            whole = vec![0; 70_000];
            let received = udp.raw.poll_recv_from(turn.cx, turn.wait, &mut whole)?;
            let (n, peer) = ready!(received);
            (from, _) = (Some(peer), whole.truncate(n));
        }
        let n = whole.len().min(buf.len());
        buf[..n].copy_from_slice(&whole[..n]);
        *udp.notes.bytes() = whole.split_off(n);
        let from = from.map_or_else(|| udp.raw.local_addr(), Ok)?;
        Poll::Ready(Ok((n, from)))
    }
}

/// A datagram without bytes is left out.
#[derive(Default)]
struct SkipsTheEmpty;

impl Mutant for SkipsTheEmpty {
    fn udp_recv(&self, udp: &Udp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match ready!(udp.raw.poll_recv(turn.cx, turn.wait, buf)?) {
            0 => udp.raw.poll_recv(turn.cx, turn.wait, buf),
            n => Poll::Ready(Ok(n)),
        }
    }
}

/// A datagram that is too long is cut and sent.
#[derive(Default)]
struct CutsTheLong;

impl Mutant for CutsTheLong {
    fn udp_send_to(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Io<usize> {
        let sent = buf.len().min(65_507);
        udp.raw.poll_send_to(turn.cx, turn.wait, &buf[..sent], to)
    }
}

/// A receive whose future is dropped takes a datagram with it.
#[derive(Default)]
struct ReceivesForNobody;

impl Mutant for ReceivesForNobody {
    fn udp_left(&self, udp: &Udp, direction: Direction, wait: &mut Wait) {
        udp.raw.cancel_wait(direction, wait);
        let (mut noop, mut own) = (Context::from_waker(Waker::noop()), Wait::new());
        let _ = udp.raw.poll_recv_from(&mut noop, &mut own, &mut [0; 64]);
        udp.raw.cancel_wait(direction, &mut own);
    }
}

/// A send takes the place of who waits to receive.
#[derive(Default)]
struct SendsOverAReceiver;

impl Mutant for SendsOverAReceiver {
    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        drop(udp.notes.keep_waker(turn.cx.waker()));
        let notes = udp.notes.clone();
        let one = waker(move || notes.wake());
        let mut cx = Context::from_waker(&one);
        udp.raw.poll_recv_from(&mut cx, turn.wait, buf)
    }

    fn udp_send_to(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Io<usize> {
        drop(udp.notes.take_waker());
        udp.raw.poll_send_to(turn.cx, turn.wait, buf, to)
    }
}

/// A receive on a connected socket hears of no refusal.
#[derive(Default)]
struct HearsNoRefusal;

impl Mutant for HearsNoRefusal {
    fn udp_recv(&self, udp: &Udp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match ready!(udp.raw.poll_recv(turn.cx, turn.wait, buf)) {
            Err(_) => udp.raw.poll_recv(turn.cx, turn.wait, buf),
            received => Poll::Ready(received),
        }
    }
}

/// True if nobody has this address.
fn is_dead(addr: SocketAddr) -> bool {
    UdpSocket::bind(addr).is_ok()
}

/// A socket without a peer is told of the refusal of what it sent.
#[derive(Default)]
struct TellsOfARefusal;

impl Mutant for TellsOfARefusal {
    fn udp_send_to(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Io<usize> {
        if is_dead(to) {
            udp.notes.mark();
        }
        udp.raw.poll_send_to(turn.cx, turn.wait, buf, to)
    }

    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        match udp.notes.unmark() {
            true => Poll::Ready(Err(ErrorKind::ConnectionRefused.into())),
            false => udp.raw.poll_recv_from(turn.cx, turn.wait, buf),
        }
    }
}

/// A refusal wakes who waits for a datagram again and again.
#[derive(Default)]
struct SpinsByARefusal;

impl Mutant for SpinsByARefusal {
    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        drop(udp.notes.keep_waker(turn.cx.waker()));
        udp.raw.poll_recv_from(turn.cx, turn.wait, buf)
    }

    fn udp_send_to(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Io<usize> {
        if let (true, Some(waker)) = (is_dead(to), udp.notes.take_waker()) {
            let native = udp.rt.native.clone();
            drop(udp.rt.native.spawn(async move {
                for _ in 0..100 {
                    waker.wake_by_ref();
                    native
                        .sleep_until(native.now() + Duration::from_millis(2))
                        .await;
                }
            }));
        }
        udp.raw.poll_send_to(turn.cx, turn.wait, buf, to)
    }
}

/// After a receive that was dropped, datagrams are taken from the system and stored for the next.
#[derive(Default)]
struct StoresDatagrams(Arc<Mutex<Stored>>);

/// Datagrams and where they came from.
type Stored = VecDeque<(Vec<u8>, SocketAddr)>;

impl Mutant for StoresDatagrams {
    fn udp_left(&self, udp: &Udp, direction: Direction, wait: &mut Wait) {
        udp.raw.cancel_wait(direction, wait);
        let Ok(copy) = udp.raw.as_fd().try_clone_to_owned() else {
            return;
        };
        let (socket, stored) = (UdpSocket::from(copy), self.0.clone());
        let native = udp.rt.native.clone();
        let until = native.now() + Duration::from_secs(3);
        thread::spawn(move || {
            let mut buf = [0; 2_000];
            while native.now() < until {
                match socket.recv_from(&mut buf) {
                    Ok((n, from)) => locked(&stored).push_back((buf[..n].to_vec(), from)),
                    Err(_) => thread::yield_now(),
                }
            }
        });
    }

    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        let Some((stored, from)) = locked(&self.0).pop_front() else {
            return udp.raw.poll_recv_from(turn.cx, turn.wait, buf);
        };
        let n = stored.len().min(buf.len());
        buf[..n].copy_from_slice(&stored[..n]);
        Poll::Ready(Ok((n, from)))
    }
}

/// Datagrams from a socket of the runtime to one whose receive was dropped are queued, however many
/// they are.
#[derive(Default)]
struct HasALongQueue {
    of: Mutex<Option<SocketAddr>>,
    queue: StoresDatagrams,
}

impl Mutant for HasALongQueue {
    fn udp_left(&self, udp: &Udp, direction: Direction, wait: &mut Wait) {
        udp.raw.cancel_wait(direction, wait);
        *locked(&self.of) = udp.raw.local_addr().ok();
    }

    fn udp_send_to(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Io<usize> {
        if *locked(&self.of) != Some(to) {
            return udp.raw.poll_send_to(turn.cx, turn.wait, buf, to);
        }
        let from = udp.raw.local_addr()?;
        locked(&self.queue.0).push_back((buf.to_vec(), from));
        Poll::Ready(Ok(buf.len()))
    }

    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        self.queue.udp_recv_from(udp, turn, buf)
    }
}
