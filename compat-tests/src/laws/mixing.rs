//! Laws of being polled, used and dropped by others: L178 to L183, with one backend.

use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use anyrt_api::io::{AsyncReadExt, AsyncWriteExt};
use anyrt_api::net::{TcpStream, lookup_host_in};
use anyrt_api::time::{Instant, MissedTicks, interval_at_in, sleep_in, timeout_in};
use anyrt_api::{BlockOn, Runtime, Spawn, Timer, fs, task};
use futures_lite::future::{block_on, zip};

use crate::gate::{Gate, step_aside};
use crate::peers::{datagrams, listener, pair};
use crate::probe::Probe;
use crate::scratch::folder;
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l178_a_foreign_executor_may_poll_all in lab).needs(Capability::Threads),
        law!(l179_an_idle_runtime_is_driven in lab).needs(Capability::Threads),
        law!(l180_all_may_be_dropped_outside in lab),
        law!(l181_objects_work_under_another_runtime in lab).needs(Capability::Threads),
        law!(l182_two_runtimes_do_not_mix in lab).needs(Capability::Threads),
        law!(l183_bare_wakers_are_woken in lab).needs(Capability::Threads),
    ]
}

/// A name, and a future that waits at least once before it is ready.
pub type Operation = (
    &'static str,
    Pin<Box<dyn Future<Output = io::Result<()>> + Send>>,
);

fn operation(
    name: &'static str,
    future: impl Future<Output = io::Result<()>> + Send + 'static,
) -> Operation {
    (name, Box::pin(future))
}

/// One operation of each kind: what executors other than a backend's own are tried with.
///
/// Each is bound to `rt`, and may be polled anywhere (`L178`).
#[must_use]
pub fn operations<R: Runtime>(rt: &R) -> Vec<Operation> {
    let again = || rt.clone();
    let (spawn, blocking) = (again(), again());
    vec![
        operation("sleep", wait(again())),
        operation("interval", three_ticks(again())),
        operation("timeout", time_out(again())),
        operation("spawn", async move {
            Ok(spawn.spawn(async { step_aside(3).await }).await?)
        }),
        operation("blocking", async move {
            Ok(blocking.spawn_blocking(|| ()).await?)
        }),
        operation("yield", async {
            task::yield_now().await;
            Ok(())
        }),
        operation("tcp", talk(again())),
        operation("udp", datagram(again())),
        operation("file", write_and_read(again())),
        operation("lookup", look_up(again())),
    ]
}

async fn wait<R: Runtime>(rt: R) -> io::Result<()> {
    sleep_in(Duration::from_millis(3), &rt).await;
    Ok(())
}

async fn three_ticks<R: Runtime>(rt: R) -> io::Result<()> {
    let (start, period) = (Instant::now_in(&rt), Duration::from_millis(2));
    let mut ticks = interval_at_in(start, period, MissedTicks::Delay, &rt);
    for _ in 0..3 {
        ticks.tick().await;
    }
    Ok(())
}

async fn time_out<R: Runtime>(rt: R) -> io::Result<()> {
    let out = timeout_in(Duration::from_millis(3), pending::<()>(), &rt).await;
    assert!(out.is_err());
    Ok(())
}

async fn datagram<R: Runtime>(rt: R) -> io::Result<()> {
    let ((ours, addr), (peer, _)) = (datagrams(&rt).await, datagrams(&rt).await);
    let mut buf = [0; 8];
    let sends = async {
        step_aside(2).await;
        peer.send_to(b"datagram", addr).await
    };
    zip(ours.recv_from(&mut buf), sends).await.0.map(drop)
}

async fn write_and_read<R: Runtime>(rt: R) -> io::Result<()> {
    let folder = folder(&rt).await;
    let path = folder.join("file");
    fs::write_in(&path, b"content", &rt).await?;
    let file = fs::File::open_in(&path, &rt).await?;
    let mut all = Vec::new();
    file.read_to_end(&mut all).await?;
    assert_eq!(all, b"content");
    fs::remove_dir_all_in(&folder, &rt).await
}

async fn look_up<R: Runtime>(rt: R) -> io::Result<()> {
    lookup_host_in("localhost:1", &rt).await.map(drop)
}

/// A connection, a question and its echo, through the methods and through the traits.
async fn talk<R: Runtime>(rt: R) -> io::Result<()> {
    let (listener, addr) = listener(&rt).await;
    let client = async {
        let stream = TcpStream::connect_in(addr, &rt).await?;
        stream.write_all(b"echo").await?;
        let mut back = [0; 4];
        stream.read_exact(&mut back).await?;
        assert_eq!(&back, b"echo");
        stream.close().await
    };
    let server = async {
        let (mut stream, _) = listener.accept().await?;
        let mut four = [0; 4];
        AsyncReadExt::read_exact(&mut stream, &mut four).await?;
        step_aside(2).await;
        AsyncWriteExt::write_all(&mut stream, &four).await?;
        stream.read_to_end(&mut Vec::new()).await.map(drop)
    };
    let (client, server) = zip(client, server).await;
    client.and(server)
}

