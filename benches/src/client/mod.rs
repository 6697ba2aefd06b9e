//! The client of the scenarios with a server: one thread, one epoll, as many connections as are
//! asked for.
//!
//! Each connection has one message on its way. The next one is sent as soon as it is answered, or
//! with a pace once it is due as well. The client runs in a process of its own and is the same
//! whoever answers, of whom it knows an address.

mod crowd;
mod pace;
mod protocol;

use std::{
    env,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use self::crowd::Crowd;
use crate::figure::quantile;

pub use self::protocol::{MESSAGE, Protocol};

/// What a client does.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Client {
    /// What it says.
    pub protocol: Protocol,
    /// Where it connects.
    pub addr: SocketAddr,
    /// How often.
    pub connections: usize,
    /// How long it goes on before it measures.
    pub warm_up_ms: u64,
    /// How long it measures.
    pub span_ms: u64,
    /// A message is due every so many microseconds, over one connection after the other; 0 means
    /// over each as soon as it is answered.
    pub every_us: u64,
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Answers while it measured.
    pub n_measured: usize,
    /// How long that was, in seconds.
    pub seconds: f64,
    /// The time to an answer since it was asked for, or was due, in microseconds: the median,
    pub p50_us: f64,
    /// of a hundred the second longest,
    pub p99_us: f64,
    /// and the longest.
    pub worst_us: f64,
}

impl Client {
    /// Runs it as a process and waits for it.
    ///
    /// # Errors
    ///
    /// That it cannot be started, or its own.
    pub fn run(self) -> io::Result<Seen> {
        self.run_around(|| ()).map(|(seen, ..)| seen)
    }

    /// The same, and what `look` brings when the client begins to measure and when it has ended.
    ///
    /// # Errors
    ///
    /// That it cannot be started, or its own.
    pub fn run_around<T>(self, mut look: impl FnMut() -> T) -> io::Result<(Seen, T, T)> {
        let mut process = Process::start(self)?;
        process.expect(BEGUN)?;
        let before = look();
        process.expect(ENDED)?;
        let after = look();
        Ok((process.seen()?, before, after))
    }

    /// Is that process: what it has seen goes to the standard output.
    ///
    /// # Errors
    ///
    /// The system's; that the server closed a connection; that it never answered.
    pub fn answer(self) -> io::Result<()> {
        let mut crowd = Crowd::connect(self.protocol, self.addr, self.connections)?;
        let every = Duration::from_micros(self.every_us);
        crowd.start((!every.is_zero()).then_some(every))?;
        let warm_up = Duration::from_millis(self.warm_up_ms);
        crowd.turn_for(warm_up, self.connections)?;
        let n_before = crowd.n_answers;
        crowd.times.clear();
        println!("{BEGUN}");
        let start = Instant::now();
        crowd.turn_for(Duration::from_millis(self.span_ms), 1)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{ENDED}");
        let times = &mut crowd.times;
        if times.is_empty() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no answer came"));
        }
        let mut micros = |per_mille| quantile(times, per_mille).as_secs_f64() * 1e6;
        let seen = Seen {
            p50_us: micros(500),
            p99_us: micros(990),
            worst_us: micros(1000),
            n_measured: crowd.n_answers - n_before,
            seconds,
        };
        serde_json::to_writer(io::stdout(), &seen)?;
        Ok(())
    }
}

/// The client's process, which is ended with it if it has not come to its end.
struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn start(client: Client) -> io::Result<Self> {
        let protocol = client.protocol.to_possible_value();
        let protocol = protocol.expect("no protocol is left out");
        let mut child = Command::new(env::current_exe()?)
            .args(["client", protocol.get_name()])
            .arg(client.addr.to_string())
            .arg(client.connections.to_string())
            .args([client.warm_up_ms, client.span_ms, client.every_us].map(|n| n.to_string()))
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = child.stdout.take().expect("its output was asked for");
        let lines = BufReader::new(lines);
        Ok(Self { child, lines })
    }

    /// Waits for a line of its own.
    fn expect(&mut self, wanted: &str) -> io::Result<()> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        match line.trim_end() == wanted {
            true => Ok(()),
            false => Err(io::Error::other("the client: it ended too early")),
        }
    }

    fn seen(&mut self) -> io::Result<Seen> {
        let seen = serde_json::from_reader(&mut self.lines);
        let status = self.child.wait()?;
        match status.success() {
            true => Ok(seen?),
            false => Err(io::Error::other(format!("the client: {status}"))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What its process says when it begins to measure, and when it has ended.
const BEGUN: &str = "begun";
const ENDED: &str = "ended";
