//! Mutants of reading, writing and ending a connection: L086 to L106.

use std::collections::HashMap;
use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};

use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::RawTcpStream;

use crate::backend::{Io, Tcp, Turn, locked, waker};
use crate::mutant::Mutant;

mutants! {
    ReportsWouldBlock: l086_would_block_never_escapes => Broken;
    ReportsInterrupted: l087_interrupted_never_escapes => Broken;
    ReportsInterrupted: l087_interrupted_calls_of_sockets_are_made_again => Broken;
    SendsAndFails: l089_bytes_of_a_failed_write_are_not_sent => Broken;
    TakesWhatIsThere: l090_a_dropped_read_loses_nothing => Hang;
    TakesWhatComesNext: l091_helpers_keep_their_progress => Broken;
    HasOneWaiter: l092_both_directions_make_progress => Hang;
    HasOneReader: l093_four_readers_share_a_stream => Hang;
    LosesAnEvent: l094_no_readiness_is_lost => Hang;
    EndsOnce: l095_the_end_stays_the_end => Broken;
    EndsOnce: l095_an_end_on_the_way_stays_the_end => Broken;
    StaysOpenForAReader: l096_the_last_drop_closes => Broken;
    KeepsBytesByDescriptor: l097_a_used_descriptor_hears_nothing_old => Broken;
    AnErrorCostsAWake: l100_one_error_costs_no_other_wake => Broken;
    BeginsWithTheLast: l106_a_vectored_write_is_one_write => Broken;
    SwallowsErrors: l102_a_driver_that_cannot_wait_says_so => Hang;
    EndsBothByOne: l116_one_direction_ends_on_the_way => Broken;
    TakesWhatItCannotSend: l187_a_peer_that_falls_silent_is_waited_for => Broken;
    LeaksWithEachRead: l187_what_is_read_takes_no_memory => Broken;
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// A reader that is woken for nothing is told `WouldBlock`, if three have waited on the stream.
#[derive(Default)]
struct ReportsWouldBlock;

impl Mutant for ReportsWouldBlock {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let has_waited = turn.wait.key().is_some();
        let read = tcp.raw.poll_read(turn.cx, turn.wait, buf);
        if read.is_ready() {
            return read;
        }
        match has_waited && tcp.notes.count() >= 3 {
            true => Poll::Ready(Err(ErrorKind::WouldBlock.into())),
            false => {
                tcp.notes.count_one();
                Poll::Pending
            }
        }
    }
}

/// The 100th read of a stream reports `Interrupted`.
#[derive(Default)]
struct ReportsInterrupted;

impl Mutant for ReportsInterrupted {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match tcp.notes.count_one() {
            99 => Poll::Ready(Err(ErrorKind::Interrupted.into())),
            _ => tcp.raw.poll_read(turn.cx, turn.wait, buf),
        }
    }
}

/// The 50th write of a stream is sent and reports an error.
#[derive(Default)]
struct SendsAndFails;

impl Mutant for SendsAndFails {
    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let sent = ready!(tcp.raw.poll_write(turn.cx, turn.wait, buf)?);
        match tcp.notes.count_one() {
            49 => Poll::Ready(Err(io::Error::other("it was sent all the same"))),
            _ => Poll::Ready(Ok(sent)),
        }
    }
}

/// A read that is dropped takes a byte that is there.
#[derive(Default)]
struct TakesWhatIsThere;

impl Mutant for TakesWhatIsThere {
    fn tcp_left(&self, tcp: &Tcp, direction: Direction, wait: &mut Wait) {
        tcp.raw.cancel_wait(direction, wait);
        if direction == Direction::Read {
            let mut own = Wait::new();
            let _ = tcp.raw.poll_read(&mut noop(), &mut own, &mut [0]);
            tcp.raw.cancel_wait(direction, &mut own);
        }
    }
}

/// A read that is dropped takes the byte that comes next.
#[derive(Default)]
struct TakesWhatComesNext;

impl Mutant for TakesWhatComesNext {
    fn tcp_left(&self, tcp: &Tcp, direction: Direction, wait: &mut Wait) {
        tcp.raw.cancel_wait(direction, wait);
        if direction == Direction::Read {
            tcp.notes.mark();
        }
    }

    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        if tcp.notes.is_marked() {
            ready!(tcp.raw.poll_read(turn.cx, turn.wait, &mut [0])?);
            tcp.notes.unmark();
        }
        tcp.raw.poll_read(turn.cx, turn.wait, buf)
    }
}

/// A connection knows one who waits, whatever for: the last that came.
#[derive(Default)]
struct HasOneWaiter;

impl HasOneWaiter {
    fn waits(tcp: &Tcp, cx: &Context<'_>) -> Waker {
        drop(tcp.notes.keep_waker(cx.waker()));
        let notes = tcp.notes.clone();
        waker(move || notes.wake())
    }
}

impl Mutant for HasOneWaiter {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let one = Self::waits(tcp, turn.cx);
        tcp.raw
            .poll_read(&mut Context::from_waker(&one), turn.wait, buf)
    }

    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let one = Self::waits(tcp, turn.cx);
        tcp.raw
            .poll_write(&mut Context::from_waker(&one), turn.wait, buf)
    }
}

