//! A tokio runtime that somebody else owns: by its handle, around the caller, and undriven.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::{Duration, Instant};

use anyrt_api::task::JoinError;
use anyrt_api::{AnyRuntime, AsyncNet, Core, Spawn, Timer};
use anyrt_tokio::{Tokio, install, scope};
use futures_lite::future::block_on;
use tokio::runtime::{Builder, Runtime};

fn single() -> Runtime {
    let built = Builder::new_current_thread().enable_all().build();
    built.expect("a runtime")
}

fn multi() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(2).enable_all().build();
    built.expect("a runtime")
}

/// The text of the panic in which `f` ends.
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("it did not panic");
    };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a text")).to_owned(),
    }
}

#[test]
fn a_single_threaded_runtime_is_refused_from_outside() {
    let rt = single();
    let refused = Tokio::try_from_handle(rt.handle().clone()).expect_err("nobody drives it");
    assert!(refused.to_string().contains("single-threaded"), "{refused}");
    rt.block_on(async {
        Tokio::try_from_handle(rt.handle().clone()).expect("we are inside");
    });
}

#[test]
fn a_runtime_without_timers_or_sockets_is_refused() {
    let bare = Builder::new_multi_thread().worker_threads(1).build();
    let bare = bare.expect("a runtime");
    let refused = Tokio::try_from_handle(bare.handle().clone()).expect_err("no timers");
    assert!(refused.to_string().contains("timers"), "{refused}");
    let mut builder = Builder::new_multi_thread();
    let timed = builder.worker_threads(1).enable_time().build();
    let timed = timed.expect("a runtime");
    let refused = Tokio::try_from_handle(timed.handle().clone()).expect_err("no sockets");
    assert!(refused.to_string().contains("sockets"), "{refused}");
}

#[test]
fn a_multi_threaded_handle_works_from_anywhere() {
    let owner = multi();
    let rt = Tokio::try_from_handle(owner.handle().clone()).expect("workers drive it");
    assert_eq!(block_on(rt.spawn(async { 7 })).expect("no panic"), 7);
    block_on(rt.sleep_until(rt.now() + Duration::from_millis(5)));
}

/// In the tests below one process has many tokio runtimes, one after the other on each thread.
#[test]
fn installed_the_surrounding_runtime_is_current() {
    install().expect("nothing else is installed");
    install().expect("the same again");
    assert!(AnyRuntime::try_current().is_none());
    for rt in [single(), multi(), single()] {
        let id = rt.handle().id();
        let inside = async move {
            let any = AnyRuntime::current();
            let here = any.downcast_ref::<Tokio>().expect("it is tokio");
            let ran_on = here
                .spawn(async { tokio::runtime::Handle::current().id() })
                .await;
            assert_eq!(ran_on.expect("no panic"), id);
            // A task of ours is inside anyrt's runtime, and its blocking closures are.
            let nested = any.spawn(async {
                let rt = AnyRuntime::current();
                let in_closure = rt.spawn_blocking(|| AnyRuntime::current().backend().to_owned());
                in_closure.await.expect("no panic")
            });
            assert_eq!(nested.await.expect("no panic"), Tokio::NAME);
        };
        rt.block_on(inside);
    }
    assert!(AnyRuntime::try_current().is_none());
}

#[test]
fn a_scope_is_inside_the_surrounding_runtime() {
    let backend = || async { AnyRuntime::current().backend() };
    for rt in [single(), multi()] {
        assert_eq!(rt.block_on(async { scope(backend()).await }), Tokio::NAME);
        assert_eq!(rt.block_on(scope(backend())), Tokio::NAME, "made outside");
    }
    let text = panic_of(|| block_on(scope(backend())));
    assert!(text.contains("no tokio runtime"), "{text}");
    assert!(text.contains(file!()), "it names the call: {text}");
}

#[test]
fn the_current_handle_is_the_runtime_around() {
    assert!(Tokio::try_current().is_none());
    let text = panic_of(|| drop(Tokio::current()));
    assert!(text.contains(file!()), "{text}");
    let owner = anyrt_tokio::Runtime::new().expect("a runtime");
    let same = owner.block_on(async { Tokio::current() });
    assert_eq!(format!("{same:?}"), format!("{:?}", owner.handle()));
}

#[test]
fn blocking_in_place_is_refused_where_it_would_stall() {
    let alone = single();
    let text = panic_of(|| alone.block_on(async { Tokio::current().block_in_place(|| 7) }));
    assert!(text.contains("spawn_blocking"), "{text}");
    let rt = alone.block_on(async { Tokio::current() });
    assert_eq!(rt.block_in_place(|| 7), 7, "a thread outside may block");
    let crew = multi();
    let in_a_task = crew.block_on(async {
        let rt = Tokio::current();
        let blocking = rt.clone();
        let task = rt.spawn(async move { blocking.block_in_place(|| block_on(async { 7 })) });
        task.await.expect("no panic")
    });
    assert_eq!(in_a_task, 7);
}

/// `L179`: made inside a single-threaded runtime that nobody drives any more.
#[test]
fn what_nobody_drives_fails_within_two_seconds() {
    let owner = single();
    let (rt, listener) = owner.block_on(async {
        let rt = Tokio::current();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = rt.listen_tcp(here).await.expect("a port");
        (rt, listener)
    });
    let begun = Instant::now();
    let names_it = |text: String| assert!(text.contains("`tokio` is not being driven"), "{text}");

    let lost: Result<u8, JoinError> = block_on(rt.spawn(async { 7 }));
    names_it(lost.expect_err("nobody runs it").to_string());
    names_it(panic_of(|| {
        block_on(rt.sleep_until(rt.now() + Duration::from_secs(60)));
    }));
    let accepted: io::Result<_> = block_on(accept(&listener));
    names_it(accepted.expect_err("nobody polls it").to_string());
    assert!(begun.elapsed() < Duration::from_secs(6), "a second each");

    // It is not for ever: driven again, it works.
    let slept = rt.sleep_until(rt.now() + Duration::from_millis(20));
    let mut slept = pin!(slept);
    std::thread::scope(|threads| {
        let driving = threads.spawn(|| owner.block_on(async { tokio::time::sleep(SECOND).await }));
        block_on(slept.as_mut());
        driving.join().expect("no panic");
    });
}

const SECOND: Duration = Duration::from_secs(1);

fn accept(
    listener: &anyrt_tokio::net::TcpListener,
) -> impl Future<Output = io::Result<(anyrt_tokio::net::TcpStream, SocketAddr)>> + '_ {
    use anyrt_api::net::RawTcpListener;

    let mut wait = anyrt_api::io::Wait::new();
    std::future::poll_fn(move |cx| listener.poll_accept(cx, &mut wait))
}
