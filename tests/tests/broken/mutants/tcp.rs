//! Mutants of connecting, accepting and TCP connections: L107 to L123.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{RawTcpListener, RawTcpStream};
use anyrt_api::os::OsHandles;
use anyrt_api::{AsyncNet, Spawn, Timer};
use socket2::{Domain, Socket, Type};

use crate::backend::{Alarm, Doing, Io, Listener, Sick, Tcp, Turn, locked, waker};
use crate::mutant::Mutant;

mutants! {
    SharesItsPort: l107_port_zero_is_the_systems_choice => Broken;
    BindsWithoutReuse: l107_a_closed_port_can_be_bound_again => Broken;
    TriesARefusalAgain: l108_nobody_listens => Hang;
    RefusesTwice: l109_addresses_are_tried_in_order => Broken;
    ConnectsAllTheSame: l110_a_dropped_connect_is_over => Broken;
    LeaksItsTicket: l110_a_dropped_connect_closes_its_socket => Broken;
    HandsOutTwice: l111_each_connection_goes_to_one => Broken;
    AcceptsForNobody: l112_a_dropped_accept_loses_nothing => Broken;
    SpinsInAShortage: l189_without_descriptors_nothing_spins => Slow;
    HasNoNumberForAShortage: l113_accept_without_descriptors => Broken;
    HasNoNumberForAShortage: l114_an_aborted_connection_ends_nothing => Broken;
    HasNoNumberForAShortage: l114_a_failed_handshake_ends_nothing => Broken;
    DiesOfAConnection: l114_a_connection_that_died_ends_nothing => Broken;
    HasNoPauseInAShortage: l115_incoming_backs_off => Broken;
    ShutsBothDirections: l116_half_close => Broken;
    CloseDoesNothing: l117_close_sends_the_end => Broken;
    TellsOfASecondClose: l118_closing_twice_is_fine => Broken;
    ShutsUnheard: l119_shutdown_wakes_a_reader => Broken;
    EndsByAReset: l120_a_reset_is_an_error => Broken;
    EndsByAReset: l120_a_reset_on_the_way_is_both_ends_error => Broken;
    LeavesOutAByte: l121_a_full_socket_waits => Broken;
    LeavesOutAByte: l121_sixty_four_mebibytes_there_and_back => Broken;
    LosesAByteOfMany: l121_what_is_cut_up_on_the_way_is_whole => Broken;
    EndsWithItsWriter: l122_a_dropped_half_shuts_nothing => Broken;
    PeekTakes: l123_peek_consumes_nothing => Hang;
    IgnoresNodelay: l123_options_read_back => Broken;
    KeepsMuchOfEach: l186_idle_connections_and_alarms_are_small => Broken;
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// A listening socket of the system, after `options` were set.
fn listening(
    rt: &Sick,
    addr: SocketAddr,
    options: fn(&Socket) -> io::Result<()>,
) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    options(&socket)?;
    socket.bind(&addr.into())?;
    socket.listen(128)?;
    Ok(Listener::new(
        rt.native.tcp_listener_from_std(socket.into())?,
        rt,
    ))
}

/// A port may be listened on twice.
#[derive(Default)]
struct SharesItsPort;

impl Mutant for SharesItsPort {
    fn listen<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Listener> {
        Box::pin(async move { listening(rt, addr, |socket| socket.set_reuse_port(true)) })
    }
}

/// A port cannot be bound again while the system remembers a connection of it.
#[derive(Default)]
struct BindsWithoutReuse;

impl Mutant for BindsWithoutReuse {
    fn listen<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Listener> {
        Box::pin(async move { listening(rt, addr, |_| Ok(())) })
    }
}

/// A connect that was refused is tried again, for ever.
#[derive(Default)]
struct TriesARefusalAgain;

impl Mutant for TriesARefusalAgain {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        Box::pin(async move {
            loop {
                if let Ok(raw) = rt.native.connect_tcp(addr).await {
                    return Ok(Tcp::new(raw, rt));
                }
            }
        })
    }
}

/// A refusal is told to the next connect as well.
#[derive(Default)]
struct RefusesTwice(AtomicBool);

impl Mutant for RefusesTwice {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        Box::pin(async move {
            if self.0.swap(false, Ordering::SeqCst) {
                return Err(ErrorKind::ConnectionRefused.into());
            }
            let connected = rt.native.connect_tcp(addr).await;
            self.0.store(connected.is_err(), Ordering::SeqCst);
            Ok(Tcp::new(connected?, rt))
        })
    }
}

/// A connect whose future is dropped goes on, and its connection is never closed.
#[derive(Default)]
struct ConnectsAllTheSame;

