//! A client of line protocols, as a template: one library, no runtime in its tree.
//!
//! It has both forms of its entry point: [`Client::new_in`] for whoever passes a runtime, at no
//! cost, and [`Client::new`] for whoever does not care. Its dependency is `anyrt-api` alone; the
//! backends stand in `[dev-dependencies]`, for the tests and for this example:
//!
//! ```
//! use anyrt_library::Client;
//! use std::time::Duration;
//!
//! # async fn serve(listener: anyrt::net::TcpListener) -> std::io::Result<()> {
//! #     let (stream, _) = listener.accept().await?;
//! #     stream.read(&mut [0; 64]).await?;
//! #     stream.write_all(b"hello, reader\n").await
//! # }
//! #[anyrt::main(native)]
//! async fn main() -> std::io::Result<()> {
//!     let server = anyrt::net::TcpListener::bind("127.0.0.1:0").await?;
//!     let addr = server.local_addr()?;
//!     anyrt::task::spawn(serve(server));
//!
//!     let client = Client::new(addr).timeout(Duration::from_secs(1));
//!     assert_eq!(client.ask("who is there?").await?, "hello, reader");
//!     Ok(())
//! }
//! ```
#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::time::Duration;

use anyrt_api::io::{self, AsyncBufReadExt, BufReader};
use anyrt_api::net::TcpStream;
use anyrt_api::{AnyRuntime, Runtime, time};

/// Asks a server one line at a time, over a connection each.
#[derive(Debug, Clone)]
pub struct Client<R: Runtime = AnyRuntime> {
    server: SocketAddr,
    timeout: Duration,
    tries: u32,
    rt: R,
}

impl Client {
    /// A client on the current runtime.
    ///
    /// # Panics
    ///
    /// At the caller, if there is no current runtime.
    #[track_caller]
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Client::new_in(server, &AnyRuntime::current())
    }
}

impl<R: Runtime> Client<R> {
    /// A client on `rt`.
    pub fn new_in(server: SocketAddr, rt: &R) -> Self {
        Client {
            server,
            timeout: Duration::from_secs(5),
            tries: 3,
            rt: rt.clone(),
        }
    }

    /// Gives each try so long; five seconds unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks so often before it gives up, with pauses of 10 ms, 20 ms, 40 ms and so on between;
    /// three times unless set.
    #[must_use]
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries.max(1);
        self
    }

    /// Sends `question` as a line, and gives the line that comes back.
    ///
    /// # Errors
    ///
    /// That of the last try; `TimedOut` if the server was silent, `UnexpectedEof` if it hung up.
    ///
    /// # Cancel safety
    ///
    /// Dropping it hangs up; whether the server acted on the question is not known then.
    pub async fn ask(&self, question: &str) -> io::Result<String> {
        let mut pause = Duration::from_millis(10);
        for _ in 1..self.tries {
            if let Ok(answer) = self.try_once(question).await {
                return Ok(answer);
            }
            time::sleep_in(pause, &self.rt).await;
            pause *= 2;
        }
        self.try_once(question).await
    }

    async fn try_once(&self, question: &str) -> io::Result<String> {
        io::timeout_in(self.timeout, self.exchange(question), &self.rt).await
    }

    async fn exchange(&self, question: &str) -> io::Result<String> {
        let stream = TcpStream::connect_in(self.server, &self.rt).await?;
        stream.write_all(format!("{question}\n").as_bytes()).await?;
        let mut answer = String::new();
        match BufReader::new(&stream).read_line(&mut answer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(answer.trim_end().to_owned()),
        }
    }
}
