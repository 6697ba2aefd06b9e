//! The command line of a conformance program: libtest's, and the choice of a group.
//!
//! What laws themselves heed comes by the environment (`LAWS_TIME_SCALE`, `LAWS_WORKERS`), so that
//! it reaches them through `cargo test --workspace` too, and the processes that they run in.

use clap::{Parser, ValueEnum};

use crate::{Backend, GROUPS, Group, Law};

/// Holds a backend against the laws of anyrt. Each runs in a process of its own.
#[derive(Debug, Clone, Default, Parser)]
#[command(disable_version_flag = true)]
pub(super) struct Arguments {
    /// Only laws whose name contains one of these, or whose id it is (`drop`, `l015`, `L015`)
    filters: Vec<String>,

    /// Only laws of these groups (`TM`); may be given several times, or with commas between
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',', value_parser = group)]
    groups: Vec<&'static Group>,

    /// Filters are whole names
    #[arg(long)]
    exact: bool,

    /// Not laws whose name contains this; may be given several times
    #[arg(long, value_name = "FILTER")]
    skip: Vec<String>,

    /// Only laws that need what the backend has not got: they are reported and do not run
    #[arg(long)]
    pub(super) ignored: bool,

    /// List the laws and run none; with `--format json`, all that is known of each
    #[arg(long)]
    pub(super) list: bool,

    /// What is written: a line a law, a letter a law, or JSON lines
    #[arg(long, value_enum, default_value_t, conflicts_with = "quiet")]
    format: Format,

    /// The same as `--format terse`
    #[arg(long, short)]
    quiet: bool,

    /// How many laws run at once; those that measure time run alone in any case
    #[arg(long, value_name = "N")]
    test_threads: Option<usize>,

    /// Write the seconds that each law took
    #[arg(long, visible_alias = "no-capture")]
    pub(super) nocapture: bool,

    #[command(flatten)]
    unused: Unused,
}

/// What libtest takes besides, and what changes nothing here.
#[derive(Debug, Clone, Default, clap::Args)]
struct Unused {
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, hide = true)]
    test: bool,
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, hide = true)]
    color: Option<String>,
    #[arg(long, hide = true)]
    logfile: Option<String>,
    #[arg(short = 'Z', hide = true)]
    unstable: Option<String>,
}

/// What a run writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A line a law, for people.
    #[default]
    Pretty,
    /// A letter a law.
    Terse,
    /// JSON lines, for programs.
    Json,
}

impl Arguments {
    /// The laws that are asked for, and how many are left out.
    pub(super) fn choose<B: Backend>(&self, laws: Vec<Law<B>>) -> (Vec<Law<B>>, usize) {
        let total = laws.len();
        let chosen: Vec<_> = laws.into_iter().filter(|law| self.includes(law)).collect();
        let filtered = total - chosen.len();
        (chosen, filtered)
    }

    /// True if no law is left out.
    pub(super) fn is_whole(&self) -> bool {
        self.filters.is_empty() && self.groups.is_empty() && self.skip.is_empty() && !self.ignored
    }

    pub(super) fn format(&self) -> Format {
        match self.quiet {
            true => Format::Terse,
            false => self.format,
        }
    }

    pub(super) fn threads(&self) -> Option<usize> {
        self.test_threads
    }

    fn includes<B: Backend>(&self, law: &Law<B>) -> bool {
        let is_any_of = |filters: &[String]| filters.iter().any(|f| self.is_meant(law.name(), f));
        (self.filters.is_empty() || is_any_of(&self.filters))
            && (self.groups.is_empty() || self.groups.contains(&law.group()))
            && !is_any_of(&self.skip)
            && (!self.ignored || law.missing().is_some())
    }

    fn is_meant(&self, name: &str, filter: &str) -> bool {
        match self.exact {
            true => name == filter,
            false => name.contains(filter) || crate::law::id_of(name) == filter,
        }
    }
}

fn group(name: &str) -> Result<&'static Group, String> {
    Group::named(name).ok_or_else(|| {
        let known: Vec<_> = GROUPS.iter().map(Group::name).collect();
        format!("no such group; there are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parsed(line: &str) -> Arguments {
        Arguments::parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_cargo_and_nextest_say_is_understood() {
        let list = parsed("conformance --list --format terse --ignored");
        assert!(list.list && list.ignored && list.format() == Format::Terse);
        let one = parsed("conformance --exact l015_drop_detaches --nocapture");
        assert!(one.is_meant("l015_drop_detaches", "l015_drop_detaches"));
        assert!(!one.is_meant("l015_drop_detaches", "l015"));
        let json = parsed("conformance -Z unstable-options --format=json --test-threads=1");
        assert_eq!((json.format(), json.threads()), (Format::Json, Some(1)));
        assert!(!parsed("conformance -q l015").is_whole());
        assert!(parsed("conformance --include-ignored --show-output").is_whole());
    }

    #[test]
    fn a_filter_is_a_part_of_the_name_or_an_id() {
        let arguments = parsed("conformance");
        assert!(arguments.is_meant("l015_drop_detaches", "drop"));
        assert!(arguments.is_meant("l015_drop_detaches", "L015"));
        assert!(!arguments.is_meant("l015_drop_detaches", "L01"));
    }

    #[test]
    fn a_group_that_does_not_exist_is_an_error() {
        let names: Vec<_> = parsed("conformance --group tm,FS")
            .groups
            .iter()
            .map(|group| group.name())
            .collect();
        assert_eq!(names, ["TM", "FS"]);
        let error = Arguments::try_parse_from(["conformance", "--group", "XX"]);
        let error = error.expect_err("there is none").to_string();
        assert!(error.contains("UDP"), "{error}");
    }
}
