//! The client of the echo scenarios: one thread, one epoll, as many connections as are asked for.
//!
//! Each connection has one message on its way; as soon as it is back the next one is sent. It runs
//! in a process of its own and is the same whoever answers, of whom it knows an address.

use std::{
    env,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
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
    /// Answers since it was connected, warm-up and all.
    pub n_in_all: usize,
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
        let output = Command::new(env::current_exe()?)
            .args(["client", &self.addr.to_string()])
            .arg(self.connections.to_string())
            .args([self.warm_up_ms, self.span_ms].map(|ms| ms.to_string()))
            .stderr(Stdio::inherit())
            .output()?;
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout)?),
            false => Err(io::Error::other(format!("the client: {}", output.status))),
        }
    }

    /// Is that process: what it has seen goes to the standard output.
    ///
    /// # Errors
    ///
    /// The system's; that the server closed a connection; that it never answered.
    pub fn answer(self) -> io::Result<()> {
        let mut crowd = Crowd::connect(self.addr, self.connections)?;
        crowd.start()?;
        crowd.turn_for(Duration::from_millis(self.warm_up_ms))?;
        let n_before = crowd.n_answers;
        crowd.times.clear();
        let start = Instant::now();
        crowd.turn_for(Duration::from_millis(self.span_ms))?;
        let seconds = start.elapsed().as_secs_f64();
        let times = &mut crowd.times;
        if times.is_empty() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no answer came"));
        }
        let mut micros = |per_mille| quantile(times, per_mille).as_secs_f64() * 1e6;
        let seen = Seen {
            p50_us: micros(500),
            p99_us: micros(990),
            worst_us: micros(1000),
            n_in_all: crowd.n_answers,
            n_measured: crowd.n_answers - n_before,
            seconds,
        };
        serde_json::to_writer(io::stdout(), &seen)?;
        Ok(())
    }
}

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
            let stream = TcpStream::connect(addr)?;
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
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

    /// Reads what comes and sends the next messages until the time is over; on a machine that is
    /// too busy for it, until the first answer.
    fn turn_for(&mut self, span: Duration) -> io::Result<()> {
        const LIMIT: Duration = Duration::from_secs(10);
        const TURN: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 10_000_000,
        };
        let mut events: Vec<Event> = Vec::with_capacity(256);
        let begin = Instant::now();
        while begin.elapsed() < span || self.times.is_empty() && begin.elapsed() < LIMIT {
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
