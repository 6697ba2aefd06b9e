//! The cases, as data.

use Doing::*;
use Expect::{Hidden, Told};
use rustix::io::Errno;

use super::doing::Doing;

/// Calls that fail, and what is to come of it.
#[derive(Debug)]
pub(super) struct Case {
    /// Its name; the backend's comes behind it.
    pub(super) name: &'static str,
    /// System calls, divided by commas; a `?` before one that not every system has.
    pub(super) calls: &'static str,
    /// What they answer.
    pub(super) errno: Errno,
    /// Which of them, counted by thread: `3+` is from the third on, `2..40` an end as well.
    pub(super) when: &'static str,
    /// What is done meanwhile, again and again.
    pub(super) doing: Doing,
    /// What its user must see.
    pub(super) expect: Expect,
    /// The backends that it is held on.
    pub(super) on: &'static [&'static str],
}

/// What a user sees of a call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// An error of that kind, at least once, and none of another; and once the calls work again, so
    /// does what was done.
    Told,
    /// Nothing: there is another way.
    Hidden,
}

const ALL: &[&str] = &["native", "tokio", "smol"];
const NATIVE: &[&str] = &["native"];
/// smol's reactor is the process's and is started once.
const OWNING: &[&str] = &["native", "tokio"];

const fn case(
    name: &'static str,
    calls: &'static str,
    errno: Errno,
    when: &'static str,
    doing: Doing,
    expect: Expect,
    on: &'static [&'static str],
) -> Case {
    Case {
        name,
        calls,
        errno,
        when,
        doing,
        expect,
        on,
    }
}

const READS: &str = "?preadv2";
const OPENS: &str = "?openat2";
const WRITES: &str = "write,pwrite64,writev,?pwritev2";
const SENDS: &str = "write,writev,sendto,sendmsg";
const RECEIVES: &str = "read,readv,recvfrom,recvmsg";

/// All of them.
#[rustfmt::skip] // a line a case
pub(super) const CASES: &[Case] = &[
    // A runtime starts.
    case("start_without_an_eventfd", "eventfd2", Errno::MFILE, "1..3", Start, Told, OWNING),
    case("start_without_an_epoll", "epoll_create1", Errno::MFILE, "1..3", Start, Told, OWNING),
    case("start_without_memory", "epoll_create1", Errno::NOMEM, "1..3", Start, Told, OWNING),
    case("start_without_a_thread", "clone3", Errno::AGAIN, "1..3", Start, Told, NATIVE),
    case("start_without_the_second_thread", "clone3", Errno::AGAIN, "2..3", Start, Told, NATIVE),
    case("no_membarrier", "membarrier", Errno::NOSYS, "1+", Blocked, Hidden, NATIVE),
    case("no_timer_slack", "prctl", Errno::PERM, "1+", Start, Hidden, ALL),
    case("no_thread_for_a_blocking_call", "clone3", Errno::AGAIN, "3..5", Blocking, Told, NATIVE),
    // Sockets.
    case("socket_emfile", "socket", Errno::MFILE, "3..9", Udp, Told, ALL),
    case("socket_enfile", "socket", Errno::NFILE, "3..9", Udp, Told, ALL),
    case("socket_enobufs", "socket", Errno::NOBUFS, "3..9", Connect, Told, ALL),
    case("bind_eaddrinuse", "bind", Errno::ADDRINUSE, "3..9", Udp, Told, ALL),
    case("bind_eacces", "bind", Errno::ACCESS, "3..9", Connect, Told, ALL),
    case("listen_eaddrinuse", "listen", Errno::ADDRINUSE, "3..9", Connect, Told, ALL),
    case("connect_enetunreach", "connect", Errno::NETUNREACH, "3..9", Connect, Told, ALL),
    case("connect_eaddrnotavail", "connect", Errno::ADDRNOTAVAIL, "3..9", Connect, Told, ALL),
    case("connect_etimedout", "connect", Errno::TIMEDOUT, "3..9", Connect, Told, ALL),
    case("epoll_ctl_enospc", "epoll_ctl", Errno::NOSPC, "9..40", Udp, Told, ALL),
    case("epoll_ctl_enomem", "epoll_ctl", Errno::NOMEM, "9..40", Udp, Told, ALL),
    case("accept_emfile", "?accept,accept4", Errno::MFILE, "3..9", Connect, Told, ALL),
    case("accept_enomem", "?accept,accept4", Errno::NOMEM, "3..9", Connect, Told, ALL),
    case("receive_econnreset", RECEIVES, Errno::CONNRESET, "15..40", Echo, Told, NATIVE),
    case("send_epipe", SENDS, Errno::PIPE, "15..40", Echo, Told, NATIVE),
    case("send_enobufs", "sendto", Errno::NOBUFS, "3..9", Datagram, Told, ALL),
    case("nodelay_einval", "setsockopt", Errno::INVAL, "3..9", NoDelay, Told, ALL),
    // Files.
    case("preadv2_eagain", READS, Errno::AGAIN, "1+", ReadAt, Hidden, ALL),
    case("preadv2_eopnotsupp", READS, Errno::OPNOTSUPP, "1+", ReadAt, Hidden, ALL),
    case("preadv2_enosys", READS, Errno::NOSYS, "1+", ReadAt, Hidden, ALL),
    case("preadv2_einval", READS, Errno::INVAL, "1+", ReadAt, Hidden, ALL),
    case("preadv2_eperm", READS, Errno::PERM, "1+", ReadAt, Hidden, ALL),
    case("preadv2_eio_once", READS, Errno::IO, "5..5", ReadAt, Hidden, ALL),
    case("openat2_enosys", OPENS, Errno::NOSYS, "1+", ReadAt, Hidden, ALL),
    case("openat2_eagain", OPENS, Errno::AGAIN, "1+", ReadAt, Hidden, ALL),
    case("openat2_eperm", OPENS, Errno::PERM, "1+", ReadAt, Hidden, ALL),
    case("open_emfile", "openat,?openat2", Errno::MFILE, "3..9", ReadAt, Told, ALL),
    case("open_eio", "openat,?openat2", Errno::IO, "3..9", ReadAt, Told, ALL),
    case("statx_enosys", "?statx", Errno::NOSYS, "1+", Length, Hidden, ALL),
    case("write_enospc", WRITES, Errno::NOSPC, "3..9", Write, Told, ALL),
    case("write_edquot", WRITES, Errno::DQUOT, "3..9", Write, Told, ALL),
    case("write_eio", WRITES, Errno::IO, "3..9", Write, Told, ALL),
    case("fsync_eio", "fsync", Errno::IO, "3..9", Write, Told, ALL),
    case("ftruncate_efbig", "ftruncate", Errno::FBIG, "3..9", Write, Told, ALL),
    case("read_eio", "read,pread64,?preadv2", Errno::IO, "3..30", ReadAt, Told, ALL),
];
