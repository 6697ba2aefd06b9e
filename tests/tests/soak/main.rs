//! A runtime under load for as long as one likes, and an account of what it holds meanwhile.
//!
//! ```text
//! cargo xtask soak                        # native, ten minutes
//! cargo xtask soak --quick                # a look, twenty seconds, which CI takes
//! ```
//!
//! The load (`load.rs`) comes from a seed, checks what comes back, talks to loopback and to a
//! temporary folder alone, and ends by itself. Descriptors, threads and memory are counted
//! (`account.rs`) while it runs, and once more when the runtime is gone. A planted defect shows
//! that the account can find something.
#![forbid(unsafe_code)]

mod account;
mod load;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use account::{Account, Held};
use anyrt_api::BlockOn;
use anyrt_laws::{Backend, Setup};
use anyrt_tests::{Native, Smol, Tokio};
use clap::{Parser, ValueEnum};
use load::Load;

#[derive(Debug, Parser)]
struct Options {
    /// Under load for so many seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    #[arg(long, default_value = "native")]
    backend: Name,
    /// What the load is drawn from [default: one that is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// A defect that must be found
    #[arg(long)]
    plant: Option<Plant>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    Native,
    Tokio,
    Smol,
}

/// A defect of the load itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Plant {
    /// A socket is lost now and then.
    Descriptor,
    /// Memory is lost now and then.
    Memory,
    /// A thread is started now and then, and stays.
    Thread,
    /// A part of the load stops.
    Stall,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let complaints = match options.backend {
        Name::Native => soak::<Native>(&options),
        Name::Tokio => soak::<Tokio>(&options),
        Name::Smol => soak::<Smol>(&options),
    };
    for complaint in &complaints {
        println!("WRONG: {complaint}");
    }
    match (complaints.is_empty(), options.plant) {
        (true, None) => ExitCode::SUCCESS,
        (false, Some(plant)) => {
            println!("the planted defect was found: {plant:?}");
            ExitCode::SUCCESS
        }
        (true, Some(plant)) => {
            println!("the planted defect was not found: {plant:?}");
            ExitCode::FAILURE
        }
        (false, None) => ExitCode::FAILURE,
    }
}

fn soak<B: Backend>(options: &Options) -> Vec<String> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("{} for {} s, --seed {seed}", B::NAME, options.seconds);
    once_in_a_process::<B>();
    let before = Held::now();
    let owner = start::<B>();
    let load = Arc::new(Load::new(seed, options.plant));
    let running = load.start::<B>(&owner.handle());
    let mut account = watched(&load, Duration::from_secs(options.seconds));
    load.stop();
    let ended = owner.block_on(load::within(load::END, running, &owner.handle()));
    if !ended {
        account.complain("the load did not end when it was told to".to_owned());
    }
    let start = Instant::now();
    owner.shutdown(load::END);
    let took = start.elapsed();
    if took > load::END {
        account.complain(format!("the shutdown took {took:?} of {:?}", load::END));
    }
    account.complaints(before)
}

/// Lets the load run for `span` and takes account of it.
fn watched(load: &Load, span: Duration) -> Account {
    let period = (span / 20).clamp(Duration::from_secs(1), Duration::from_secs(5));
    let mut account = Account::new(span);
    let start = Instant::now();
    while start.elapsed() < span {
        thread::sleep(period);
        account.take(start.elapsed(), load.counts());
    }
    account
}

fn start<B: Backend>() -> B::Owner {
    B::start(&Setup::default()).expect("threads and descriptors are left")
}

/// What a backend starts once in a process is there before anything is counted.
fn once_in_a_process<B: Backend>() {
    let owner = start::<B>();
    owner.block_on(load::first_use(&owner.handle()));
    drop(owner);
    thread::sleep(Duration::from_millis(100));
}
