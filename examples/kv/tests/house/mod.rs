//! A store to test against: inside this process on a runtime of its own, or as a child process.
//!
//! It knows how stores are started and stopped, and nothing of what is tested.
#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyrt::{BlockOn, native, smol, tokio};
use futures_lite::future::poll_fn;
use kv::{Config, Recovery, Server};

/// The names of the runtimes.
pub(crate) const RUNTIMES: [&str; 3] = ["native", "tokio", "smol"];

/// A store in this process, on a thread and a runtime of its own.
pub(crate) struct Store {
    pub(crate) addr: SocketAddr,
    pub(crate) recovery: Recovery,
    stop: mpsc::Sender<()>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl Store {
    /// Opens a store on the runtime of this name; a `config` with port 0.
    pub(crate) fn open(runtime: &str, config: Config) -> Self {
        Self::try_open(runtime, config).expect("the store opens")
    }

    pub(crate) fn try_open(runtime: &str, config: Config) -> std::io::Result<Self> {
        match runtime {
            "native" => Self::open_on(native::Builder::new().build()?, config),
            "tokio" => Self::open_on(tokio::Builder::new().build()?, config),
            "smol" => Self::open_on(smol::Builder::new().build()?, config),
            other => panic!("no runtime is called {other}"),
        }
    }

    fn open_on<B: BlockOn>(owner: B, config: Config) -> std::io::Result<Self> {
        let (opened, is_open) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let rt = owner.handle();
            let served = owner.block_on(async {
                let server = match Server::bind_in(config, &rt).await {
                    Ok(server) => server,
                    Err(error) => {
                        opened.send(Err(error)).expect("the test waits");
                        return Ok(());
                    }
                };
                let news = (server.local_addr(), server.recovery().clone());
                opened.send(Ok(news)).expect("the test waits");
                server.serve(signal(stopped)).await
            });
            owner.shutdown(Duration::from_secs(5));
            served
        });
        let (addr, recovery) = is_open.recv().expect("the thread says how it went")?;
        Ok(Self {
            addr,
            recovery,
            stop,
            thread,
        })
    }

    /// A bare connection that waits at most ten seconds for anything.
    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.addr)
    }

    /// A connection of the `redis` crate.
    pub(crate) fn client(&self) -> redis::Connection {
        client(self.addr)
    }

    /// Stops the store in order; what it says in the end.
    pub(crate) fn close(self) -> std::io::Result<()> {
        self.stop.send(()).expect("the store runs");
        self.thread.join().expect("the store does not panic")
    }

    /// Asks the store to stop, and does not wait.
    pub(crate) fn begin_close(&self) {
        self.stop.send(()).expect("the store runs");
    }

    /// Waits for a store that was asked to stop.
    pub(crate) fn finish_close(self) -> std::io::Result<()> {
        self.thread.join().expect("the store does not panic")
    }
}

/// Ready once a message has come: a thread waits for it and wakes the task.
async fn signal(stopped: mpsc::Receiver<()>) {
    let state = std::sync::Arc::new(std::sync::Mutex::new((false, None::<std::task::Waker>)));
    let shared = std::sync::Arc::clone(&state);
    thread::spawn(move || {
        // The sender dropped means that the test is over, which stops the store as well.
        let _ = stopped.recv();
        let waker = {
            let mut state = shared.lock().expect("nobody panics with it");
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    });
    poll_fn(|cx| {
        let mut state = state.lock().expect("nobody panics with it");
        if state.0 {
            return std::task::Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        std::task::Poll::Pending
    })
    .await;
}

/// The defaults, on a free port, with small limits that a test can reach.
pub(crate) fn config(dir: &Path) -> Config {
    let mut config = Config::new(dir);
    config.addr.set_port(0);
    config.request_max_bytes = 64 * 1024;
    config.output_max_bytes = 256 * 1024;
    config
}

pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("the store listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a socket has timeouts");
    stream
        .set_write_timeout(Some(Duration::from_secs(10)))
        .expect("a socket has timeouts");
    stream
}

pub(crate) fn client(addr: SocketAddr) -> redis::Connection {
    let client = redis::Client::open(format!("redis://{addr}")).expect("a good address");
    let connection = client.get_connection().expect("the store listens");
    connection
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a socket has timeouts");
    connection
}

/// Sends `request` and reads until the store closes.
pub(crate) fn last_words(stream: &mut TcpStream, request: &[u8]) -> String {
    // The store may close before it has taken everything.
    let _ = stream.write_all(request);
    let mut reply = Vec::new();
    stream
        .read_to_end(&mut reply)
        .expect("the store closes in order");
    String::from_utf8(reply).expect("replies are text here")
}

/// Sends `request` and reads as many bytes as `reply` has.
#[track_caller]
pub(crate) fn exchange(stream: &mut TcpStream, request: &str, reply: &str) {
    stream
        .write_all(request.as_bytes())
        .expect("the store reads");
    let mut found = vec![0; reply.len()];
    stream.read_exact(&mut found).expect("the store answers");
    assert_eq!(String::from_utf8_lossy(&found), reply, "to {request:?}");
}

/// Ends the sending side and expects nothing more.
pub(crate) fn hang_up(mut stream: TcpStream) {
    stream
        .shutdown(Shutdown::Write)
        .expect("the store is there");
    let mut rest = Vec::new();
    stream
        .read_to_end(&mut rest)
        .expect("the store closes in order");
    assert_eq!(rest, b"");
}

/// A store as a child process; dropping it kills it.
pub(crate) struct ChildStore {
    pub(crate) child: Child,
    pub(crate) addr: SocketAddr,
}

impl ChildStore {
    pub(crate) fn start(runtime: &str, dir: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kv"));
        command
            .args(["serve", "--runtime", runtime, "--port", "0", "--dir"])
            .arg(dir);
        command.args(options);
        Self::run(command)
    }

    /// Runs a command that is `kv serve` or wraps it.
    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the store says where it listens");
        let addr = line
            .strip_prefix("listening on ")
            .and_then(|rest| rest.split(' ').next());
        let addr = addr.unwrap_or_else(|| panic!("the store says {line:?}"));
        Self {
            child,
            addr: addr.parse().expect("an address"),
        }
    }

    pub(crate) fn client(&self) -> redis::Connection {
        client(self.addr)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the store runs");
        self.child.wait().expect("a killed child ends");
    }

    /// Sends the signal of this name, and waits for the end.
    pub(crate) fn end_by(&mut self, signal: &str) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        let status = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("kill runs");
        assert!(status.success());
        self.child.wait().expect("the child ends")
    }
}

impl Drop for ChildStore {
    fn drop(&mut self) {
        // A tracer that is killed lets its child go on, so the children go first.
        let tracer = self.child.id();
        let children = format!("/proc/{tracer}/task/{tracer}/children");
        for child in std::fs::read_to_string(children)
            .unwrap_or_default()
            .split_whitespace()
        {
            let _ = Command::new("kill").args(["-KILL", child]).status();
        }
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
