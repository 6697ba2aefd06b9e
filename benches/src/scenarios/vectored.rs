//! Sixteen buffers that go out in one call, beside one that they are copied into.
//!
//! A thread outside takes in what comes, the same for all. It knows nothing of runtimes.

use std::{
    io::{self, IoSlice, Read},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use super::{Place, Scenario, Setup, everyone, in_task, names::*};
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
        cells: everyone!(vectored),
    }]
}

fn vectored<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    in_task::<O, _>(setup, |rt, setup| async move {
        let listener = rt.listen().await?;
        let addr = listener.local_addr()?;
        let sink = thread::spawn(move || take_in(TcpStream::connect(addr)?));
        let mut stream = listener.accept().await?;
        let parts = vec![[7; PART]; PARTS];
        let (mut n_sent, mut times) = (0, Vec::new());
        for is_copied in [false, true] {
            let begin = Instant::now();
            let mut spans = Vec::new();
            while spans.len() < 4 || begin.elapsed() < setup.span() {
                let start = Instant::now();
                for _ in 0..MESSAGES {
                    match is_copied {
                        true => stream.write_all(&parts.concat()).await?,
                        false => write_parts(&mut stream, &parts).await?,
                    }
                }
                n_sent += MESSAGES;
                spans.push(start.elapsed());
            }
            times.push(spans);
        }
        drop(stream);
        let n_taken = sink.join().expect("the thread does not panic")?;
        assert_eq!(n_taken, n_sent * PARTS * PART, "all of it arrives");
        let value = |name: &str, spans: &mut Vec<Duration>| {
            let median = quantile(&mut spans.split_off(1), 500);
            Value::nanos_each(name, median, MESSAGES)
        };
        Ok(vec![
            value("vectored", &mut times[0]),
            value("copied", &mut times[1]),
        ])
    })?
}

/// All of them, in as many calls as the socket wants.
async fn write_parts(stream: &mut impl Connection, parts: &[[u8; PART]]) -> io::Result<()> {
    let mut slices = [IoSlice::new(&[]); PARTS];
    for (slice, part) in slices.iter_mut().zip(parts) {
        *slice = IoSlice::new(part);
    }
    let mut left = &mut slices[..];
    while !left.is_empty() {
        match stream.write_vectored(left).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => IoSlice::advance_slices(&mut left, n),
        }
    }
    Ok(())
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
