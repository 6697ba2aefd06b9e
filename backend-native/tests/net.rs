//! Sockets on a whole runtime, through the contract's own objects.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr},
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use anyrt_api::{
    AsyncNet, AsyncUnixNet, Spawn, Timer,
    io::{Direction, RawObject, RawStream, Wait},
    net::{
        RawTcpListener, RawTcpStream, RawUdpSocket, RawUnixDatagram, RawUnixListener, RawUnixStream,
    },
};
use anyrt_native::{Builder, Native, Runtime, net::TcpStream};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn runtime(workers: usize) -> Runtime {
    Builder::new()
        .workers(workers)
        .build()
        .expect("threads and descriptors are left")
}

async fn read(stream: &impl RawStream, buf: &mut [u8]) -> io::Result<usize> {
    let mut wait = Wait::new();
    poll_fn(|cx| stream.poll_read(cx, &mut wait, buf)).await
}

async fn write_all(stream: &impl RawStream, mut buf: &[u8]) -> io::Result<()> {
    while !buf.is_empty() {
        let mut wait = Wait::new();
        let n = poll_fn(|cx| stream.poll_write(cx, &mut wait, buf)).await?;
        buf = &buf[n..];
    }
    Ok(())
}

async fn accept<L: RawTcpListener>(listener: &L) -> io::Result<(L::Stream, SocketAddr)> {
    let mut wait = Wait::new();
    poll_fn(|cx| listener.poll_accept(cx, &mut wait)).await
}

async fn pair(rt: &Native) -> io::Result<(TcpStream, TcpStream)> {
    let listener = rt.listen_tcp(LOCAL).await?;
    let client = rt.connect_tcp(listener.local_addr()?).await?;
    Ok((client, accept(&listener).await?.0))
}

#[test]
fn many_clients_are_echoed() -> io::Result<()> {
    for workers in [1, 2] {
        let runtime = runtime(workers);
        let rt = runtime.handle();
        runtime.block_on(async {
            let listener = rt.listen_tcp(LOCAL).await?;
            let addr = listener.local_addr()?;
            let server = rt.clone();
            let serving = rt.spawn(async move {
                loop {
                    let (stream, _) = accept(&listener).await?;
                    drop(server.spawn(async move {
                        let mut buf = [0; 512];
                        loop {
                            match read(&stream, &mut buf).await? {
                                0 => return Ok::<_, io::Error>(()),
                                n => write_all(&stream, &buf[..n]).await?,
                            }
                        }
                    }));
                }
                #[expect(unreachable_code)]
                Ok::<_, io::Error>(())
            });
            let clients: Vec<_> = (0..50u8)
                .map(|n| {
                    let inner = rt.clone();
                    rt.spawn(async move {
                        let stream = inner.connect_tcp(addr).await?;
                        for len in 1..100 {
                            let sent = vec![n; len * 7];
                            write_all(&stream, &sent).await?;
                            let mut back = Vec::new();
                            while back.len() < sent.len() {
                                let mut buf = [0; 100];
                                let n = read(&stream, &mut buf).await?;
                                assert_ne!(n, 0, "the echo ended early");
                                back.extend_from_slice(&buf[..n]);
                            }
                            assert_eq!(back, sent);
                        }
                        Ok::<_, io::Error>(())
                    })
                })
                .collect();
            for client in clients {
                client.await??;
            }
            serving.abort();
            Ok::<_, io::Error>(())
        })?;
    }
    Ok(())
}

