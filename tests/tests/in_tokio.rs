//! L199: one library, in its bare form, unchanged, in every kind of tokio program, with one line
//! from the application.
#![forbid(unsafe_code)]

use std::time::Duration;

use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::{AnyRuntime, fs, task, time};

/// The library: it knows no runtime. It uses tasks, time, sockets, files and blocking calls.
async fn library() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let server = task::spawn(async move {
        let (stream, _) = listener.accept().await?;
        time::sleep(Duration::from_millis(2)).await;
        stream
            .write_all(AnyRuntime::current().backend().as_bytes())
            .await
    });
    let stream = TcpStream::connect(addr).await?;
    let mut name = String::new();
    stream.read_to_string(&mut name).await?;
    server.await??;
    assert!(fs::exists(std::env::current_exe()?).await?);
    assert_eq!(task::spawn_blocking(|| 7).await?, 7);
    let timed = time::timeout(Duration::from_millis(2), std::future::pending::<()>()).await;
    assert!(timed.is_err());
    Ok(name)
}

/// The application's line, and the library.
async fn application() {
    anyrt_tokio::install().expect("no other default in this program");
    assert_eq!(library().await.expect("it works"), "tokio");
}

fn single() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

#[tokio::test]
async fn first_test_of_a_program() {
    application().await;
}

#[tokio::test]
async fn second_test_of_the_same_program() {
    application().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_workers() {
    application().await;
    let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(application())).collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

#[test]
fn one_runtime_after_the_other() {
    for _ in 0..3 {
        single().block_on(application());
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder
            .enable_all()
            .worker_threads(1)
            .build()
            .expect("a runtime");
        runtime.block_on(application());
    }
}

#[test]
fn one_single_threaded_runtime_a_thread() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..3).for_each(|_| single().block_on(application())));
        }
    });
}

#[test]
fn a_runtime_that_is_gone_is_never_used() {
    let gone = single();
    gone.block_on(application());
    drop(gone);
    assert!(
        AnyRuntime::try_current().is_none(),
        "it belongs to a runtime that is gone"
    );
    let next = single();
    let _inside = next.enter();
    let task = task::spawn(async { 7 });
    assert_eq!(next.block_on(task).expect("it runs in the next one"), 7);
}

#[test]
fn an_entered_runtime_wins() {
    anyrt_tokio::install().expect("no other default in this program");
    let native = anyrt_native::Runtime::new().expect("a runtime");
    let outer = single();
    let _inside_tokio = outer.enter();
    assert_eq!(AnyRuntime::current().backend(), "tokio");
    assert_eq!(native.block_on(library()).expect("it works"), "native");
    assert_eq!(AnyRuntime::current().backend(), "tokio");
}
