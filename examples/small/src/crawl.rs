//! A crawler with a limit on how many pages it fetches at once.
//!
//! The limit is a `TaskGroup` that is not given a task beyond it: no lock, no semaphore, and what
//! is under way is dropped with the crawler. The programs call it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::io;
use anyrt_api::net::TcpStream;
use anyrt_api::task::TaskGroup;

/// What a crawl found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Pages that were there.
    pub pages: usize,
    /// Bytes of their bodies.
    pub bytes: usize,
    /// The most fetches that were under way at once.
    pub at_once_max: usize,
}

/// Follows all links from `/0` at `addr`, with at most `limit` fetches at once.
///
/// Dropping the future aborts what is under way.
///
/// # Errors
///
/// The first error of a fetch; one that takes more than five seconds is `TimedOut`.
///
/// # Panics
///
/// If `limit` is zero.
pub async fn crawl_in<R: Runtime>(addr: SocketAddr, limit: usize, rt: &R) -> io::Result<Found> {
    assert!(limit > 0, "a crawler that may fetch nothing finds nothing");
    let mut found = Found {
        pages: 0,
        bytes: 0,
        at_once_max: 0,
    };
    let mut waiting = vec!["/0".to_owned()];
    let mut seen: HashSet<String> = waiting.iter().cloned().collect();
    let mut fetches = TaskGroup::new_in(rt);
    loop {
        while fetches.len() < limit
            && let Some(path) = waiting.pop()
        {
            let rt = rt.clone();
            fetches.spawn(async move { fetch(addr, &path, &rt).await });
        }
        found.at_once_max = found.at_once_max.max(fetches.len());
        let Some(done) = fetches.join_next().await else {
            return Ok(found);
        };
        let body = done??;
        found.pages += 1;
        found.bytes += body.len();
        waiting.extend(
            links(&body)
                .map(str::to_owned)
                .filter(|link| seen.insert(link.clone())),
        );
    }
}

/// The body of one page.
async fn fetch<R: Runtime>(addr: SocketAddr, path: &str, rt: &R) -> io::Result<String> {
    let fetching = async {
        let stream = TcpStream::connect_in(addr, rt).await?;
        stream
            .write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())
            .await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        Ok(response)
    };
    let response = io::timeout_in(PATIENCE, fetching, rt).await?;
    match response.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.0 200 ") => Ok(body.to_owned()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{path} is no page"),
        )),
    }
}

/// The links of a page, in order.
fn links(body: &str) -> impl Iterator<Item = &str> {
    body.split("href=\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0))
}

const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_what_stands_in_href() {
        let body = "<a href=\"/1\">1</a> href <a href=\"/2\">2</a> <a href=\"/3";
        assert_eq!(links(body).collect::<Vec<_>>(), ["/1", "/2"]);
    }
}
