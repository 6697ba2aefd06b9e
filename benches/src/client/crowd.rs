//! All connections of a client, and what each of them waits for.
//!
//! It knows of a message what its protocol says: the bytes that are sent, and how long the answer
//! is.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
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

use super::protocol::{MESSAGE, Protocol};

/// All connections.
pub(super) struct Crowd {
    protocol: Protocol,
    epoll: OwnedFd,
    talks: Vec<Talk>,
    /// How long each answer took.
    pub(super) times: Vec<Duration>,
    /// Answers since it was made.
    pub(super) n_answers: usize,
}

/// One connection, and what has come of its answer.
struct Talk {
    stream: TcpStream,
    sent: Instant,
    /// Empty but for an answer that has come in part.
    begun: Vec<u8>,
}

impl Crowd {
    pub(super) fn connect(
        protocol: Protocol,
        addr: SocketAddr,
        connections: usize,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let talk = |n: usize| {
            let mut talk = Talk::connect(addr)?;
            if n % BATCH == BATCH - 1 {
                talk.wait_for_answer(protocol)?;
            }
            talk.stream.set_nonblocking(true)?;
            let data = EventData::new_u64(n as u64);
            epoll::add(&epoll, &talk.stream, data, EventFlags::IN)?;
            Ok(talk)
        };
        let talks = (0..connections).map(talk).collect::<io::Result<_>>()?;
        Ok(Self {
            protocol,
            epoll,
            talks,
            times: Vec::with_capacity(1 << 20),
            n_answers: 0,
        })
    }

    pub(super) fn start(&mut self) -> io::Result<()> {
        let protocol = self.protocol;
        self.talks
            .iter_mut()
            .try_for_each(|talk| talk.send(protocol))
    }

    /// Reads what comes and sends the next messages until the time is over and so many answers have
    /// come, on a machine that is too busy for them.
    pub(super) fn turn_for(&mut self, span: Duration, least: usize) -> io::Result<()> {
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
                if let Some(time) = talk.receive(self.protocol)? {
                    self.times.push(time);
                    self.n_answers += 1;
                    talk.send(self.protocol)?;
                }
            }
        }
        Ok(())
    }
}

impl Talk {
    fn connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            sent: Instant::now(),
            begun: Vec::new(),
        })
    }

    /// A message always fits: the one before was answered.
    fn send(&mut self, protocol: Protocol) -> io::Result<()> {
        self.sent = Instant::now();
        self.stream.write_all(protocol.message())
    }

    /// The time that the answer took, once all of it is there.
    fn receive(&mut self, protocol: Protocol) -> io::Result<Option<Duration>> {
        let mut buf = [0; MESSAGE];
        let n_begun = self.begun.len();
        buf[..n_begun].copy_from_slice(&self.begun);
        let n = match self.stream.read(&mut buf[n_begun..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => n_begun + n,
        };
        self.begun.clear();
        if protocol.is_answer(&buf[..n])? {
            return Ok(Some(self.sent.elapsed()));
        }
        self.begun.extend_from_slice(&buf[..n]);
        Ok(None)
    }

    /// Sends a message and blocks until it is answered.
    fn wait_for_answer(&mut self, protocol: Protocol) -> io::Result<()> {
        self.stream.set_read_timeout(Some(LIMIT))?;
        self.send(protocol)?;
        while self.receive(protocol)?.is_none() {}
        Ok(())
    }
}

/// Connections that are made before the server has answered the last of them. It has accepted them
/// all then: so its queue never overflows, after which the system would wait for a second.
const BATCH: usize = 64;
/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);