#[test]
fn a_refused_connect_says_so() {
    let runtime = runtime(1);
    let rt = runtime.handle();
    runtime.block_on(async {
        let free = {
            let listener = rt.listen_tcp(LOCAL).await.expect("a port is free");
            listener.local_addr().expect("it has one")
        };
        let error = rt.connect_tcp(free).await.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn sixty_four_megabytes_arrive_in_order_against_back_pressure() -> io::Result<()> {
    const TOTAL: usize = 64 << 20;
    let runtime = runtime(2);
    let rt = runtime.handle();
    runtime.block_on(async {
        let (one, two) = pair(&rt).await?;
        let sender = rt.spawn(async move {
            let data: Vec<u8> = (0..1 << 16).map(|n: u32| (n % 251) as u8).collect();
            let mut random = fastrand::Rng::with_seed(1);
            let mut sent = 0;
            while sent < TOTAL {
                let offset = sent % 251;
                let len = random.usize(1..1 << 15).min(TOTAL - sent);
                write_all(&one, &data[offset..offset + len]).await?;
                sent += len;
            }
            let mut wait = Wait::new();
            poll_fn(|cx| one.poll_close(cx, &mut wait)).await?;
            poll_fn(|cx| one.poll_close(cx, &mut wait)).await?;
            // The other direction goes on.
            let mut last = [0; 8];
            assert_eq!(read(&one, &mut last).await?, 4);
            Ok::<_, io::Error>(())
        });
        let mut random = fastrand::Rng::with_seed(2);
        let mut buf = vec![0; 1 << 16];
        let mut received = 0;
        loop {
            let room = random.usize(1..=buf.len());
            let n = read(&two, &mut buf[..room]).await?;
            if n == 0 {
                break;
            }
            assert!(
                (received..)
                    .zip(&buf[..n])
                    .all(|(at, &byte)| byte == (at % 251) as u8)
            );
            received += n;
        }
        assert_eq!(received, TOTAL);
        assert_eq!(read(&two, &mut buf).await?, 0, "the end stays the end");
        write_all(&two, b"done").await?;
        sender.await??;
        Ok(())
    })
}

#[test]
fn four_readers_share_one_stream_and_all_see_its_end() -> io::Result<()> {
    let runtime = runtime(2);
    let rt = runtime.handle();
    runtime.block_on(async {
        let (one, two) = pair(&rt).await?;
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let stream = two.clone();
                rt.spawn(async move {
                    let (mut n_read, mut buf) = (0, [0; 3]);
                    loop {
                        match read(&stream, &mut buf).await? {
                            0 => return Ok::<_, io::Error>(n_read),
                            n => n_read += n,
                        }
                    }
                })
            })
            .collect();
        for _ in 0..100 {
            write_all(&one, b"x").await?;
            rt.sleep_until(rt.now() + Duration::from_micros(200)).await;
        }
        one.shutdown(Shutdown::Write)?;
        let mut total = 0;
        for reader in readers {
            total += reader.await??;
        }
        assert_eq!(total, 100);
        Ok(())
    })
}

#[test]
fn an_own_shutdown_wakes_a_reader_in_another_task() -> io::Result<()> {
    let runtime = runtime(2);
    let rt = runtime.handle();
    runtime.block_on(async {
        let (one, _two) = pair(&rt).await?;
        let stream = one.clone();
        let reader = rt.spawn(async move { read(&stream, &mut [0; 8]).await });
        rt.sleep_until(rt.now() + Duration::from_millis(20)).await;
        one.shutdown(Shutdown::Both)?;
        one.shutdown(Shutdown::Both)?;
        assert_eq!(reader.await??, 0);
        Ok(())
    })
}

#[test]
fn a_reset_is_an_error_to_the_reader_and_no_signal_to_the_writer() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    runtime.block_on(async {
        let (one, two) = pair(&rt).await?;
        let stream = one.clone();
        let reader = rt.spawn(async move { read(&stream, &mut [0; 8]).await });
        rt.sleep_until(rt.now() + Duration::from_millis(10)).await;
        two.set_linger(Some(Duration::ZERO))?;
        drop(two);
        let error = reader.await?.expect_err("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = write_all(&one, b"x").await.expect_err("nobody is there");
        assert!(matches!(
            error.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
        ));
        one.shutdown(Shutdown::Write)?;
        Ok(())
    })
}

#[test]
fn data_and_end_that_come_together_are_both_seen() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    runtime.block_on(async {
        for _ in 0..200 {
            let listener = rt.listen_tcp(LOCAL).await?;
            let addr = listener.local_addr()?;
            let peer = thread::spawn(move || {
                let mut peer = std::net::TcpStream::connect(addr)?;
                peer.write_all(b"all there is")
            });
            let (stream, _) = accept(&listener).await?;
            let mut buf = [0; 100];
            let mut n = 0;
            loop {
                match read(&stream, &mut buf[n..]).await? {
                    0 => break,
                    more => n += more,
                }
            }
            assert_eq!(&buf[..n], b"all there is");
            peer.join().expect("it does not panic")?;
        }
        Ok(())
    })
}

