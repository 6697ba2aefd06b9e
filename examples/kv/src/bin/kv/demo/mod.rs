//! `kv demo`: a store on each runtime, driven, killed, and measured.
//!
//! ```text
//!   for each runtime:  checks -> load, pipelined -> kill -9 under load, restart
//!   then:              one row each
//! ```
//!
//! The stores are child processes of this one, so that they can be killed. It knows the command
//! line of `kv serve` and the protocol, and nothing of the library. `main` calls it.

mod checks;
mod load;
mod report;
mod store;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyrt::native::{self, Native};
use anyrt::time;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::report::Report;
use crate::choice::Choice;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Seconds of load on each runtime.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Clients at one time.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    clients: u16,
    /// Commands that a client sends before it reads their replies.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pipeline: u16,
}

/// The runtimes in the order of the table.
const CHOICES: [Choice; 3] = [Choice::Native, Choice::Tokio, Choice::Smol];

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let owner = native::Builder::new().build()?;
    let rt = owner.handle();
    let reports = owner.block_on(async {
        let show = Show::new(&rt, arguments);
        let mut reports = Vec::new();
        for choice in CHOICES {
            reports.push(play(choice, &show).await);
        }
        show.bar.finish_and_clear();
        reports
    });
    owner.shutdown(Duration::from_secs(1));
    println!("{}", report::table(&reports, arguments.pipeline));
    for failure in reports.iter().flat_map(Report::failures) {
        println!("failed: {failure}");
    }
    let all_passed = reports.iter().all(Report::passed);
    Ok(if all_passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What every act of the demo needs.
struct Show<'a> {
    /// The runtime on which the demo itself runs.
    rt: &'a Native,
    arguments: &'a Arguments,
    bar: ProgressBar,
}

impl<'a> Show<'a> {
    fn new(rt: &'a Native, arguments: &'a Arguments) -> Self {
        let ticks = CHOICES.len() as u64 * (ticks(arguments.load_time()) + 2 * ticks(KILL_AFTER));
        let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(ticks).with_style(style);
        Self { rt, arguments, bar }
    }

    /// Waits, and lets the bar move meanwhile.
    async fn wait(&self, duration: Duration) {
        for _ in 0..ticks(duration) {
            time::sleep_in(TICK, self.rt).await;
            self.bar.inc(1);
        }
    }
}

impl Arguments {
    fn load_time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis() / TICK.as_millis()).unwrap_or(u64::MAX)
}

/// One runtime: what went well, and how fast.
async fn play(choice: Choice, show: &Show<'_>) -> Report {
    let mut report = Report::new(choice);
    show.bar
        .set_message(format!("{choice}: words and deadlines"));
    report.take(
        "the store answers",
        checks::words_and_deadlines(choice, show).await,
    );
    show.bar.set_message(format!("{choice}: pipelined load"));
    match load::measure(choice, show).await {
        Ok(speed) => {
            report.take("every reply under load is right", Ok(()));
            report.speed = Some(speed);
        }
        Err(error) => report.take("every reply under load is right", Err(error)),
    }
    show.bar
        .set_message(format!("{choice}: kill -9 and restart"));
    for (name, outcome) in checks::kill_and_restart(choice, show).await {
        report.take(name, outcome);
    }
    report
}

const TICK: Duration = Duration::from_millis(50);

/// How long writes go on before the store is killed, and how long it then has to start again.
const KILL_AFTER: Duration = Duration::from_millis(1500);
