//! The client of the echo scenarios: one thread, one epoll, as many connections as are asked for.
//!
//! Each connection has one message on its way; as soon as it is back the next one is sent. It runs
//! in a process of its own and is the same whoever answers, of whom it knows an address.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    fd::OwnedFd,
};
use serde::{Deserialize, Serialize};

use crate::figure::quantile;

/// What a client does.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Client {
    /// Where it connects.
    pub addr: SocketAddr,
    /// How often.
    pub connections: usize,
    /// How long it goes on before it measures.
    pub warm_up_ms: u64,
    /// How long it measures.
    pub span_ms: u64,
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Answers while it measured.
    pub n_measured: usize,
    /// How long that was, in seconds.
    pub seconds: f64,
    /// The time to an answer, in microseconds: the median,
    pub p50_us: f64,
    /// of a hundred the second longest,
    pub p99_us: f64,
    /// and the longest.
    pub worst_us: f64,
}

/// Bytes of a message, for clients and servers.
pub const MESSAGE: usize = 1024;

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
        let mut crowd = Crowd::connect(self.addr, self.connections)?;
        crowd.start()?;
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
        let mut child = Command::new(env::current_exe()?)
            .args(["client", &client.addr.to_string()])
            .arg(client.connections.to_string())
            .args([client.warm_up_ms, client.span_ms].map(|ms| ms.to_string()))
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

/// All connections.
struct Crowd {
    epoll: OwnedFd,
    talks: Vec<Talk>,
    times: Vec<Duration>,
    n_answers: usize,
}

/// One connection, and how far its message has come back.
struct Talk {
    stream: TcpStream,
    sent: Instant,
    n_back: usize,
}

impl Crowd {
    fn connect(addr: SocketAddr, connections: usize) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let talk = |n: usize| {
            let mut stream = TcpStream::connect(addr)?;
            stream.set_nodelay(true)?;
            if n % BATCH == BATCH - 1 {
                is_answered(&mut stream)?;
            }
            stream.set_nonblocking(true)?;
            let data = EventData::new_u64(n as u64);
            epoll::add(&epoll, &stream, data, EventFlags::IN)?;
            Ok(Talk {
                stream,
                sent: Instant::now(),
                n_back: 0,
            })
        };
        let talks = (0..connections).map(talk).collect::<io::Result<_>>()?;
        Ok(Self {
            epoll,
            talks,
            times: Vec::with_capacity(1 << 20),
            n_answers: 0,
        })
    }

    fn start(&mut self) -> io::Result<()> {
        self.talks.iter_mut().try_for_each(Talk::send)
    }

    /// Reads what comes and sends the next messages until the time is over and so many answers have
    /// come, on a machine that is too busy for them.
    fn turn_for(&mut self, span: Duration, least: usize) -> io::Result<()> {
        const LIMIT: Duration = Duration::from_secs(10);
        const TURN: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 10_000_000,
        };
        let mut events: Vec<Event> = Vec::with_capacity(256);
        let begin = Instant::now();
        while begin.elapsed() < span || self.times.len() < least && begin.elapsed() < LIMIT {
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&TURN))?;
            for event in events.drain(..) {
                let data = event.data;
                let talk = &mut self.talks[data.u64() as usize];
                if let Some(time) = talk.receive()? {
                    self.times.push(time);
                    self.n_answers += 1;
                    talk.send()?;
                }
            }
        }
        Ok(())
    }
}

/// Connections that are made before the server has answered the last of them. It has accepted them
/// all then: so its queue never overflows, after which the system would wait for a second.
const BATCH: usize = 64;

/// Waits until a message has come back.
fn is_answered(stream: &mut TcpStream) -> io::Result<()> {
    const LIMIT: Duration = Duration::from_secs(10);
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(&[7; MESSAGE])?;
    stream.read_exact(&mut [0; MESSAGE])
}

impl Talk {
    /// A message always fits: the one before has come back.
    fn send(&mut self) -> io::Result<()> {
        self.sent = Instant::now();
        self.n_back = 0;
        self.stream.write_all(&[7; MESSAGE])
    }

    /// The time that the answer took, once all of it is back.
    fn receive(&mut self) -> io::Result<Option<Duration>> {
        let mut buf = [0; MESSAGE];
        match self.stream.read(&mut buf[self.n_back..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                self.n_back += n;
                Ok((self.n_back == MESSAGE).then(|| self.sent.elapsed()))
            }
        }
    }
}
