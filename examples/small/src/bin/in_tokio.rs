//! An existing tokio program that begins to use a library written for any runtime: one line more.
//!
//! `cargo run -p anyrt-examples --bin in_tokio`. The library is the store of `examples/kv`, which
//! has never heard of tokio; everything else here is tokio's.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> io::Result<()> {
    anyrt::tokio::install()?; // the one line

    let folder = tempfile::tempdir()?;
    let mut config = kv::Config::new(folder.path());
    config.addr.set_port(0);
    let store = kv::Server::bind(config).await?;
    let addr = store.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(store.serve(async {
        let _ = stopped.await;
    }));

    let mut client = BufReader::new(TcpStream::connect(addr).await?);
    client
        .write_all(b"SET greeting hello\r\nGET greeting\r\n")
        .await?;
    let mut answer = client.lines();
    while let Some(line) = answer.next_line().await? {
        println!("{line}");
        if line == "hello" {
            break;
        }
    }

    drop(stop);
    serving.await?
}