/// Forgets its value unless that is taken out.
struct Kept<T>(Option<T>);

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        std::mem::forget(self.0.take());
    }
}

impl Mutant for ConnectsAllTheSame {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        let native = rt.native.clone();
        let going_on = async move { Kept(Some(native.connect_tcp(addr).await)) };
        let task = rt.native.spawn(going_on);
        Box::pin(async move {
            let raw = task.await?.0.take().expect("it is taken once")?;
            Ok(Tcp::new(raw, rt))
        })
    }
}

/// A connect has a descriptor for its time, which it keeps if its future is dropped.
#[derive(Default)]
struct LeaksItsTicket;

impl Mutant for LeaksItsTicket {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        let ticket = Kept(File::open("/dev/null").ok());
        Box::pin(async move {
            let mut ticket = ticket;
            let connected = rt.native.connect_tcp(addr).await;
            drop(ticket.0.take());
            Ok(Tcp::new(connected?, rt))
        })
    }
}

/// The fifth connection of a listener is given to two who accept.
#[derive(Default)]
struct HandsOutTwice(Mutex<Option<(Tcp, SocketAddr)>>);

impl Mutant for HandsOutTwice {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        if listener.notes.unmark() {
            let again = locked(&self.0).take();
            return Poll::Ready(Ok(again.expect("the fifth was accepted")));
        }
        let (raw, addr) = ready!(listener.raw.poll_accept(turn.cx, turn.wait)?);
        let tcp = Tcp::new(raw, &listener.rt);
        if listener.notes.count_one() == 4 {
            *locked(&self.0) = Some((tcp.clone(), addr));
            listener.notes.mark();
        }
        Poll::Ready(Ok((tcp, addr)))
    }
}

/// An accept whose future is dropped takes a connection with it.
#[derive(Default)]
struct AcceptsForNobody;

impl Mutant for AcceptsForNobody {
    fn listener_left(&self, listener: &Listener, direction: Direction, wait: &mut Wait) {
        listener.raw.cancel_wait(direction, wait);
        let mut own = Wait::new();
        drop(listener.raw.poll_accept(&mut noop(), &mut own));
        listener.raw.cancel_wait(direction, &mut own);
    }
}

/// An accept that finds no descriptor does not say which error that was.
#[derive(Default)]
struct HasNoNumberForAShortage;

impl Mutant for HasNoNumberForAShortage {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        let accepted = ready!(listener.raw.poll_accept(turn.cx, turn.wait));
        let (raw, addr) = accepted.map_err(|_| io::Error::other("an accept went wrong"))?;
        Poll::Ready(Ok((Tcp::new(raw, &listener.rt), addr)))
    }
}

/// An accept that finds no descriptor is tried again at once.
#[derive(Default)]
struct SpinsInAShortage;

impl Mutant for SpinsInAShortage {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        match ready!(listener.raw.poll_accept(turn.cx, turn.wait)) {
            Ok((raw, addr)) => Poll::Ready(Ok((Tcp::new(raw, &listener.rt), addr))),
            Err(_) => {
                turn.cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// A connection that was reset before it was accepted ends its listener.
#[derive(Default)]
struct DiesOfAConnection;

impl Mutant for DiesOfAConnection {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        let (raw, addr) = ready!(listener.raw.poll_accept(turn.cx, turn.wait)?);
        let peeked = raw.poll_peek(&mut noop(), &mut Wait::new(), &mut [0]);
        if matches!(peeked, Poll::Ready(Err(_))) || listener.notes.is_marked() {
            listener.notes.mark();
            return Poll::Ready(Err(io::Error::other("the listener is broken")));
        }
        Poll::Ready(Ok((Tcp::new(raw, &listener.rt), addr)))
    }
}

/// After an accept that found no descriptor, alarms of up to a second ring at once.
#[derive(Default)]
struct HasNoPauseInAShortage(AtomicBool);

impl Mutant for HasNoPauseInAShortage {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        let accepted = ready!(listener.raw.poll_accept(turn.cx, turn.wait));
        self.0.store(accepted.is_err(), Ordering::SeqCst);
        let (raw, addr) = accepted?;
        Poll::Ready(Ok((Tcp::new(raw, &listener.rt), addr)))
    }

    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        let now = rt.native.now();
        let is_short = deadline.saturating_duration_since(now) <= Duration::from_secs(1);
        let is_skipped = is_short && self.0.load(Ordering::SeqCst);
        Alarm::new(rt, if is_skipped { now } else { deadline })
    }
}

/// `shutdown(Write)` ends both directions.
#[derive(Default)]
struct ShutsBothDirections;

