//! A crawler with a limit on how many pages it fetches at once, over pages that it serves itself.
//!
//! `cargo run -p anyrt-examples --bin crawler -- 200 8` for 200 pages, 8 at once.

use std::io;

use anyrt::Runtime;
use anyrt_examples::crawl::crawl_in;
use anyrt_examples::pages::Pages;

#[anyrt::main(native)]
async fn main(rt: impl Runtime) -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse());
    let bad = |e| io::Error::new(io::ErrorKind::InvalidInput, format!("not a number: {e}"));
    let count = arguments.next().unwrap_or(Ok(100)).map_err(bad)?;
    let limit = arguments.next().unwrap_or(Ok(4)).map_err(bad)?;

    let pages = Pages::serve_in(count, &rt).await?;
    let found = crawl_in(pages.addr(), limit.max(1), &rt).await?;
    println!(
        "{} pages, {} bytes, {} at once",
        found.pages, found.bytes, found.at_once_max
    );
    Ok(())
}
