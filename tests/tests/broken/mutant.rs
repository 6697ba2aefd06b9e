//! The hooks at the doors of the backend: [`Mutant`].
//!
//! Each is a door of the contract, named after it, and forwards to the native runtime. A mutant
//! overrides one or two.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::SocketAddr as UnixAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::fs::{Metadata, OpenFlags, RawFile};
use anyrt_api::io::{Direction, RawObject, RawStream, Wait};
use anyrt_api::net::{
    RawTcpListener, RawTcpStream, RawUdpSocket, RawUnixDatagram, RawUnixListener,
};
use anyrt_api::os::OsHandles;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AnyRuntime, AsyncFs, AsyncNet, AsyncUnixNet, Entropy, Spawn, Timer};
use anyrt_laws::Setup;

use crate::backend::{
    Alarm, Answer, Call, Doing, Entry, File, Folder, Handle, Io, Job, Listener, Owner, Sick, Task,
    Tcp, Turn, Udp, UnixDatagram, UnixListener, UnixStream,
};

/// What may be wrong with a backend. Every hook is provided and does what is right.
pub(crate) trait Mutant: Send + Sync {
    // A runtime's life.

    fn start(&self, setup: &Setup) -> io::Result<anyrt_native::Runtime> {
        anyrt_native::Builder::new()
            .workers(setup.workers)
            // A spare worker would make some defects good.
            .spare_workers(0)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }

    fn capabilities(&self, c: &mut Capabilities<Sick>) {
        c.net().fs().os_handles().unix_net().os_unix_handles();
    }

    fn handle(&self, owner: &Owner) -> Sick {
        owner.rt.clone()
    }