impl Mutant for ShutsBothDirections {
    fn tcp_shutdown(&self, tcp: &Tcp, _how: Shutdown) -> io::Result<()> {
        tcp.raw.shutdown(Shutdown::Both)
    }
}

/// Closing does nothing.
#[derive(Default)]
struct CloseDoesNothing;

impl Mutant for CloseDoesNothing {
    fn tcp_close(&self, _tcp: &Tcp, _turn: &mut Turn<'_, '_>) -> Io<()> {
        Poll::Ready(Ok(()))
    }
}

/// Closing twice is an error, as it is in std.
#[derive(Default)]
struct TellsOfASecondClose;

impl Mutant for TellsOfASecondClose {
    fn tcp_close(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>) -> Io<()> {
        match tcp.notes.mark() {
            true => Poll::Ready(Err(ErrorKind::NotConnected.into())),
            false => tcp.raw.poll_close(turn.cx, turn.wait),
        }
    }
}

/// A read that waits does not hear of a `shutdown` of its own end.
#[derive(Default)]
struct ShutsUnheard;

impl Mutant for ShutsUnheard {
    fn tcp_shutdown(&self, tcp: &Tcp, how: Shutdown) -> io::Result<()> {
        tcp.notes.mark();
        tcp.raw.shutdown(how)
    }

    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let (real, notes) = (turn.cx.waker().clone(), tcp.notes.clone());
        let deaf = waker(move || {
            if !notes.is_marked() {
                real.wake_by_ref();
            }
        });
        let mut cx = Context::from_waker(&deaf);
        tcp.raw.poll_read(&mut cx, turn.wait, buf)
    }
}

/// A reset reads as the end of the stream.
#[derive(Default)]
struct EndsByAReset;

impl Mutant for EndsByAReset {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match ready!(tcp.raw.poll_read(turn.cx, turn.wait, buf)) {
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Poll::Ready(Ok(0)),
            read => Poll::Ready(read),
        }
    }
}

/// A write that had to wait leaves out its last byte.
#[derive(Default)]
struct LeavesOutAByte;

impl Mutant for LeavesOutAByte {
    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let n_left_out = usize::from(tcp.notes.is_marked() && buf.len() > 1);
        let now = &buf[..buf.len() - n_left_out];
        match tcp.raw.poll_write(turn.cx, turn.wait, now)? {
            Poll::Ready(sent) if sent == now.len() => {
                tcp.notes.unmark();
                Poll::Ready(Ok(buf.len()))
            }
            Poll::Ready(sent) => Poll::Ready(Ok(sent)),
            Poll::Pending => {
                tcp.notes.mark();
                Poll::Pending
            }
        }
    }
}

/// A clone that has written ends the connection when it is dropped.
#[derive(Default)]
struct EndsWithItsWriter;

impl Mutant for EndsWithItsWriter {
    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        tcp.own.mark();
        tcp.raw.poll_write(turn.cx, turn.wait, buf)
    }

    fn tcp_dropped(&self, tcp: &mut Tcp) {
        if tcp.own.is_marked() {
            let _ = tcp.raw.shutdown(Shutdown::Write);
        }
    }
}

/// `peek` consumes what it sees.
#[derive(Default)]
struct PeekTakes;

impl Mutant for PeekTakes {
    fn tcp_peek(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        tcp.raw.poll_read(turn.cx, turn.wait, buf)
    }
}

/// `set_nodelay` does nothing.
#[derive(Default)]
struct IgnoresNodelay;

impl Mutant for IgnoresNodelay {
    fn tcp_set_nodelay(&self, _tcp: &Tcp, _nodelay: bool) -> io::Result<()> {
        Ok(())
    }
}

/// The 20th write of a stream leaves out its last byte.
#[derive(Default)]
struct LosesAByteOfMany;

impl Mutant for LosesAByteOfMany {
    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let n_left_out = usize::from(tcp.notes.count() == 19 && buf.len() > 1);
        let now = &buf[..buf.len() - n_left_out];
        let sent = ready!(tcp.raw.poll_write(turn.cx, turn.wait, now)?);
        if sent < now.len() {
            return Poll::Ready(Ok(sent));
        }
        tcp.notes.count_one();
        Poll::Ready(Ok(buf.len()))
    }
}

/// A connection that is accepted has a buffer of its own.
#[derive(Default)]
struct KeepsMuchOfEach;

impl Mutant for KeepsMuchOfEach {
    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        let (raw, addr) = ready!(listener.raw.poll_accept(turn.cx, turn.wait)?);
        let tcp = Tcp::new(raw, &listener.rt);
        *tcp.notes.bytes() = vec![1; 8_192];
        Poll::Ready(Ok((tcp, addr)))
    }
}
