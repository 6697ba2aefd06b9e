//! Sixteen buffers that go out in one call, beside one that they are copied into.
//!
//! A thread outside takes in what comes, the same for all. There is mostly room for a message, so
//! that a runtime has little to do here: beside them stands a blocking socket of std's.

use std::{
    io::{self, IoSlice, Read, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Place, Scenario, Setup, everyone, in_task, names::*, threads};
use crate::{
    contender::{Connection, Handle, Listen, Owner},
    figure::{Value, quantile},
};

const PARTS: usize = 16;
const PART: usize = 1024;
/// Messages a time.
const MESSAGES: usize = 200;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "write_vectored",
        what: "16 x 1 KiB to a socket: in one vectored write, and copied into one buffer first",
        place: Place::Network,
        cells: threads::beside(everyone!(vectored), by_std),
    }]
}

fn vectored<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let listener = rt.listen().await?;
        let addr = listener.local_addr()?;
        let sink = thread::spawn(move || take_in(TcpStream::connect(addr)?));
        let mut stream = listener.accept().await?;
        let parts = vec![[7; PART]; PARTS];
        let mut spans = Spans::new(setup);
        while spans.go_on() {
            for is_copied in [false, true] {
                let start = Instant::now();
                for _ in 0..MESSAGES {
                    match is_copied {
                        true => stream.write_all(&parts.concat()).await?,
                        false => write_parts(&mut stream, &parts).await?,
                    }
                }
                spans.add(is_copied, start.elapsed());
            }
        }
        drop(stream);
        spans.values(sink)
    })?
}

/// The same without a runtime.
fn by_std(setup: &Setup) -> io::Result<Vec<Value>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let addr = listener.local_addr()?;
    let sink = thread::spawn(move || take_in(TcpStream::connect(addr)?));
    let (mut stream, _) = listener.accept()?;
    let parts = vec![[7; PART]; PARTS];
    let mut spans = Spans::new(*setup);
    while spans.go_on() {
        for is_copied in [false, true] {
            let start = Instant::now();
            for _ in 0..MESSAGES {
                match is_copied {
                    true => stream.write_all(&parts.concat())?,
                    false => write_parts_by_std(&mut stream, &parts)?,
                }
            }
            spans.add(is_copied, start.elapsed());
        }
    }
    drop(stream);
    spans.values(sink)
}

/// How long each `MESSAGES` took, both ways in turn: the system finds out as it goes how much a
/// connection may hold, and what it has found is the same for both then.
struct Spans {
    setup: Setup,
    begin: Instant,
    vectored: Vec<Duration>,
    copied: Vec<Duration>,
}

impl Spans {
    fn new(setup: Setup) -> Self {
        Self {
            setup,
            begin: Instant::now(),
            vectored: Vec::new(),
            copied: Vec::new(),
        }
    }

    fn go_on(&self) -> bool {
        const LEAST: usize = 4;
        self.copied.len() < LEAST || self.begin.elapsed() < 2 * self.setup.span()
    }

    fn add(&mut self, is_copied: bool, span: Duration) {
        match is_copied {
            true => self.copied.push(span),
            false => self.vectored.push(span),
        }
    }

    /// The medians without the first of each, once the sink has all that was sent.
    fn values(mut self, sink: JoinHandle<io::Result<usize>>) -> io::Result<Vec<Value>> {
        let n_sent = (self.vectored.len() + self.copied.len()) * MESSAGES;
        let n_taken = sink.join().expect("the thread does not panic")?;
        assert_eq!(n_taken, n_sent * PARTS * PART, "all of it arrives");
        let value = |name: &str, spans: &mut Vec<Duration>| {
            let median = quantile(&mut spans.split_off(1), 500);
            Value::nanos_each(name, median, MESSAGES)
        };
        Ok(vec![
            value("vectored", &mut self.vectored),
            value("copied", &mut self.copied),
        ])
    }
}

/// All of them, in as many calls as the socket wants.
async fn write_parts(stream: &mut impl Connection, parts: &[[u8; PART]]) -> io::Result<()> {
    let mut slices = slices(parts);
    let mut left = &mut slices[..];
    while !left.is_empty() {
        match stream.write_vectored(left).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => IoSlice::advance_slices(&mut left, n),
        }
    }
    Ok(())
}

fn write_parts_by_std(stream: &mut TcpStream, parts: &[[u8; PART]]) -> io::Result<()> {
    let mut slices = slices(parts);
    let mut left = &mut slices[..];
    while !left.is_empty() {
        match stream.write_vectored(left)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => IoSlice::advance_slices(&mut left, n),
        }
    }
    Ok(())
}

fn slices(parts: &[[u8; PART]]) -> [IoSlice<'_>; PARTS] {
    let mut slices = [IoSlice::new(&[]); PARTS];
    for (slice, part) in slices.iter_mut().zip(parts) {
        *slice = IoSlice::new(part);
    }
    slices
}

/// Reads to the end and says how much it was.
fn take_in(mut stream: TcpStream) -> io::Result<usize> {
    let mut buf = vec![0; 4 * PARTS * PART];
    let mut n_taken = 0;
    loop {
        match stream.read(&mut buf)? {
            0 => return Ok(n_taken),
            n => n_taken += n,
        }
    }
}