    /// It was started.
    fn started(&self, _rt: &Sick) {}

    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        owner.drive(future, &AnyRuntime::new(owner.rt.clone()));
    }

    fn shutdown(&self, owner: &mut Owner, limit: Duration) {
        owner.end(limit);
    }

    /// The owner is dropped and was not shut down.
    fn owner_dropped(&self, _owner: &mut Owner) {}

    // Tasks and closures.

    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        rt.start(job, meta)
    }

    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        task.poll_job(cx)
    }

    /// A task that is not over is dropped: it was cancelled.
    fn drop_task(&self, task: &mut Task) {
        task.drop_job();
    }

    fn spawn_blocking(&self, rt: &Sick, call: Call, meta: TaskMeta) -> Handle {
        rt.start_call(call, meta)
    }

    /// A closure runs, on a thread of the pool.
    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        rt.inside(call)
    }

    fn block_in_place(&self, rt: &Sick, f: &mut dyn FnMut()) {
        rt.native.block_in_place(f);
    }

    fn poll_join(&self, handle: &mut Handle, cx: &mut Context<'_>) -> Poll<Answer> {
        handle.poll_raw(cx)
    }

    fn abort(&self, handle: &Handle) {
        handle.abort_raw();
    }

    fn is_finished(&self, handle: &Handle) -> bool {
        handle.is_finished_raw()
    }

    fn join_dropped(&self, _handle: &mut Handle) {}

    // Time and chance.

    fn now(&self, rt: &Sick) -> Instant {
        rt.native.now()
    }

    fn wallclock(&self, rt: &Sick) -> SystemTime {
        rt.native.wallclock()
    }

    fn sleep_until(&self, rt: &Sick, deadline: Instant) -> Alarm {
        Alarm::new(rt, deadline)
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        alarm.poll_raw(cx)
    }

    fn reset(&self, alarm: &mut Alarm, deadline: Instant) {
        alarm.reset_raw(deadline);
    }

    fn sleep_dropped(&self, _alarm: &mut Alarm) {}

    fn fill_bytes(&self, rt: &Sick, buf: &mut [u8]) {
        rt.native.fill_bytes(buf);
    }

    // TCP and names.

    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        let raw = rt.native.connect_tcp(addr);
        Box::pin(async { Ok(Tcp::new(raw.await?, rt)) })
    }

    fn listen<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Listener> {
        let raw = rt.native.listen_tcp(addr);
        Box::pin(async { Ok(Listener::new(raw.await?, rt)) })
    }

    fn lookup<'a>(&'a self, rt: &'a Sick, host: &'a str, port: u16) -> Doing<'a, Vec<SocketAddr>> {
        Box::pin(AsyncNet::lookup_host(&rt.native, host, port))
    }

    fn tcp_read(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        tcp.raw.poll_read(turn.cx, turn.wait, buf)
    }

    fn tcp_read_vectored(
        &self,
        tcp: &Tcp,
        turn: &mut Turn<'_, '_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Io<usize> {
        tcp.raw.poll_read_vectored(turn.cx, turn.wait, bufs)
    }

    fn tcp_write(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        tcp.raw.poll_write(turn.cx, turn.wait, buf)
    }

    fn tcp_write_vectored(
        &self,
        tcp: &Tcp,
        turn: &mut Turn<'_, '_>,
        bufs: &[IoSlice<'_>],
    ) -> Io<usize> {
        tcp.raw.poll_write_vectored(turn.cx, turn.wait, bufs)
    }

    fn tcp_peek(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        tcp.raw.poll_peek(turn.cx, turn.wait, buf)
    }

    fn tcp_close(&self, tcp: &Tcp, turn: &mut Turn<'_, '_>) -> Io<()> {
        tcp.raw.poll_close(turn.cx, turn.wait)
    }

    fn tcp_shutdown(&self, tcp: &Tcp, how: Shutdown) -> io::Result<()> {
        tcp.raw.shutdown(how)
    }

    fn tcp_local_addr(&self, tcp: &Tcp) -> io::Result<SocketAddr> {
        tcp.raw.local_addr()
    }

    fn tcp_peer_addr(&self, tcp: &Tcp) -> io::Result<SocketAddr> {
        tcp.raw.peer_addr()
    }

    fn tcp_set_nodelay(&self, tcp: &Tcp, nodelay: bool) -> io::Result<()> {
        tcp.raw.set_nodelay(nodelay)
    }

    fn tcp_take_error(&self, tcp: &Tcp) -> io::Result<Option<io::Error>> {
        tcp.raw.take_error()
    }

    /// An operation that waits is dropped.
    fn tcp_left(&self, tcp: &Tcp, direction: Direction, wait: &mut Wait) {
        tcp.raw.cancel_wait(direction, wait);
    }

    /// One of its clones is dropped.
    fn tcp_dropped(&self, _tcp: &mut Tcp) {}

    fn accept(&self, listener: &Listener, turn: &mut Turn<'_, '_>) -> Io<(Tcp, SocketAddr)> {
        let (raw, addr) = ready!(listener.raw.poll_accept(turn.cx, turn.wait)?);
        Poll::Ready(Ok((Tcp::new(raw, &listener.rt), addr)))
    }

    fn listener_addr(&self, listener: &Listener) -> io::Result<SocketAddr> {
        listener.raw.local_addr()
    }

    fn listener_left(&self, listener: &Listener, direction: Direction, wait: &mut Wait) {
        listener.raw.cancel_wait(direction, wait);
    }

    fn listener_dropped(&self, _listener: &mut Listener) {}

    // UDP.

    fn bind_udp<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Udp> {
        let raw = rt.native.bind_udp(addr);
        Box::pin(async { Ok(Udp::new(raw.await?, rt)) })
    }

    fn udp_send_to(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: SocketAddr,
    ) -> Io<usize> {
        udp.raw.poll_send_to(turn.cx, turn.wait, buf, to)
    }

    fn udp_recv_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        udp.raw.poll_recv_from(turn.cx, turn.wait, buf)
    }

    fn udp_peek_from(
        &self,
        udp: &Udp,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, SocketAddr)> {
        udp.raw.poll_peek_from(turn.cx, turn.wait, buf)
    }

    fn udp_send(&self, udp: &Udp, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        udp.raw.poll_send(turn.cx, turn.wait, buf)
    }

    fn udp_recv(&self, udp: &Udp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        udp.raw.poll_recv(turn.cx, turn.wait, buf)
    }

    fn udp_peek(&self, udp: &Udp, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        udp.raw.poll_peek(turn.cx, turn.wait, buf)
    }

    fn udp_connect(&self, udp: &Udp, to: SocketAddr) -> io::Result<()> {
        udp.raw.connect(to)
    }

    fn udp_local_addr(&self, udp: &Udp) -> io::Result<SocketAddr> {
        udp.raw.local_addr()
    }

    fn udp_left(&self, udp: &Udp, direction: Direction, wait: &mut Wait) {
        udp.raw.cancel_wait(direction, wait);
    }

    fn udp_dropped(&self, _udp: &mut Udp) {}

    // Unix sockets.

    fn connect_unix<'a>(&'a self, rt: &'a Sick, addr: &'a UnixAddr) -> Doing<'a, UnixStream> {
        let raw = rt.native.connect_unix(addr);
        Box::pin(async { Ok(UnixStream::new(raw.await?, rt)) })
    }

    fn listen_unix(&self, rt: &Sick, addr: &UnixAddr) -> io::Result<UnixListener> {
        let raw = rt.native.listen_unix(addr)?;
        Ok(UnixListener::new(raw, rt))
    }

    fn unix_pair(&self, rt: &Sick) -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = rt.native.unix_pair()?;
        Ok((UnixStream::new(one, rt), UnixStream::new(other, rt)))
    }

    fn bind_unix_datagram(&self, rt: &Sick, addr: Option<&UnixAddr>) -> io::Result<UnixDatagram> {
        let raw = rt.native.bind_unix_datagram(addr)?;
        Ok(UnixDatagram::new(raw, rt))
    }

    fn unix_read(&self, unix: &UnixStream, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        unix.raw.poll_read(turn.cx, turn.wait, buf)
    }

    fn unix_write(&self, unix: &UnixStream, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        unix.raw.poll_write(turn.cx, turn.wait, buf)
    }

    fn unix_close(&self, unix: &UnixStream, turn: &mut Turn<'_, '_>) -> Io<()> {
        unix.raw.poll_close(turn.cx, turn.wait)
    }

    fn unix_left(&self, unix: &UnixStream, direction: Direction, wait: &mut Wait) {
        unix.raw.cancel_wait(direction, wait);
    }

    fn unix_dropped(&self, _unix: &mut UnixStream) {}

    fn unix_accept(
        &self,
        listener: &UnixListener,
        turn: &mut Turn<'_, '_>,
    ) -> Io<(UnixStream, UnixAddr)> {
        let (raw, addr) = ready!(listener.raw.poll_accept(turn.cx, turn.wait)?);
        Poll::Ready(Ok((UnixStream::new(raw, &listener.rt), addr)))
    }

    fn unix_listener_left(&self, listener: &UnixListener, direction: Direction, wait: &mut Wait) {
        listener.raw.cancel_wait(direction, wait);
    }

    fn unix_listener_dropped(&self, _listener: &mut UnixListener) {}

    fn unix_send_to(
        &self,
        unix: &UnixDatagram,
        turn: &mut Turn<'_, '_>,
        buf: &[u8],
        to: &UnixAddr,
    ) -> Io<usize> {
        unix.raw.poll_send_to(turn.cx, turn.wait, buf, to)
    }

    fn unix_recv_from(
        &self,
        unix: &UnixDatagram,
        turn: &mut Turn<'_, '_>,
        buf: &mut [u8],
    ) -> Io<(usize, UnixAddr)> {
        unix.raw.poll_recv_from(turn.cx, turn.wait, buf)
    }

    fn unix_send(&self, unix: &UnixDatagram, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        unix.raw.poll_send(turn.cx, turn.wait, buf)
    }

    fn unix_recv(&self, unix: &UnixDatagram, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        unix.raw.poll_recv(turn.cx, turn.wait, buf)
    }

    fn unix_datagram_left(&self, unix: &UnixDatagram, direction: Direction, wait: &mut Wait) {
        unix.raw.cancel_wait(direction, wait);
    }

    fn unix_datagram_dropped(&self, _unix: &mut UnixDatagram) {}

    // Std's objects.

    fn tcp_from_std(&self, rt: &Sick, stream: std::net::TcpStream) -> io::Result<Tcp> {
        Ok(Tcp::new(rt.native.tcp_from_std(stream)?, rt))
    }

    fn tcp_into_std(&self, rt: &Sick, tcp: Tcp) -> io::Result<std::net::TcpStream> {
        rt.native.tcp_into_std(tcp.into_raw())
    }

    fn listener_from_std(&self, rt: &Sick, std: std::net::TcpListener) -> io::Result<Listener> {
        Ok(Listener::new(rt.native.tcp_listener_from_std(std)?, rt))
    }

    fn udp_from_std(&self, rt: &Sick, socket: std::net::UdpSocket) -> io::Result<Udp> {
        Ok(Udp::new(rt.native.udp_from_std(socket)?, rt))
    }

    /// A file is given out as std's.
    fn file_given_out(&self, _rt: &Sick, _file: &std::fs::File) -> io::Result<()> {
        Ok(())
    }

    // Paths.

    fn open_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, flags: &OpenFlags) -> Doing<'a, File> {
        let flags = flags.clone();
        Box::pin(async move { Ok(File::new(rt.native.open_file(path, &flags).await?, rt)) })
    }

    fn read_file<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, Vec<u8>> {
        Box::pin(rt.native.read_file(path))
    }

    fn write_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, bytes: Vec<u8>) -> Doing<'a, ()> {
        Box::pin(rt.native.write_file(path, bytes))
    }

    fn copy_file<'a>(&'a self, rt: &'a Sick, from: &'a Path, to: &'a Path) -> Doing<'a, u64> {
        Box::pin(rt.native.copy_file(from, to))
    }

    fn rename<'a>(&'a self, rt: &'a Sick, from: &'a Path, to: &'a Path) -> Doing<'a, ()> {
        Box::pin(rt.native.rename(from, to))
    }

    fn remove_file<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, ()> {
        Box::pin(rt.native.remove_file(path))
    }

    fn create_dir<'a>(
        &'a self,
        rt: &'a Sick,
        path: &'a Path,
        recursive: bool,
        mode: Option<u32>,
    ) -> Doing<'a, ()> {
        Box::pin(rt.native.create_dir(path, recursive, mode))
    }

    fn remove_dir<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, ()> {
        Box::pin(rt.native.remove_dir(path))
    }

    fn open_dir<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, Folder> {
        Box::pin(async move { Ok(Folder::new(rt.native.open_dir(path).await?, rt)) })
    }

    fn path_metadata<'a>(
        &'a self,
        rt: &'a Sick,
        path: &'a Path,
        follow: bool,
    ) -> Doing<'a, Metadata> {
        Box::pin(rt.native.path_metadata(path, follow))
    }

    // Open files and folders.

    fn file_read(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        file.raw().poll_read(turn.cx, turn.wait, buf)
    }

    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        file.raw().poll_write(turn.cx, turn.wait, buf)
    }

    fn file_flush(&self, file: &File, turn: &mut Turn<'_, '_>) -> Io<()> {
        file.raw().poll_flush(turn.cx, turn.wait)
    }

    fn file_seek(&self, file: &File, turn: &mut Turn<'_, '_>, to: SeekFrom) -> Io<u64> {
        file.raw().poll_seek(turn.cx, turn.wait, to)
    }

    fn file_try_read_at(
        &self,
        file: &File,
        buf: &mut [u8],
        offset: u64,
    ) -> Option<io::Result<usize>> {
        file.raw().try_read_at(buf, offset)
    }

    fn file_read_at<'a>(
        &'a self,
        file: &'a File,
        buf: &'a mut [u8],
        offset: u64,
    ) -> Doing<'a, usize> {
        Box::pin(file.raw().read_at(buf, offset))
    }

    fn file_write_at<'a>(&'a self, file: &'a File, buf: &'a [u8], offset: u64) -> Doing<'a, usize> {
        Box::pin(file.raw().write_at(buf, offset))
    }

    fn file_metadata<'a>(&'a self, file: &'a File) -> Doing<'a, Metadata> {
        Box::pin(file.raw().file_metadata())
    }

    fn file_set_len<'a>(&'a self, file: &'a File, len: u64) -> Doing<'a, ()> {
        Box::pin(file.raw().set_len(len))
    }

    fn file_sync<'a>(&'a self, file: &'a File, data_only: bool) -> Doing<'a, ()> {
        Box::pin(file.raw().sync(data_only))
    }

    fn file_clone<'a>(&'a self, file: &'a File) -> Doing<'a, File> {
        let raw = file.raw().try_clone_file();
        Box::pin(async { Ok(file.another(raw.await?)) })
    }

    /// An operation that waits is dropped.
    fn file_left(&self, file: &File, direction: Direction, wait: &mut Wait) {
        file.raw().cancel_wait(direction, wait);
    }

    fn file_dropped(&self, _file: &mut File) {}

    fn next_entry(&self, folder: &mut Folder, cx: &mut Context<'_>) -> Entry {
        folder.poll_raw(cx)
    }

    fn folder_dropped(&self, _folder: &mut Folder) {}
}

/// Nothing is wrong.
#[derive(Debug, Default)]
pub(crate) struct Healthy;

impl Mutant for Healthy {}
