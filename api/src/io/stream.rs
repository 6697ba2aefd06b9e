//! What a backend's connections owe: [`RawStream`]. Knows nothing of addresses.

use std::io::{self, IoSlice, IoSliceMut};
use std::task::{Context, Poll};

use super::{RawObject, Wait};

/// One connection, shared by its clones: reads and writes by reference, from any number of tasks.
///
/// # Contract
///
/// - `L086` `ErrorKind::WouldBlock` never escapes.
/// - `L087` `ErrorKind::Interrupted` never escapes: the call is made again.
/// - `L089` `Err` means that no byte was transferred by that call.
/// - `L090` Dropping the future of a pending read loses no byte.
/// - `L092` One task that reads and one that writes both make progress.
/// - `L093` Several tasks may read one connection: each byte goes to exactly one, and all of them
///   see the end.
/// - `L094` Readiness that arrives during an operation is not lost to that operation.
/// - `L095` The end of a stream is `Ok(0)` again and again.
/// - `L096` The descriptor is closed once, within 100 ms of the last clone's drop, also with an
///   operation pending.
/// - `L106` A vectored write is one write of the concatenation, or of a prefix of it.
///
/// # Implementation notes
///
/// A task that waits is never displaced by another: where a runtime's poll keeps one waker a
/// direction, the kit's `Waiters` stand between. Empty buffers and the budget are dealt with in the
/// std-shaped types and do not reach this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's stream",
    note = "a backend implements `RawStream` for its own stream; \
            libraries use the types over it"
)]
pub trait RawStream: RawObject {
    /// Reads into `buf`; `Ok(0)` is the end of the stream.
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>>;

    /// Reads into several buffers, in order.
    ///
    /// By default a read into the first that is not empty. Where one call fills several, override
    /// it: a reader of a header and a body saves every second call by that.
    fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter_mut().find(|buf| !buf.is_empty());
        self.poll_read(cx, wait, first.map_or(&mut [], |buf| buf))
    }

    /// Writes a prefix of `buf`.
    fn poll_write(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Writes a prefix of several buffers.
    ///
    /// By default a write of the first that is not empty, which is such a prefix (`L106`). Where
    /// one call takes several, override it, or each of them costs a call, and on a network perhaps
    /// a packet.
    fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        wait: &mut Wait,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, wait, first.map_or(&[], |buf| buf))
    }

    /// Ends the sending side, as `shutdown(Shutdown::Write)`; `Ok` if it was ended already or the
    /// peer is gone.
    fn poll_close(&self, cx: &mut Context<'_>, wait: &mut Wait) -> Poll<io::Result<()>>;
}
