//! `cargo xtask tsan` and `cargo xtask asan`: native's tests and laws in a build in which a
//! sanitizer watches every access to memory, std's own among them.
//!
//! A sanitizer that finds nothing may be one that does not look: it is shown programs with a
//! planted defect first. It knows the tests by their names and nothing of what they are about.
//! `main.rs` calls it.

mod laws;
mod planted;
mod reports;
mod sanitizer;

use std::path::{Path, PathBuf};
use std::process::Command;

use self::reports::Reports;
pub(crate) use self::sanitizer::{ADDRESS, Sanitizer, THREAD};
use crate::build::{self, Program};
use crate::step::{self, Stopwatch};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only tests and laws whose name contains one of these
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,

    /// The short form, for CI: units, tasks, and the laws of tasks and wakers
    #[arg(long)]
    quick: bool,

    /// Bounds on times are so much wider, for a sanitizer is slow
    #[arg(long, value_name = "FACTOR", default_value_t = 8.0)]
    time_scale: f64,
}

/// Shows the sanitizer the planted defects, then the tests, then the laws; an error if it does not
/// find those, finds others, or one of the tests fails.
pub(crate) fn run(root: &Path, sanitizer: &Sanitizer, options: &Options) -> Result<(), String> {
    let clock = Stopwatch::start();
    build::require_std_sources()?;
    let place = Place::new(root, sanitizer)?;
    planted::check(&place, sanitizer)?;
    println!("==> build the tests with the {} sanitizer", sanitizer.name);
    let building = Stopwatch::start();
    let programs = build::programs(&mut place.cargo(sanitizer, root, options))?;
    println!("    {:.1} s", building.seconds());
    let is_laws = |program: &Program| program.name == laws::PROGRAM;
    let (laws, mut tests): (Vec<_>, Vec<_>) = programs.into_iter().partition(is_laws);
    tests.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
    let laws = laws.first().ok_or("the build named no program of laws")?;
    let mut failed = Vec::new();
    for test in &tests {
        let mut command = place.command(sanitizer, test, options);
        command.arg("--quiet").args(&options.filters);
        let run = step::run(&mut command);
        failed.extend(run.err());
        failed.extend(place.reports.said_by(&test.name)?);
    }
    let run = laws::run(root, &place, sanitizer, laws, options);
    failed.extend(run.err());
    failed.extend(place.reports.said_by("the laws")?);
    println!("{} sanitizer: {:.0} s", sanitizer.name, clock.seconds());
    match failed.is_empty() {
        true => Ok(()),
        false => Err(failed.join("; ")),
    }
}

impl Options {
    /// True if no filter leaves this law out, as the program of the laws has it.
    fn is_meant(&self, law: &str) -> bool {
        let id = law.split('_').next().unwrap_or(law).to_uppercase();
        let is_it = |filter: &String| law.contains(filter.as_str()) || *filter == id;
        self.filters.is_empty() || self.filters.iter().any(is_it)
    }
}

/// Where a sanitizer's builds and reports are.
#[derive(Debug)]
struct Place {
    /// Apart, so that its flags do not make the usual builds start anew.
    target: PathBuf,
    reports: Reports,
    /// The system that it is built for, which is this one.
    host: String,
}

impl Place {
    fn new(root: &Path, sanitizer: &Sanitizer) -> Result<Self, String> {
        let target = step::target_folder(root).join(sanitizer.key);
        Ok(Self {
            reports: Reports::in_folder(target.join("reports"))?,
            target,
            host: build::host()?,
        })
    }

    /// A build of cargo with the sanitizer in all that runs, std too: what it does not see it calls
    /// a race, or misses.
    fn build(&self, sanitizer: &Sanitizer, verb: &str) -> Command {
        let mut cargo = step::cargo();
        cargo
            .args([verb, "-Zbuild-std", "--target", &self.host])
            // The flags are unstable ones of a stable toolchain.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", sanitizer.flags)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0");
        cargo
    }

    /// The build of the tests.
    fn cargo(&self, sanitizer: &Sanitizer, root: &Path, options: &Options) -> Command {
        let mut cargo = self.build(sanitizer, "test");
        cargo
            .args(["--no-run", "--package", "anyrt-native", "--lib"])
            .current_dir(root);
        let tests = match options.quick {
            true => &TESTS[..N_QUICK],
            false => {
                cargo.args(["--package", "anyrt-kit"]);
                &TESTS[..]
            }
        };
        for test in tests {
            cargo.args(["--test", test]);
        }
        cargo
    }

    /// A program as cargo would run it, with the sanitizer told what to do.
    fn command(&self, sanitizer: &Sanitizer, program: &Program, options: &Options) -> Command {
        let mut command = Command::new(&program.path);
        command
            .current_dir(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env("LAWS_TIME_SCALE", options.time_scale.to_string())
            // To find the lines of one backtrace takes it longer than most tests may.
            .env("RUST_BACKTRACE", "0")
            .envs(self.watching(sanitizer));
        command
    }

    /// What the sanitizer itself heeds.
    fn watching(&self, sanitizer: &Sanitizer) -> impl Iterator<Item = (&'static str, String)> {
        let log = self.reports.option();
        let options = sanitizer.options.iter();
        options.map(move |(name, options)| (*name, format!("{options}:{log}")))
    }
}

/// The tests of native, the laws among them; the first ones are the short form.
const TESTS: [&str; 5] = [laws::PROGRAM, "tasks", "net", "stuck", "builder"];
const N_QUICK: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(quick: bool) -> String {
        let options = Options {
            filters: Vec::new(),
            quick,
            time_scale: 8.0,
        };
        let folder = tempfile::tempdir().expect("a folder can be made");
        let place = Place {
            target: folder.path().to_owned(),
            reports: Reports::in_folder(folder.path().join("reports")).expect("it can be made"),
            host: "a-system".to_owned(),
        };
        let command = place.cargo(&THREAD, folder.path(), &options);
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
        arguments.join(" ")
    }

    #[test]
    fn a_filter_is_a_part_of_a_laws_name_or_its_id() {
        let options = |filter: &str| Options {
            filters: vec![filter.to_owned()],
            quick: false,
            time_scale: 8.0,
        };
        assert!(options("L027").is_meant("l027_every_combination"));
        assert!(options("every").is_meant("l027_every_combination"));
        assert!(!options("L02").is_meant("l027_every_combination"));
    }

    #[test]
    fn the_short_form_is_a_part_of_the_long_one() {
        let quick = arguments(true);
        assert!(quick.contains("-Zbuild-std --target a-system "), "{quick}");
        assert!(
            quick.ends_with("--lib --test conformance --test tasks"),
            "{quick}"
        );
        let whole = arguments(false);
        assert!(whole.contains("--package anyrt-kit"), "{whole}");
        assert!(whole.ends_with("--test stuck --test builder"), "{whole}");
    }
}
