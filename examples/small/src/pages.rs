//! A tree of pages over HTTP/1.0, for the crawler to have something to crawl.
//!
//! It knows how many pages there are and nothing of who reads them. The programs start it.

use std::io;
use std::net::SocketAddr;

use anyrt_api::Runtime;
use anyrt_api::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use anyrt_api::net::{TcpListener, TcpStream};
use anyrt_api::task::{self, AbortOnDrop};

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Pages<R: Runtime> {
    addr: SocketAddr,
    _accepting: AbortOnDrop<(), R>,
}

impl<R: Runtime> Pages<R> {
    /// Serves `/0` to `/{count - 1}` on a free port of this machine; page `n` links to `2n + 1` and
    /// `2n + 2`.
    ///
    /// # Errors
    ///
    /// What [`TcpListener::bind_in`] reports.
    pub async fn serve_in(count: usize, rt: &R) -> io::Result<Self> {
        let listener = TcpListener::bind_in("127.0.0.1:0", rt).await?;
        let addr = listener.local_addr()?;
        let handle = rt.clone();
        let accepting = task::spawn_in(accept(listener, count, handle), rt).abort_on_drop();
        Ok(Self {
            addr,
            _accepting: accepting,
        })
    }

    /// Where the pages are.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

async fn accept<R: Runtime>(listener: TcpListener<R>, count: usize, rt: R) {
    while let Ok((stream, _)) = listener.accept().await {
        // A visitor who leaves early is no concern of the server's: the handle is dropped, and the
        // task goes on by itself.
        drop(task::spawn_in(answer(stream, count), &rt));
    }
}

async fn answer<R: Runtime>(stream: TcpStream<R>, count: usize) -> io::Result<()> {
    let mut request = String::new();
    // No request that we answer is longer.
    BufReader::new((&stream).take(1024))
        .read_line(&mut request)
        .await?;
    let page = request
        .split(' ')
        .nth(1)
        .and_then(|path| path.strip_prefix('/')?.parse().ok());
    let response = match page.filter(|page| *page < count) {
        Some(page) => {
            let body = page_text(page, count);
            format!(
                "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        None => "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    };
    stream.write_all(response.as_bytes()).await?;
    stream.close().await
}

fn page_text(page: usize, count: usize) -> String {
    let links = [2 * page + 1, 2 * page + 2]
        .into_iter()
        .filter(|link| *link < count);
    let links: Vec<_> = links
        .map(|link| format!("<a href=\"/{link}\">{link}</a>"))
        .collect();
    format!("<h1>page {page}</h1>{}", links.join(" "))
}
