//! Instructions an operation, counted by callgrind.
//!
//! A time depends on the machine and on who else uses it, a count does not. An operation is looped
//! n times and then twice that often, each in a process under valgrind; the difference is what n of
//! them cost. One worker, so that nothing depends on who is awake. The program calls itself.

use std::{
    env,
    io::{self, Write},
    process::Command,
    time::Duration,
};

use futures_lite::future;

use crate::{
    contender::{Direct, Erased, Handle, Owner, RawAsyncStd, RawSmol, RawTokio, ReadFile},
    figure::{Better, Figure, Role},
};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Operation {
    /// A task is started and joined.
    SpawnJoin,
    /// A task is started and runs, a hundred at a time; nobody joins it.
    SpawnRun,
    /// A task yields to another that does the same.
    Yield,
    /// A timeout is set, its clock asked once, and dropped.
    Timeout,
    /// 512 bytes of an open, cached file are read at an offset.
    ReadAt,
}

/// All operations.
pub const OPERATIONS: [Operation; 5] = [
    Operation::SpawnJoin,
    Operation::SpawnRun,
    Operation::Yield,
    Operation::Timeout,
    Operation::ReadAt,
];

/// A contender by name, and how it loops.
type Looper = fn(Operation, usize) -> io::Result<()>;

/// Who is counted.
const CONTENDERS: [(&str, Role, Looper); 9] = [
    ("native", Role::Ours, run::<Direct<anyrt_native::Runtime>>),
    ("tokio", Role::Ours, run::<Direct<anyrt_tokio::Runtime>>),
    ("smol", Role::Ours, run::<Direct<anyrt_smol::Runtime>>),
    (
        "any-native",
        Role::Ours,
        run::<Erased<anyrt_native::Runtime>>,
    ),
    ("any-tokio", Role::Ours, run::<Erased<anyrt_tokio::Runtime>>),
    ("any-smol", Role::Ours, run::<Erased<anyrt_smol::Runtime>>),
    ("raw-tokio", Role::Peer, run::<RawTokio>),
    ("raw-smol", Role::Peer, run::<RawSmol>),
    ("async-std", Role::Peer, run::<RawAsyncStd>),
];

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::SpawnJoin => "spawn_join",
            Operation::SpawnRun => "spawn_run",
            Operation::Yield => "yield",
            Operation::Timeout => "timeout",
            Operation::ReadAt => "read_at",
        }
    }
}

/// Counts `operation` for each contender that is `wanted`.
///
/// # Errors
///
/// That valgrind is not there, or that a looped process failed.
pub fn count(operation: Operation, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Figure>> {
    const TIMES: usize = 2000;
    let contenders = CONTENDERS.iter().filter(|(name, ..)| wanted(name));
    let count = |&(contender, role, _): &(&'static str, Role, Looper)| {
        let once = instructions(operation, contender, TIMES)?;
        let twice = instructions(operation, contender, 2 * TIMES)?;
        Ok((contender, role, (twice - once) / TIMES as f64))
    };
    let counts: Vec<_> = contenders.map(count).collect::<io::Result<_>>()?;
    let peers = counts.iter().filter(|(_, role, _)| *role == Role::Peer);
    let best = peers.min_by(|a, b| a.2.total_cmp(&b.2));
    let figure = |&(contender, role, each): &(&'static str, Role, f64)| Figure {
        scenario: "instructions",
        metric: operation.name().to_owned(),
        unit: "instr.".to_owned(),
        better: Better::Lower,
        contender,
        role,
        median: each,
        min: each,
        max: each,
        rounds: vec![each],
        best_peer: best.map(|best| best.0),
        ratio: best.map(|best| best.2 / each),
    };
    Ok(counts.iter().map(figure).collect())
}

/// The instructions of a process that loops `n_times`.
fn instructions(operation: Operation, contender: &str, n_times: usize) -> io::Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["loop", operation.name(), contender, &n_times.to_string()])
        .env("ASYNC_STD_THREAD_COUNT", "1")
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let number = collected.and_then(|(_, number)| number.trim().parse().ok());
    number
        .filter(|_| output.status.success())
        .ok_or_else(|| io::Error::other(format!("callgrind of {contender}: {text}")))
}

/// What the counted process does.
///
/// # Errors
///
/// That there is no such contender, or those of its start.
pub fn run_loop(operation: Operation, contender: &str, n_times: usize) -> io::Result<()> {
    let known = CONTENDERS.iter().find(|(name, ..)| *name == contender);
    let (.., looper) = known.ok_or_else(|| io::Error::other("no such contender"))?;
    looper(operation, n_times)
}

fn run<O: Owner>(operation: Operation, n_times: usize) -> io::Result<()> {
    let owner = O::start(1)?;
    let rt = owner.handle();
    let inside = rt.clone();
    owner.block_on(rt.spawn(async move { repeat(inside, operation, n_times).await }));
    owner.stop();
    Ok(())
}

async fn repeat<H: Handle>(rt: H, operation: Operation, n_times: usize) {
    const BATCH: usize = 100;
    match operation {
        Operation::SpawnJoin => {
            for n in 0..n_times {
                assert_eq!(rt.spawn(async move { n }).await, n);
            }
        }
        Operation::SpawnRun => {
            for _ in 0..n_times / BATCH {
                (0..BATCH).for_each(|_| rt.detach(async {}));
                rt.spawn(async {}).await;
            }
        }
        Operation::Yield => {
            let other = rt.clone();
            let other = rt.spawn(async move {
                for _ in 0..n_times / 2 {
                    other.yield_now().await;
                }
            });
            for _ in 0..n_times / 2 {
                rt.yield_now().await;
            }
            other.await;
        }
        Operation::Timeout => {
            for _ in 0..n_times {
                rt.timeout(Duration::from_secs(10), future::yield_now())
                    .await;
            }
        }
        Operation::ReadAt => {
            // In the page cache, since it was just written.
            let mut small = tempfile::NamedTempFile::new().expect("a temporary file");
            small.write_all(&[7; 1024]).expect("room for a small file");
            let mut file = rt.open(small.path()).await.expect("the file is there");
            for _ in 0..n_times {
                file.read_at(&mut [0; 512], 0).await.expect("it is read");
            }
        }
    }
}
