//! The store inside tokio's own tests, twice in one binary: each has a runtime of its own, and the
//! second finds the line called already.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Starts a store on the tokio runtime of the caller, sets `key`, stops it.
async fn set_and_stop(key: &str) -> io::Result<()> {
    anyrt::tokio::install()?;

    let folder = tempfile::tempdir()?;
    let mut config = kv::Config::new(folder.path());
    config.addr.set_port(0);
    let store = kv::Server::bind(config).await?;
    let addr = store.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(store.serve(async {
        let _ = stopped.await;
    }));

    let mut client = TcpStream::connect(addr).await?;
    client
        .write_all(format!("SET {key} 1\r\nQUIT\r\n").as_bytes())
        .await?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await?;
    assert_eq!(answer, "+OK\r\n+OK\r\n");
    assert_eq!(anyrt::AnyRuntime::current().backend(), "tokio");

    drop(stop);
    serving.await?
}

#[tokio::test]
async fn on_a_runtime_with_one_thread() -> io::Result<()> {
    set_and_stop("one").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_runtime_with_workers() -> io::Result<()> {
    set_and_stop("two").await
}
