//! The command line of the benchmarks: `cargo run --release -p anyrt-benches -- all`.
#![forbid(unsafe_code)]

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyrt_benches::{
    apart::Once,
    client::Client,
    count::{self, OPERATIONS, Operation},
    figure::Figure,
    goals,
    report::{self, Comparison, Head, Lines, Run},
    run::{self, Plan},
    scenarios::{self, Scenario, Setup},
};
use clap::{Args, Parser};

/// Everybody's memory in this build: half of what a spawn costs may be its allocation.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Scenarios, on every backend and on the raw runtimes, in one interleaved run.
///
/// Figures go to the standard output, or to a folder, as lines of JSON; the table goes to the
/// standard error.
#[derive(Debug, Parser)]
#[command(name = "anyrt-benches")]
enum Command {
    /// Every scenario
    All(Measured),
    /// The names of the scenarios
    List,
    /// What native must reach, as lines of JSON; `cargo xtask goals` shows them
    Goals {
        #[command(flatten)]
        options: Options,
        /// Measure nothing: take what `all` has recorded, its file or the folder that has it
        #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "rounds", "workers"])]
        recorded: Option<PathBuf>,
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
    /// The report of a recorded run, made anew
    Report {
        /// A record, or the folder that has it
        record: PathBuf,
        /// The folder to write into [default: the record's]
        #[arg(long)]
        out: Option<PathBuf>,
        /// An error unless every headline has its figures
        #[arg(long)]
        whole: bool,
    },
    /// Whether native's ratios in one recorded run are those of another
    Compare {
        /// A record, or the folder that has it
        first: PathBuf,
        /// Another of the same
        second: PathBuf,
        /// An error unless they are all within their spread
        #[arg(long)]
        strict: bool,
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
    measured: Measured,
}

#[derive(Debug, Args)]
struct Measured {
    #[command(flatten)]
    options: Options,
    /// Write the figures and the report of them into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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

    /// The command that runs `what` so, as it is typed.
    fn command(&self, what: &[String]) -> String {
        let mut words = vec!["cargo run".to_owned()];
        words.extend((!cfg!(debug_assertions)).then(|| "--release".to_owned()));
        words.push("-p anyrt-benches".to_owned());
        words.extend(cfg!(feature = "mimalloc").then(|| "--features mimalloc".to_owned()));
        words.push("--".to_owned());
        words.extend_from_slice(what);
        words.extend(self.quick.then(|| "--quick".to_owned()));
        words.extend(self.rounds.map(|rounds| format!("--rounds {rounds}")));
        words.extend(self.workers.map(|workers| format!("--workers {workers}")));
        words.extend((!self.on.is_empty()).then(|| format!("--on {}", self.on.join(","))));
        words.join(" ")
    }

    fn wants(&self, contender: &str) -> bool {
        is_wanted(&self.on, contender)
    }
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::All(measured) => measure(&["all".to_owned()], scenarios::all(), &measured),
        Command::Named(arguments) => {
            let Named { names, measured } = Named::parse_from(arguments);
            named(&names).and_then(|scenarios| measure(&names, scenarios, &measured))
        }
        Command::Report { record, out, whole } => rebuild(&record, out.as_deref(), whole),
        Command::Compare {
            first,
            second,
            strict,
        } => compare(&first, &second, strict),
        Command::List => {
            for scenario in scenarios::all() {
                println!("{:20} {}", scenario.name, scenario.what);
            }
            Ok(())
        }
        Command::Goals {
            options,
            recorded,
            rows,
        } => hold(&rows, &options, recorded.as_deref()),
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

/// The scenarios of these names.
fn named(names: &[String]) -> io::Result<Vec<Scenario>> {
    let mut all = scenarios::all();
    let known = |name: &&String| all.iter().any(|scenario| scenario.name == **name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let text = format!("no scenario `{unknown}`; `list` has them");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    all.retain(|scenario| names.iter().any(|name| name == scenario.name));
    Ok(all)
}

/// Runs them, writes what comes of it, and with a folder makes a report there.
fn measure(what: &[String], scenarios: Vec<Scenario>, measured: &Measured) -> io::Result<()> {
    let options = &measured.options;
    let plan = options.plan()?;
    let wanted = |contender: &str| options.wants(contender);
    let head = Head::now(options.command(what), plan, &scenarios, wanted)?;
    let out: Box<dyn Write> = match &measured.out {
        Some(folder) => {
            fs::create_dir_all(folder)?;
            Box::new(File::create(folder.join(report::RECORD))?)
        }
        None => Box::new(io::stdout().lock()),
    };
    let mut lines = Lines::new(out, &head)?;
    let mut figures: Vec<Figure> = Vec::new();
    run::all(&scenarios, plan, wanted, |new| {
        figures.extend_from_slice(new);
        lines.figures(new)
    })?;
    eprintln!("{}", report::markdown(&figures));
    match &measured.out {
        Some(folder) => rebuild(folder, None, false),
        None => Ok(()),
    }
}

/// Makes the report of what was recorded.
fn rebuild(record: &Path, out: Option<&Path>, whole: bool) -> io::Result<()> {
    let run = Run::read(record)?;
    if whole {
        let error = |text| io::Error::other(format!("{}: {text}", record.display()));
        report::require_all(&run).map_err(error)?;
    }
    let beside = match record.is_dir() {
        true => Some(record),
        false => record.parent(),
    };
    let folder = out.or(beside).unwrap_or(Path::new(""));
    report::write(&run, folder)?;
    eprintln!("wrote {}", folder.join("report.html").display());
    Ok(())
}

fn compare(first: &Path, second: &Path, strict: bool) -> io::Result<()> {
    let (first, second) = (Run::read(first)?, Run::read(second)?);
    for (name, run) in [("first", &first), ("second", &second)] {
        println!(
            "{name}: `{}`, {}. {}",
            run.head.command,
            run.head.date,
            run.head.sentence()
        );
    }
    let comparison = Comparison::of(&first, &second);
    println!("\n{}\n\n{}", comparison.table(), comparison.sum());
    match strict && !comparison.is_held() {
        true => Err(io::Error::other("the second run is not within the spread")),
        false => Ok(()),
    }
}

/// Measures what the goals are of, or takes it from a record, and says of each whether it is held.
fn hold(wanted: &[String], options: &Options, record: Option<&Path>) -> io::Result<()> {
    let is_meant =
        |row: &&goals::Row| wanted.is_empty() || wanted.iter().any(|text| row.is_meant_by(text));
    let rows: Vec<_> = goals::ROWS.iter().filter(is_meant).collect();
    if rows.is_empty() {
        let text = "no row is meant by that; `cargo xtask goals --help` says what can be given";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let (head, figures) = match record {
        Some(record) => {
            let run = Run::read(record)?;
            let figures = goals::recorded(&run, goals::is_contender);
            (run.head, figures)
        }
        None => measure_goals(wanted, &rows, options)?,
    };
    let mut lines = Lines::new(io::stdout().lock(), &head)?;
    for row in rows {
        let judged = row.judge(&figures).map_err(io::Error::other)?;
        judged.iter().try_for_each(|goal| lines.record(goal))?;
    }
    Ok(())
}

/// The figures that those rows need.
fn measure_goals(
    wanted: &[String],
    rows: &[&goals::Row],
    options: &Options,
) -> io::Result<(Head, Vec<Figure>)> {
    let mut scenarios = scenarios::all();
    scenarios.retain(|scenario| rows.iter().any(|row| row.needs(scenario.name)));
    let plan = options.plan()?;
    let what = [&["goals".to_owned()], wanted].concat();
    let command = options.command(&what);
    let head = Head::now(command, plan, &scenarios, goals::is_contender)?;
    let mut figures: Vec<Figure> = Vec::new();
    run::all(&scenarios, plan, goals::is_contender, |new| {
        figures.extend_from_slice(new);
        Ok(())
    })?;
    Ok((head, figures))
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
