//! L052 and L030: what outlives its runtime resolves, and does not hang.

use std::any::Any;
use std::future::pending;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use anyrt_api::net::{TcpListener, TcpStream, lookup_host_in};
use anyrt_api::{AnyRuntime, BlockOn, Core, Spawn, Timer, fs};
use futures_lite::future::block_on;

use crate::gate::step_aside;
use crate::peers::{datagrams, listener, pair};
use crate::probe::Probe;
use crate::scratch::folder;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l030_spawn_after_the_shutdown in lab),
        law!(l052_join_handles_outlive_the_runtime in lab),
        law!(l052_sleeps_outlive_the_runtime in lab).limit(PROMPTLY, "it is a hang"),
        law!(l052_sockets_outlive_the_runtime in lab).limit(PROMPTLY, "it is a hang"),
        law!(l052_files_outlive_the_runtime in lab),
    ]
}

/// L030: `spawn` after the shutdown neither panics nor blocks nor leaks: its handle is cancelled.
fn l030_spawn_after_the_shutdown<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async { step_aside(2).await });
    owner.shutdown(Duration::from_secs(5));
    let held = std::sync::Arc::new(());
    let (in_task, in_call) = (held.clone(), held.clone());
    let task = rt.spawn(async move { drop(in_task) });
    let call = rt.spawn_blocking(move || drop(in_call));
    assert!(
        block_on(task)
            .expect_err("the runtime is gone")
            .is_cancelled()
    );
    assert!(
        block_on(call)
            .expect_err("the runtime is gone")
            .is_cancelled()
    );
    assert_eq!(
        std::sync::Arc::strong_count(&held),
        1,
        "the future or the closure leaked"
    );
}

/// L052: A join handle that outlives the runtime resolves: cancelled, or its output if it had one.
fn l052_join_handles_outlive_the_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let never = rt.spawn(pending::<()>());
    let polled = rt.spawn(pending::<()>());
    let done = rt.spawn(async { 7 });
    owner.block_on(async {
        while !done.is_finished() {
            step_aside(1).await;
        }
    });
    let mut polled = pin!(polled);
    let probe = Probe::new();
    assert!(probe.poll(polled.as_mut()).is_pending());
    owner.shutdown(Duration::from_secs(5));
    assert!(
        probe.wakes() > 0,
        "the joiner was not woken by the shutdown"
    );
    assert!(block_on(never).expect_err("it was pending").is_cancelled());
    assert!(block_on(polled).expect_err("it was pending").is_cancelled());
    assert_eq!(block_on(done).expect("its output stays"), 7);
}

/// L052: A sleep that outlives the runtime panics with a message that names the backend, whether it
/// was polled before or not, and wakes who waits for it.
fn l052_sleeps_outlive_the_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let far = rt.now() + Duration::from_secs(3600);
    let fresh = rt.sleep_until(far);
    let mut polled = Box::pin(rt.sleep_until(far));
    let probe = Probe::new();
    owner.block_on(async { assert!(probe.poll(polled.as_mut()).is_pending()) });
    owner.shutdown(Duration::from_secs(5));
    let name = name_of(&rt);
    let late = rt.sleep_until(far);
    let sleeps = [
        catch_unwind(AssertUnwindSafe(|| block_on(fresh))),
        catch_unwind(AssertUnwindSafe(|| block_on(polled))),
        catch_unwind(AssertUnwindSafe(|| block_on(late))),
    ];
    for slept in sleeps {
        let payload = slept.expect_err("its runtime is gone");
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text
            .or(payload.downcast_ref::<&str>().copied())
            .expect("a text");
        assert!(text.contains(name), "the message names `{name}`: {text}");
    }
    assert!(
        probe.wakes() > 0,
        "the sleeper was not woken by the shutdown"
    );
}

/// The name that stands in errors: that of the backend, also behind `AnyRuntime`.
fn name_of<R: Core>(rt: &R) -> &'static str {
    let erased = (rt as &dyn Any).downcast_ref::<AnyRuntime>();
    erased.map_or(R::NAME, AnyRuntime::backend)
}

/// L052: A socket that outlives the runtime gives an error that names the backend, and wakes who
/// waits for it.
fn l052_sockets_outlive_the_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let ((ours, _peer), (listener, addr), (udp, _)) =
        owner.block_on(async { (pair(&rt).await, listener(&rt).await, datagrams(&rt).await) });
    let probes: [Probe; 3] = Default::default();
    let (mut buf, mut other) = ([0; 4], [0; 4]);
    let mut read = pin!(ours.read(&mut buf));
    let mut accept = pin!(listener.accept());
    let mut receive = pin!(udp.recv_from(&mut other));
    owner.block_on(async {
        assert!(probes[0].poll(read.as_mut()).is_pending());
        assert!(probes[1].poll(accept.as_mut()).is_pending());
        assert!(probes[2].poll(receive.as_mut()).is_pending());
    });
    owner.shutdown(Duration::from_secs(5));
    let gone = |error: &io::Error| error.to_string().contains(name_of(&rt));
    assert!(gone(&block_on(read).expect_err("a read that waits")));
    assert!(gone(&block_on(accept).expect_err("an accept that waits")));
    assert!(gone(&block_on(receive).expect_err("a receive that waits")));
    assert!(
        probes.iter().all(|probe| probe.wakes() > 0),
        "a waiter was not woken"
    );
    assert!(gone(&block_on(ours.read(&mut [0; 4])).expect_err("a read")));
    assert!(gone(&block_on(listener.accept()).expect_err("an accept")));
    assert!(gone(
        &block_on(TcpStream::connect_in(addr, &rt)).expect_err("a connect")
    ));
    let bound = block_on(TcpListener::bind_in("127.0.0.1:0", &rt)).map(drop);
    assert!(bound.err().is_none_or(|error| gone(&error)));
}

/// L052: A file that outlives the runtime gives an error that names the backend, or what needs no
/// thread.
fn l052_files_outlive_the_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let (path, file) = owner.block_on(async {
        let path = folder(&rt).await.join("file");
        fs::write_in(&path, b"content", &rt).await.expect("written");
        let file = fs::File::open_in(&path, &rt).await.expect("it opens");
        (path, file)
    });
    owner.shutdown(Duration::from_secs(5));
    let gone = |what: &str, result: io::Result<()>| {
        let text = result.err().map(|error| error.to_string());
        let is_told = text.as_ref().is_none_or(|text| text.contains(name_of(&rt)));
        assert!(is_told, "{what}: {text:?}");
    };
    gone("read", block_on(file.read(&mut [0; 4])).map(drop));
    gone("read_at", block_on(file.read_at(&mut [0; 4], 2)).map(drop));
    gone("metadata", block_on(file.metadata()).map(drop));
    gone("whole", block_on(fs::read_in(&path, &rt)).map(drop));
    gone("write", block_on(fs::write_in(&path, b"new", &rt)));
    gone(
        "lookup",
        block_on(lookup_host_in("localhost:1", &rt)).map(drop),
    );
}

/// What takes longer than this does not resolve promptly.
const PROMPTLY: Duration = Duration::from_secs(3);