#[test]
fn a_dropped_wait_releases_its_waker_and_no_other() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    runtime.block_on(async {
        let (one, two) = pair(&rt).await?;
        let (mut first, mut second) = (Wait::new(), Wait::new());
        let (one_count, two_count) = (
            std::sync::Arc::new(Count::default()),
            std::sync::Arc::new(Count::default()),
        );
        for (wait, count) in [(&mut first, &one_count), (&mut second, &two_count)] {
            let waker = Waker::from(count.clone());
            let poll = two.poll_read(&mut Context::from_waker(&waker), wait, &mut [0; 1]);
            assert!(poll.is_pending());
        }
        two.cancel_wait(Direction::Read, &mut first);
        assert_eq!(std::sync::Arc::strong_count(&one_count), 1);
        write_all(&one, b"x").await?;
        let start = Instant::now();
        while two_count.0.load(std::sync::atomic::Ordering::SeqCst) == 0 {
            assert!(start.elapsed() < Duration::from_secs(5));
            rt.sleep_until(rt.now() + Duration::from_millis(1)).await;
        }
        assert_eq!(one_count.0.load(std::sync::atomic::Ordering::SeqCst), 0);
        Ok(())
    })
}

#[derive(Default)]
struct Count(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn datagrams_keep_their_bounds_and_refusals_come_once() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    runtime.block_on(async {
        let (one, two) = (rt.bind_udp(LOCAL).await?, rt.bind_udp(LOCAL).await?);
        let to = two.local_addr()?;
        let mut wait = Wait::new();
        for text in [&b"hello"[..], b"", b"too long for it"] {
            poll_fn(|cx| one.poll_send_to(cx, &mut wait, text, to)).await?;
        }
        let mut buf = [0; 8];
        for expected in [&b"hello"[..], b"", b"too long"] {
            let (n, from) = poll_fn(|cx| two.poll_recv_from(cx, &mut wait, &mut buf)).await?;
            assert_eq!((&buf[..n], from), (expected, one.local_addr()?));
        }
        drop(two);
        one.connect(to)?;
        poll_fn(|cx| one.poll_send(cx, &mut wait, b"x")).await?;
        let refused = poll_fn(|cx| one.poll_recv(cx, &mut wait, &mut buf)).await;
        assert_eq!(
            refused.expect_err("nobody listens").kind(),
            ErrorKind::ConnectionRefused
        );
        let mut cx = Context::from_waker(Waker::noop());
        assert!(one.poll_recv(&mut cx, &mut wait, &mut buf).is_pending());
        Ok(())
    })
}

#[test]
fn a_unix_connect_waits_while_the_backlog_is_full() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    let folder = tempfile::tempdir()?;
    let addr = std::os::unix::net::SocketAddr::from_pathname(folder.path().join("full"))?;
    runtime.block_on(async {
        let listener = std::os::unix::net::UnixListener::bind_addr(&addr)?;
        rustix::net::listen(&listener, 1)?;
        let clients: Vec<_> = (0..10)
            .map(|_| {
                let (inner, addr) = (rt.clone(), addr.clone());
                rt.spawn(async move {
                    let stream = inner.connect_unix(&addr).await?;
                    write_all(&stream, b"here").await
                })
            })
            .collect();
        rt.sleep_until(rt.now() + Duration::from_millis(50)).await;
        assert!(
            clients.iter().any(|client| !client.is_finished()),
            "the backlog was not full"
        );
        let server = rt.spawn_blocking(move || {
            for _ in 0..10 {
                let (mut stream, _) = listener.accept()?;
                let mut text = String::new();
                stream.read_to_string(&mut text)?;
                assert_eq!(text, "here");
            }
            Ok::<_, io::Error>(())
        });
        for client in clients {
            client.await??;
        }
        server.await??;
        Ok(())
    })
}