/// L178: Every leaf completes when a foreign executor polls it.
fn l178_a_foreign_executor_may_poll_all<B: Backend>(lab: &Lab<B>) {
    for workers in [2, 1] {
        let owner = lab.start_with(|setup| setup.workers = workers);
        for (name, future) in operations(&owner.handle()) {
            block_on(future).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        // All at once, on threads that know no runtime.
        std::thread::scope(|scope| {
            for (name, future) in operations(&owner.handle()) {
                scope.spawn(move || block_on(future).unwrap_or_else(|e| panic!("{name}: {e}")));
            }
        });
    }
}

/// L179: A runtime that nobody has driven before drives what a foreign executor waits for.
fn l179_an_idle_runtime_is_driven<B: Backend>(lab: &Lab<B>) {
    // Each on a runtime of its own, so that nothing else has woken it.
    for index in 0..operations(&lab.start().handle()).len() {
        let owner = lab.start_with(|setup| setup.workers = 1);
        let (name, future) = operations(&owner.handle()).swap_remove(index);
        block_on(future).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// L180: Any leaf and any object may be dropped outside every runtime, while theirs lives and
/// after.
fn l180_all_may_be_dropped_outside<B: Backend>(lab: &Lab<B>) {
    for lives in [true, false] {
        let owner = lab.start();
        let rt = owner.handle();
        let probe = Probe::new();
        let polled = owner.block_on(async {
            let mut polled = operations(&rt);
            for (_, future) in &mut polled {
                let _ = probe.poll(future.as_mut());
            }
            polled
        });
        let unpolled = operations(&rt);
        let mut sleep = Box::pin(rt.sleep_until(rt.now() + Duration::from_secs(60)));
        let (objects, file) = owner.block_on(async {
            assert!(probe.poll(sleep.as_mut()).is_pending());
            let path = folder(&rt).await.join("file");
            let file = fs::File::create_in(&path, &rt).await.expect("it is made");
            (
                (pair(&rt).await, listener(&rt).await, datagrams(&rt).await),
                file,
            )
        });
        let mut buf = [0; 4];
        let mut read = Box::pin(objects.0.0.read(&mut buf));
        assert!(probe.poll(read.as_mut()).is_pending());
        let owner = lives.then_some(owner);
        drop(read);
        drop((polled, unpolled, sleep, file));
        drop(objects);
        drop((rt, owner));
    }
}

/// L181: Objects that were made under one runtime work under another while theirs lives.
fn l181_objects_work_under_another_runtime<B: Backend>(lab: &Lab<B>) {
    let (maker, user) = (lab.start(), lab.start());
    let rt = maker.handle();
    let (ours, peer) = maker.block_on(pair(&rt));
    let (listener, addr) = maker.block_on(listener(&rt));
    let (udp, to) = maker.block_on(datagrams(&rt));
    let file = maker.block_on(async {
        let path = folder(&rt).await.join("file");
        fs::write_in(&path, b"content", &rt).await.expect("written");
        fs::File::open_in(&path, &rt).await.expect("it opens")
    });
    let mut four = [0; 4];
    user.block_on(async {
        let write = async {
            step_aside(3).await;
            ours.write_all(b"data").await
        };
        zip(peer.read_exact(&mut four), write)
            .await
            .0
            .expect("read");
        let client = TcpStream::connect_in(addr, &rt);
        let (client, server) = zip(client, listener.accept()).await;
        let (client, server) = (client.expect("connected"), server.expect("accepted").0);
        client.write_all(b"more").await.expect("written");
        server.read_exact(&mut four).await.expect("read");
        udp.send_to(b"self", to).await.expect("sent");
        assert_eq!(udp.recv_from(&mut four).await.expect("received").0, 4);
        file.read_exact(&mut four).await.expect("read");
        rt.sleep_until(rt.now() + Duration::from_millis(2)).await;
    });
    assert_eq!(&four, b"cont");
    user.shutdown(Duration::from_secs(5));
    // The other one's end was not theirs.
    maker.block_on(async {
        ours.write_all(b"last").await.expect("written");
        peer.read_exact(&mut four).await.expect("read");
    });
}

/// L182: Two runtimes at once: neither picks up what the other's code asks for.
fn l182_two_runtimes_do_not_mix<B: Backend>(lab: &Lab<B>) {
    let (one, other) = (lab.start(), lab.start());
    let gone = Gate::new();
    // Inside `other`, for `one`: in a task, in `block_on`, in a closure.
    let rt = one.handle();
    let leave = |gone: &Gate| {
        let mark = gone.opened_by_drop();
        drop(rt.spawn(async move {
            let _mark = mark;
            pending::<()>().await;
        }));
    };
    other.block_on(async {
        leave(&gone);
        for (name, future) in operations(&one.handle()) {
            future
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        for (name, future) in operations(&one.handle()) {
            let task = other.handle().spawn(future).await.expect("no panic");
            task.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        leave(&gone);
    });
    other.shutdown(Duration::from_secs(5));
    assert_eq!(
        gone.count(),
        0,
        "a task went to the runtime that was current"
    );
    one.shutdown(Duration::from_secs(5));
    assert_eq!(gone.count(), 2);
}

/// L183: A bare waker, which belongs to no executor, is woken for each wait.
fn l183_bare_wakers_are_woken<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    for (name, future) in operations(&owner.handle()) {
        let mut future = pin!(future);
        // One for each poll: the last is the one that counts.
        loop {
            let probe = Probe::new();
            match probe.poll(future.as_mut()) {
                Poll::Ready(result) => {
                    result.unwrap_or_else(|error| panic!("{name}: {error}"));
                    break;
                }
                Poll::Pending => block_on(probe.woken()),
            }
        }
    }
}