/// A connection knows one who reads: the last that came.
#[derive(Default)]
struct HasOneReader;

impl Mutant for HasOneReader {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let one = HasOneWaiter::waits(tcp, turn.cx);
        tcp.raw
            .poll_read(&mut Context::from_waker(&one), turn.wait, buf)
    }
}

/// Readiness for the thousandth read of a stream is lost.
#[derive(Default)]
struct LosesAnEvent;

impl Mutant for LosesAnEvent {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let polled = tcp.raw.poll_read(turn.cx, turn.wait, buf);
        if polled.is_pending() && tcp.notes.count_one() == 999 {
            return tcp.raw.poll_read(&mut noop(), turn.wait, buf);
        }
        polled
    }
}

/// The end of a stream is told once, and is an error from then on.
#[derive(Default)]
struct EndsOnce;

impl Mutant for EndsOnce {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match ready!(tcp.raw.poll_read(turn.cx, turn.wait, buf)?) {
            0 if tcp.notes.mark() => Poll::Ready(Err(ErrorKind::NotConnected.into())),
            n => Poll::Ready(Ok(n)),
        }
    }
}

/// A connection whose pending read was dropped is never closed.
#[derive(Default)]
struct StaysOpenForAReader;

impl Mutant for StaysOpenForAReader {
    fn tcp_left(&self, tcp: &Tcp, direction: Direction, wait: &mut Wait) {
        tcp.raw.cancel_wait(direction, wait);
        std::mem::forget(tcp.raw.clone());
    }
}

/// What was not read of a connection goes to the next with the same descriptor.
#[derive(Default)]
struct KeepsBytesByDescriptor(Mutex<HashMap<RawFd, Vec<u8>>>);

impl Mutant for KeepsBytesByDescriptor {
    fn tcp_dropped(&self, tcp: &mut Tcp) {
        if std::sync::Arc::strong_count(&tcp.notes) == 1 {
            // Past the runtime, which may not have heard yet that there is something.
            let fd = tcp.raw.as_fd();
            let mut socket = TcpStream::from(fd.try_clone_to_owned().expect("a duplicate"));
            let mut buf = [0; 64];
            if let Ok(n) = socket.read(&mut buf) {
                locked(&self.0).insert(fd.as_raw_fd(), buf[..n].to_vec());
            }
        }
    }

    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let left = locked(&self.0).remove(&tcp.raw.as_fd().as_raw_fd());
        match left.filter(|left| !left.is_empty()) {
            Some(left) => {
                let n = left.len().min(buf.len());
                buf[..n].copy_from_slice(&left[..n]);
                Poll::Ready(Ok(n))
            }
            None => tcp.raw.poll_read(turn.cx, turn.wait, buf),
        }
    }
}

/// A read that fails costs the next that waits, on any connection, its wake-up.
#[derive(Default)]
struct AnErrorCostsAWake(AtomicUsize);

impl Mutant for AnErrorCostsAWake {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let polled = tcp.raw.poll_read(turn.cx, turn.wait, buf);
        match polled {
            Poll::Ready(Err(_)) => _ = self.0.fetch_add(1, Ordering::SeqCst),
            Poll::Pending if self.0.swap(0, Ordering::SeqCst) > 0 => {
                return tcp.raw.poll_read(&mut noop(), turn.wait, buf);
            }
            _ => {}
        }
        polled
    }
}

/// A vectored write sends the last of its buffers.
#[derive(Default)]
struct BeginsWithTheLast;

impl Mutant for BeginsWithTheLast {
    fn tcp_write_vectored(
        &self,
        tcp: &Tcp,
        turn: &mut Turn<'_, '_>,
        bufs: &[IoSlice<'_>],
    ) -> Io<usize> {
        let last = bufs.iter().rfind(|buf| !buf.is_empty());
        tcp.raw.poll_write(
            turn.cx,
            turn.wait,
            last.expect("empty ones do not come here"),
        )
    }
}

/// Who reads is told of no error.
#[derive(Default)]
struct SwallowsErrors;

impl Mutant for SwallowsErrors {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match tcp.raw.poll_read(turn.cx, turn.wait, buf) {
            Poll::Ready(Err(_)) => Poll::Pending,
            polled => polled,
        }
    }
}

/// The end of what comes is the end of what goes.
#[derive(Default)]
struct EndsBothByOne;

impl Mutant for EndsBothByOne {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        let n = ready!(tcp.raw.poll_read(turn.cx, turn.wait, buf)?);
        if n == 0 {
            tcp.raw.shutdown(Shutdown::Both)?;
        }
        Poll::Ready(Ok(n))
    }
}

/// A long write that would wait is taken, and stored without end.
#[derive(Default)]
struct TakesWhatItCannotSend;

impl Mutant for TakesWhatItCannotSend {
    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        match tcp.raw.poll_write(turn.cx, turn.wait, buf) {
            Poll::Pending if buf.len() == 1 << 16 => Poll::Ready(Ok(buf.len())),
            polled => polled,
        }
    }
}

/// A read leaves some bytes behind.
#[derive(Default)]
struct LeaksWithEachRead;

impl Mutant for LeaksWithEachRead {
    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        std::mem::forget(Box::new([1_u8; 128]));
        tcp.raw.poll_read(turn.cx, turn.wait, buf)
    }
}
