//! Mutants of datagrams: L125 to L130.

use std::net::SocketAddr;
use std::task::{Context, Poll, Waker, ready};

use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::net::RawUdpSocket;

use crate::backend::{Io, Turn, Udp, waker};
use crate::mutant::Mutant;

mutants! {
    KeepsTheRest: l125_one_receive_is_one_datagram => Broken;
    SkipsTheEmpty: l126_an_empty_datagram_is_one => Broken;
    CutsTheLong: l129_too_long_is_an_error => Broken;
    ReceivesForNobody: l130_a_dropped_receive_loses_nothing => Broken;
    SendsOverAReceiver: l130_sends_and_receives_are_independent => Broken;
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
