//! The command line of the benchmarks: `cargo run --release -p anyrt-benches -- all`.
#![forbid(unsafe_code)]

use std::{io, process::ExitCode};

use anyrt_benches::{
    apart::Once,
    client::Client,
    count::{self, OPERATIONS, Operation},
    figure::Figure,
    goals,
    report::{self, Lines},
    run::{self, Plan},
    scenarios::{self, Setup},
};
use clap::{Args, Parser};

/// Everybody's memory in this build: half of what a spawn costs may be its allocation.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Scenarios, on every backend and on the raw runtimes, in one interleaved run.
///
/// Figures go to the standard output as lines of JSON, the table to the standard error.
#[derive(Debug, Parser)]
#[command(name = "anyrt-benches")]
enum Command {
    /// Every scenario
    All(Options),
    /// The names of the scenarios
    List,
    /// What native must reach, as lines of JSON; `cargo xtask goals` shows them
    Goals {
        #[command(flatten)]
        options: Options,
        /// Only rows of such names or scenarios
        rows: Vec<String>,
    },
    /// Instructions an operation, by callgrind
    Count {
        /// Only these contenders
        #[arg(long, value_delimiter = ',')]
        on: Vec<String>,
        /// Only these operations
        operations: Vec<Operation>,
    },
    /// What `count` counts
    #[command(hide = true)]
    Loop {
        operation: Operation,
        contender: String,
        n_times: usize,
    },
    /// One scenario on one contender, as another process of this program asks for it
    #[command(hide = true)]
    Once(Once),
    /// The client of a scenario, which sends and reads over many connections
    #[command(hide = true)]
    Client(Client),
    /// The scenarios that are named, before the options
    #[command(external_subcommand)]
    Named(Vec<String>),
}

#[derive(Debug, Parser)]
#[command(name = "anyrt-benches NAME..", no_binary_name = true)]
struct Named {
    names: Vec<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
struct Options {
    /// A look: fewer rounds of less
    #[arg(long)]
    quick: bool,
    /// Rounds [default: 5, or 2 for a look]
    #[arg(long)]
    rounds: Option<usize>,
    /// Workers [default: one a processor]
    #[arg(long)]
    workers: Option<usize>,
    /// Only these contenders
    #[arg(long, value_delimiter = ',')]
    on: Vec<String>,
}

impl Options {
    fn plan(&self) -> io::Result<Plan> {
        let workers = match self.workers {
            Some(workers) => workers,
            None => std::thread::available_parallelism()?.get(),
        };
        let usual = if self.quick { 2 } else { 5 };
        Ok(Plan {
            rounds: self.rounds.unwrap_or(usual).max(1),
            setup: Setup {
                workers,
                quick: self.quick,
            },
        })
    }
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::All(options) => measure(None, &options),
        Command::Named(arguments) => {
            let Named { names, options } = Named::parse_from(arguments);
            measure(Some(&names), &options)
        }
        Command::List => {
            for scenario in scenarios::all() {
                println!("{:20} {}", scenario.name, scenario.what);
            }
            Ok(())
        }
        Command::Goals { options, rows } => hold(&rows, &options),
        Command::Count { on, operations } => instructions(&on, operations),
        Command::Once(once) => once.answer(),
        Command::Client(client) => client.answer(),
        Command::Loop {
            operation,
            contender,
            n_times,
        } => count::run_loop(operation, &contender, n_times),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(names: Option<&[String]>, options: &Options) -> io::Result<()> {
    let mut all = scenarios::all();
    if let Some(names) = names {
        let known = |name: &&String| all.iter().any(|scenario| scenario.name == **name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            let text = format!("no scenario `{unknown}`; `list` has them");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        all.retain(|scenario| names.iter().any(|name| name == scenario.name));
    }
    let plan = options.plan()?;
    let mut lines = Lines::new(io::stdout().lock(), plan)?;
    let mut figures: Vec<Figure> = Vec::new();
    run::all(
        &all,
        plan,
        |contender| is_wanted(&options.on, contender),
        |new| {
            figures.extend_from_slice(new);
            lines.figures(new)
        },
    )?;
    eprintln!("{}", report::markdown(&figures));
    Ok(())
}

/// Measures what the goals are of, and says of each whether it is held.
fn hold(wanted: &[String], options: &Options) -> io::Result<()> {
    let is_meant =
        |row: &&goals::Row| wanted.is_empty() || wanted.iter().any(|text| row.is_meant_by(text));
    let rows: Vec<_> = goals::ROWS.iter().filter(is_meant).collect();
    if rows.is_empty() {
        let text = "no row is meant by that; `cargo xtask goals --help` says what can be given";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let mut scenarios = scenarios::all();
    scenarios.retain(|scenario| rows.iter().any(|row| row.needs(scenario.name)));
    let plan = options.plan()?;
    let mut lines = Lines::new(io::stdout().lock(), plan)?;
    let mut figures: Vec<Figure> = Vec::new();
    run::all(&scenarios, plan, goals::is_contender, |new| {
        figures.extend_from_slice(new);
        Ok(())
    })?;
    for row in rows {
        let judged = row.judge(&figures).map_err(io::Error::other)?;
        judged.iter().try_for_each(|goal| lines.record(goal))?;
    }
    Ok(())
}

fn instructions(on: &[String], mut operations: Vec<Operation>) -> io::Result<()> {
    if operations.is_empty() {
        operations.extend(OPERATIONS);
    }
    let mut lines = Lines::bare(io::stdout().lock());
    let mut figures = Vec::new();
    for operation in operations {
        let new = count::count(operation, |contender| is_wanted(on, contender))?;
        lines.figures(&new)?;
        figures.extend(new);
    }
    eprintln!("{}", report::markdown(&figures));
    Ok(())
}

/// All of them, unless some are named.
fn is_wanted(named: &[String], contender: &str) -> bool {
    named.is_empty() || named.iter().any(|name| name == contender)
}
