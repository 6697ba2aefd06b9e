//! What a builder is told, seen on the runtime that it builds.

use std::{
    io,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use anyrt_api::{AnyRuntime, Spawn};
use anyrt_native::{Builder, Runtime, UnhandledPanic};

/// Long enough for any machine, short enough for a reader who waits.
const LONG: Duration = Duration::from_secs(10);

#[test]
fn hooks_run_on_each_thread_that_runs_code() {
    let (n_started, n_stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (started, stopped) = (n_started.clone(), n_stopped.clone());
    let runtime = Builder::new()
        .workers(2)
        .on_thread_start(move || {
            assert_eq!(AnyRuntime::current().backend(), "native");
            started.fetch_add(1, SeqCst);
            panic!("a hook that panics costs no thread");
        })
        .on_thread_stop(move || {
            stopped.fetch_add(1, SeqCst);
        })
        .build()
        .expect("threads and descriptors are left");
    let rt = runtime.handle();
    let blocking = rt.spawn_blocking(|| thread::current().name().map(str::to_owned));
    let name = runtime.block_on(blocking).expect("it does not panic");
    assert!(name.is_some_and(|name| name.starts_with("anyrt-blocking-")));
    runtime.shutdown(LONG);
    assert_eq!(
        n_started.load(SeqCst),
        3,
        "two workers and a blocking thread"
    );
    assert_eq!(n_stopped.load(SeqCst), 3);
}

#[test]
fn a_panic_that_nobody_is_told_of_can_end_the_runtime() {
    let runtime = Builder::new()
        .workers(1)
        .unhandled_panic(UnhandledPanic::Shutdown)
        .build()
        .expect("threads and descriptors are left");
    let rt = runtime.handle();
    let told = runtime.block_on(rt.spawn(async { panic!("its handle is told") }));
    assert!(told.is_err());
    let other = runtime.block_on(rt.spawn(async { 7 }));
    assert_eq!(other.expect("the runtime goes on"), 7);
    // The handle goes before the panic, as a rule, or after it.
    drop(rt.spawn(async { panic!("nobody is told") }));
    ends(&runtime);
}

#[test]
fn a_panic_that_waits_for_a_handle_which_goes_is_told_to_nobody() {
    let runtime = Builder::new()
        .workers(1)
        .unhandled_panic(UnhandledPanic::Shutdown)
        .build()
        .expect("threads and descriptors are left");
    let task = runtime.handle().spawn(async { panic!("nobody asks") });
    let start = Instant::now();
    while !task.is_finished() {
        assert!(start.elapsed() < LONG, "it does not run");
        thread::yield_now();
    }
    drop(task);
    ends(&runtime);
}

fn ends(runtime: &Runtime) {
    let start = Instant::now();
    while runtime.block_on(runtime.handle().spawn(async {})).is_ok() {
        assert!(start.elapsed() < LONG, "the runtime goes on");
    }
}

#[test]
fn metrics_count_what_was_done() {
    let runtime = Builder::new()
        .workers(1)
        .build()
        .expect("threads and descriptors are left");
    let before = runtime.metrics();
    assert_eq!((before.workers, before.spare_workers), (1, 0));
    for _ in 0..10 {
        runtime
            .block_on(runtime.handle().spawn(async {}))
            .expect("it does not panic");
    }
    let after = runtime.handle().metrics();
    assert!(after.polls >= before.polls + 10, "{before:?}, {after:?}");
    // With nothing left to run the worker goes to sleep, but not at once.
    let start = Instant::now();
    while runtime.metrics().parks == 0 {
        assert!(start.elapsed() < LONG, "it does not park");
        thread::yield_now();
    }
}

/// Run by the test below, in a process with its own environment.
#[test]
#[ignore = "run by `the_environment_has_the_number_of_workers`"]
fn child() {
    match Builder::new().build() {
        Ok(runtime) => println!("workers: {}", runtime.metrics().workers),
        Err(error) => println!("error: {:?} {error}", error.kind()),
    }
    let explicit = Builder::new().workers(2).build();
    let workers = explicit.map(|runtime| runtime.metrics().workers);
    println!(
        "explicit: {}",
        workers.expect("the environment is not asked")
    );
}

#[test]
fn the_environment_has_the_number_of_workers() -> io::Result<()> {
    let ask = |text: &str| -> io::Result<String> {
        let output = Command::new(std::env::current_exe()?)
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env("ANYRT_NATIVE_WORKERS", text)
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let three = ask(" 3 ")?;
    assert!(
        three.contains("workers: 3\n") && three.contains("explicit: 2\n"),
        "{three}"
    );
    for wrong in ["0", "many", "-1", ""] {
        let text = ask(wrong)?;
        assert!(text.contains("error: InvalidInput"), "{wrong:?}: {text}");
    }
    Ok(())
}
