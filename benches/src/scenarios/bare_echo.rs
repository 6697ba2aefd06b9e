//! The echo server without a runtime: a thread a worker, each with an epoll of its own.
//!
//! It shows what the system itself takes. The first thread accepts as well, and gives the
//! connections out in turn. It knows nothing of the client. `echo.rs` calls it.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
    },
    fd::OwnedFd,
};

use crate::client::MESSAGE;

/// A server that runs.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens.
    pub(super) addr: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts so many threads.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn start(workers: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let inboxes = (0..workers).map(|_| Inbox::new());
        let inboxes: Arc<[Inbox]> = inboxes.collect::<io::Result<_>>()?;
        let data = EventData::new_u64(LISTENER);
        epoll::add(&inboxes[0].epoll, &listener, data, EventFlags::IN)?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut listener = Some(listener);
        let start = |n: usize| {
            let worker = Worker {
                inboxes: inboxes.clone(),
                n,
                listener: listener.take(),
                n_accepted: 0,
                streams: Vec::new(),
            };
            let stop = stop.clone();
            thread::Builder::new().spawn(move || worker.run(&stop))
        };
        let threads = (0..workers).map(start).collect::<io::Result<_>>()?;
        Ok(Self {
            addr,
            stop,
            threads,
        })
    }

    /// Ends it and waits.
    ///
    /// # Errors
    ///
    /// What a thread has met.
    pub(super) fn stop(self) -> io::Result<()> {
        self.stop.store(true, Relaxed);
        for thread in self.threads {
            thread.join().expect("it does not panic")?;
        }
        Ok(())
    }
}

/// A thread's epoll, and the connections that are registered there and that it has not met.
#[derive(Debug)]
struct Inbox {
    epoll: OwnedFd,
    new: Mutex<Vec<(usize, TcpStream)>>,
}

impl Inbox {
    fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let new = Mutex::default();
        Ok(Self { epoll, new })
    }

    /// The connection stands in the list before its first event can come.
    fn put(&self, key: usize, stream: TcpStream) -> io::Result<()> {
        let mut new = self.new.lock().expect("nobody panics here");
        epoll::add(
            &self.epoll,
            &stream,
            EventData::new_u64(key as u64),
            EventFlags::IN,
        )?;
        new.push((key, stream));
        Ok(())
    }
}

/// What a thread has.
struct Worker {
    inboxes: Arc<[Inbox]>,
    n: usize,
    listener: Option<TcpListener>,
    n_accepted: usize,
    streams: Vec<Option<TcpStream>>,
}

impl Worker {
    fn run(mut self, stop: &AtomicBool) -> io::Result<()> {
        const TURN: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        let inboxes = self.inboxes.clone();
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
        while !stop.load(Relaxed) {
            epoll::wait(
                &inboxes[self.n].epoll,
                spare_capacity(&mut events),
                Some(&TURN),
            )?;
            for event in events.drain(..) {
                let data = event.data;
                match data.u64() {
                    LISTENER => self.accept()?,
                    key => self.send_back(key as usize),
                }
            }
        }
        Ok(())
    }

    /// Accepts one and gives it to the thread whose turn it is.
    fn accept(&mut self) -> io::Result<()> {
        let Some(listener) = &self.listener else {
            return Ok(());
        };
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        let n_inboxes = self.inboxes.len();
        let (key, inbox) = (self.n_accepted / n_inboxes, self.n_accepted % n_inboxes);
        self.n_accepted += 1;
        self.inboxes[inbox].put(key, stream)
    }

    /// Reads once and writes that back; a connection that fails or ends is closed.
    fn send_back(&mut self, key: usize) {
        let mut buf = [0; MESSAGE];
        let Some(slot) = self.slot(key) else { return };
        let Some(stream) = slot else { return };
        let goes_on = match stream.read(&mut buf) {
            Ok(0) => false,
            // There is always room: the client has one message on its way.
            Ok(n) => stream.write_all(&buf[..n]).is_ok(),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        if !goes_on {
            *slot = None;
        }
    }

    /// The connection's place, after those that are new have got theirs.
    fn slot(&mut self, key: usize) -> Option<&mut Option<TcpStream>> {
        if self.streams.get(key).is_none() {
            let mut new = self.inboxes[self.n].new.lock().expect("nobody panics here");
            for (key, stream) in new.drain(..) {
                debug_assert_eq!(key, self.streams.len(), "they come in turn");
                self.streams.push(Some(stream));
            }
        }
        self.streams.get_mut(key)
    }
}

/// Events that are taken at a time.
const EVENTS: usize = 256;
/// The listener's key.
const LISTENER: u64 = u64::MAX;
