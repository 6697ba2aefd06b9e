//! A bare form outside any runtime: it panics, names the caller's line and the ways out.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::task::{Context, Waker};

use anyrt::{AnyRuntime, fs, net, task, time};

/// The message of the panic of `f`.
fn message(f: impl FnOnce()) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).expect_err("there is no runtime");
    *payload
        .downcast::<String>()
        .expect("the message is formatted")
}

/// What a bare form says that was called in `line` of this file.
fn assert_says(text: &str, line: u32) {
    assert!(
        text.contains(&format!("{}:{line}", file!())),
        "not the caller's line: {text}"
    );
    for way_out in ["#[anyrt::main(native)]", "_in", "anyrt::tokio::install()"] {
        assert!(text.contains(way_out), "`{way_out}` is not named: {text}");
    }
}

/// Polls once, as any executor might that is not ours.
fn poll(future: impl Future) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

#[test]
fn spawn_panics_at_the_call() {
    let text = message(|| drop(task::spawn(async {})));
    assert_says(&text, line!() - 1);
}

#[test]
fn current_panics_at_the_call() {
    let text = message(|| drop(AnyRuntime::current()));
    assert_says(&text, line!() - 1);
}

#[test]
fn a_future_panics_at_its_first_poll_and_names_its_call() {
    let sleep = time::sleep(time::Duration::ZERO);
    assert_says(&message(|| poll(sleep)), line!() - 1);
    let connect = net::TcpStream::connect("127.0.0.1:1");
    assert_says(&message(|| poll(connect)), line!() - 1);
    let read = fs::read("a file");
    assert_says(&message(|| poll(read)), line!() - 1);
}
