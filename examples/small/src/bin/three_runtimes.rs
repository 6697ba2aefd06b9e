//! One library on three runtimes in one program: each serves pages, each crawls all of them.
//!
//! `cargo run -p anyrt-examples --bin three_runtimes`. The library is `src/crawl.rs`; the runtimes
//! are values, and do not see each other but over the network.

use std::io;
use std::net::SocketAddr;

use anyrt::{BlockOn, native, smol, tokio};
use anyrt_examples::crawl::{Found, crawl_in};
use anyrt_examples::pages::Pages;

fn main() -> io::Result<()> {
    let native = native::Runtime::new()?;
    let tokio = tokio::Runtime::new()?;
    let smol = smol::Runtime::new()?;

    // The servers live on all three, whichever thread asks for them.
    let on_native = native.block_on(Pages::serve_in(COUNT, &native.handle()))?;
    let on_tokio = tokio.block_on(Pages::serve_in(COUNT, &tokio.handle()))?;
    let on_smol = smol.block_on(Pages::serve_in(COUNT, &smol.handle()))?;
    let servers = [
        ("native", on_native.addr()),
        ("tokio", on_tokio.addr()),
        ("smol", on_smol.addr()),
    ];

    println!(
        "{:<8} {:<8} {:>6} {:>7}",
        "crawler", "server", "pages", "bytes"
    );
    crawl_all("native", &native, &servers)?;
    crawl_all("tokio", &tokio, &servers)?;
    crawl_all("smol", &smol, &servers)
}

fn crawl_all<B: BlockOn>(name: &str, owner: &B, servers: &[(&str, SocketAddr)]) -> io::Result<()> {
    for (server, addr) in servers {
        let Found { pages, bytes, .. } = owner.block_on(crawl_in(*addr, 4, &owner.handle()))?;
        println!("{name:<8} {server:<8} {pages:>6} {bytes:>7}");
    }
    Ok(())
}

const COUNT: usize = 50;
