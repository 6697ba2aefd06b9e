//! All connections of a client, and what each of them waits for.
//!
//! It knows of a message what its protocol says: the bytes that are sent, and how long the answer
//! is.

use std::{
    collections::VecDeque,
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

use super::{
    pace::Pace,
    protocol::{MESSAGE, Protocol},
};

/// All connections.
pub(super) struct Crowd {
    protocol: Protocol,
    epoll: OwnedFd,
    talks: Vec<Talk>,
    /// Says when a message is due; without it one is as soon as the one before is answered.
    pace: Option<Pace>,
    /// How long each answer took.
    pub(super) times: Vec<Duration>,
    /// Answers since it was made.
    pub(super) n_answers: usize,
}

/// One connection, and what has come of its answer.
struct Talk {
    stream: TcpStream,
    /// Since when the message that is on its way has been due.
    asked: Option<Instant>,
    /// Messages that are due and have to wait for that one's answer, and since when.
    due: VecDeque<Instant>,
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
            pace: None,
            times: Vec::with_capacity(1 << 20),
            n_answers: 0,
        })
    }

    /// Sends the first message over each connection, or with a pace begins to keep it: over one
    /// connection after the other a message every `step`.
    pub(super) fn start(&mut self, step: Option<Duration>) -> io::Result<()> {
        let Some(step) = step else {
            let now = Instant::now();
            let protocol = self.protocol;
            let mut talks = self.talks.iter_mut();
            return talks.try_for_each(|talk| talk.ask(protocol, now));
        };
        let pace = Pace::start(step)?;
        epoll::add(&self.epoll, &pace, EventData::new_u64(PACE), EventFlags::IN)?;
        self.pace = Some(pace);
        Ok(())
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
                match data.u64() {
                    PACE => self.ask_what_is_due()?,
                    n => self.receive(n as usize)?,
                }
            }
        }
        Ok(())
    }

    fn receive(&mut self, n: usize) -> io::Result<()> {
        let talk = &mut self.talks[n];
        let Some(time) = talk.receive(self.protocol)? else {
            return Ok(());
        };
        self.times.push(time);
        self.n_answers += 1;
        let next = match self.pace {
            Some(_) => talk.due.pop_front(),
            None => Some(Instant::now()),
        };
        next.map_or(Ok(()), |due| talk.ask(self.protocol, due))
    }

    fn ask_what_is_due(&mut self) -> io::Result<()> {
        let Some(pace) = &mut self.pace else {
            return Ok(());
        };
        for (n, due) in pace.due()? {
            let n = n % self.talks.len();
            let talk = &mut self.talks[n];
            match talk.asked {
                None => talk.ask(self.protocol, due)?,
                // That it could not be sent is part of its time.
                Some(_) => talk.due.push_back(due),
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
            asked: None,
            due: VecDeque::new(),
            begun: Vec::new(),
        })
    }

    /// Sends a message that is due since then. It always fits: the one before was answered.
    fn ask(&mut self, protocol: Protocol, due: Instant) -> io::Result<()> {
        self.asked = Some(due);
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
            return Ok(self.asked.take().map(|due| due.elapsed()));
        }
        self.begun.extend_from_slice(&buf[..n]);
        Ok(None)
    }

    /// Sends a message and blocks until it is answered.
    fn wait_for_answer(&mut self, protocol: Protocol) -> io::Result<()> {
        self.stream.set_read_timeout(Some(LIMIT))?;
        self.ask(protocol, Instant::now())?;
        while self.receive(protocol)?.is_none() {}
        Ok(())
    }
}

/// Connections that are made before the server has answered the last of them. It has accepted them
/// all then: so its queue never overflows, after which the system would wait for a second.
const BATCH: usize = 64;
/// The pace among the connections' numbers.
const PACE: u64 = u64::MAX;
/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);