#[test]
fn unix_streams_and_datagrams_carry_bytes() -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;

    let runtime = runtime(2);
    let rt = runtime.handle();
    let name = format!("anyrt-native-{}", std::process::id());
    let addr = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    runtime.block_on(async {
        let listener = rt.listen_unix(&addr)?;
        let client = rt.connect_unix(&addr).await?;
        let mut wait = Wait::new();
        let (server, _) = poll_fn(|cx| listener.poll_accept(cx, &mut wait)).await?;
        write_all(&client, b"over the abstract name").await?;
        client.shutdown(Shutdown::Write)?;
        let mut buf = [0; 64];
        let n = read(&server, &mut buf).await?;
        assert_eq!(&buf[..n], b"over the abstract name");
        assert_eq!(read(&server, &mut buf).await?, 0);

        let folder = tempfile::tempdir()?;
        let here = std::os::unix::net::SocketAddr::from_pathname(folder.path().join("here"))?;
        let receiver = rt.bind_unix_datagram(Some(&here))?;
        let sender = rt.bind_unix_datagram(None)?;
        // More than fits in a queue: the sender has to wait, and no event tells it when to go on.
        let sending = rt.spawn(async move {
            let mut wait = Wait::new();
            for n in 0..5000u32 {
                let text = n.to_ne_bytes();
                poll_fn(|cx| sender.poll_send_to(cx, &mut wait, &text, &here)).await?;
            }
            Ok::<_, io::Error>(())
        });
        rt.sleep_until(rt.now() + Duration::from_millis(20)).await;
        assert!(!sending.is_finished(), "the queue is longer than expected");
        for n in 0..5000u32 {
            let mut text = [0; 4];
            let received = poll_fn(|cx| receiver.poll_recv_from(cx, &mut wait, &mut text)).await?;
            assert_eq!((received.0, u32::from_ne_bytes(text)), (4, n));
        }
        sending.await??;
        let (one, two) = rt.unix_datagram_pair()?;
        poll_fn(|cx| one.poll_send(cx, &mut wait, b"pair")).await?;
        let n = poll_fn(|cx| two.poll_recv(cx, &mut wait, &mut buf)).await?;
        assert_eq!(&buf[..n], b"pair");
        Ok(())
    })
}

#[test]
fn sockets_of_a_runtime_that_is_gone_are_errors_that_name_it() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    let (one, _two) = runtime.block_on(pair(&rt))?;
    let mut waiting = Wait::new();
    let count = std::sync::Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(
        one.poll_read(&mut cx, &mut waiting, &mut [0; 1])
            .is_pending()
    );
    runtime.shutdown(Duration::from_secs(10));
    assert_eq!(
        count.0.load(std::sync::atomic::Ordering::SeqCst),
        1,
        "it is told"
    );
    let Poll::Ready(Err(error)) = one.poll_read(&mut cx, &mut waiting, &mut [0; 1]) else {
        panic!("it hangs");
    };
    assert!(error.to_string().contains("native"), "{error}");
    let addr = one.peer_addr()?;
    let connect = pin!(rt.connect_tcp(addr));
    assert!(matches!(connect.poll(&mut cx), Poll::Ready(Err(_))));
    Ok(())
}

#[test]
fn a_foreign_executor_may_poll_our_sockets() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    futures_lite::future::block_on(async {
        let (one, two) = pair(&rt).await?;
        rt.sleep_until(rt.now() + Duration::from_millis(5)).await;
        write_all(&one, b"abc").await?;
        let mut buf = [0; 8];
        assert_eq!(read(&two, &mut buf).await?, 3);
        Ok(())
    })
}

#[test]
fn timers_fire_beside_busy_sockets() -> io::Result<()> {
    let runtime = runtime(1);
    let rt = runtime.handle();
    runtime.block_on(async {
        for _ in 0..10 {
            let (one, two) = pair(&rt).await?;
            for (from, to) in [(one.clone(), two.clone()), (two, one)] {
                write_all(&from, b"ball").await?;
                drop(rt.spawn(async move {
                    let mut buf = [0; 8];
                    while let Ok(n @ 1..) = read(&from, &mut buf).await {
                        write_all(&to, &buf[..n]).await?;
                    }
                    Ok::<_, io::Error>(())
                }));
            }
        }
        let inner = rt.clone();
        let late = rt.spawn(async move {
            let mut worst = Duration::ZERO;
            for _ in 0..50 {
                let deadline = inner.now() + Duration::from_millis(2);
                inner.sleep_until(deadline).await;
                worst = worst.max(inner.now() - deadline);
            }
            worst
        });
        assert!(late.await? < Duration::from_millis(500));
        Ok(())
    })
}
