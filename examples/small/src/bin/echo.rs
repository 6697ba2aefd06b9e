//! A TCP echo server: what a client sends, it gets back.
//!
//! `cargo run -p anyrt-examples --bin echo -- 127.0.0.1:7000`, then `nc 127.0.0.1 7000`. Without
//! an address it takes a free port and says which.

use anyrt::net::{TcpListener, TcpStream};
use anyrt::{io, task};

#[anyrt::main(native)]
async fn main() -> io::Result<()> {
    let addr = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(addr).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        // The handle is dropped, which detaches: each client has a task of its own.
        drop(task::spawn(async move {
            if let Err(e) = echo(stream).await {
                eprintln!("{peer}: {e}");
            }
        }));
    }
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    io::copy(&stream, &stream).await?;
    Ok(())
}
