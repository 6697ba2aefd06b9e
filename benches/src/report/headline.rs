//! The few rows that stand for all: their names, as data, and their table.
//!
//! The same rows whatever they say. It knows nothing of where the table goes.

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use super::{Row, Run, short};
use crate::figure::Range;

/// A row that stands for others.
#[derive(Clone, Copy, Debug)]
pub struct Headline {
    /// What a reader is told that it is.
    pub title: &'static str,
    /// The scenario's name.
    pub scenario: &'static str,
    /// The metric's name within it.
    pub metric: &'static str,
}

/// All of them, in the order in which they are shown.
pub const HEADLINES: [Headline; 10] = [
    headline("start and join 10,000 tasks", "spawn_join", ""),
    headline("1,000 tasks, each starts the next", "chained_spawn", ""),
    headline("ping-pong of 1,000 pairs", "ping_pong", ""),
    headline("set and drop a timeout", "timeouts", "1 tasks"),
    headline("100,000 sleeps, processor time", "sleeps", "processor time"),
    headline(
        "random read of 4 KiB, cached",
        "file_random",
        "4096 B, 1 tasks",
    ),
    headline("`fs::read` of 1 KiB, cached", "file_whole", "1024 B"),
    headline("echo, 100 connections", "echo_100", "throughput"),
    headline("memory of an idle connection", "memory_connections", ""),
    headline(
        "others done, every worker blocked",
        "blocked",
        "others done",
    ),
];

const fn headline(title: &'static str, scenario: &'static str, metric: &'static str) -> Headline {
    Headline {
        title,
        scenario,
        metric,
    }
}

/// The backend whose ratio stands in the table and in the plot, and those beside it.
pub(super) const NATIVE: &str = "native";
const OURS: [&str; 3] = [NATIVE, "tokio", "smol"];

impl Headline {
    /// Its row.
    pub(super) fn row<'a>(&self, run: &'a Run) -> Option<&'a Row> {
        run.row(self.scenario, self.metric)
    }
}

/// Native's ratio to the best peer of a row, and that peer's name.
pub(super) fn native_ratio(row: &Row) -> Option<(Range, &str)> {
    let (native, best) = (row.entry(NATIVE)?, row.best_peer()?);
    Some((row.ratio(native, best), &best.contender))
}

/// The table of all headlines of which there are figures.
pub(super) fn markdown(run: &Run) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(COLUMNS);
    for row in rows(run) {
        table.add_row(row);
    }
    format!("{table}\n")
}

/// What a line of [`rows`] has.
pub(super) const COLUMNS: [&str; 7] = [
    "",
    "unit",
    OURS[0],
    OURS[1],
    OURS[2],
    "best raw runtime",
    "native beside it",
];

/// The lines of the table.
pub(super) fn rows(run: &Run) -> impl Iterator<Item = [String; 7]> {
    let line = |headline: &Headline| Some(line(headline, headline.row(run)?));
    HEADLINES.iter().filter_map(line)
}

fn line(headline: &Headline, row: &Row) -> [String; 7] {
    let nothing = || "-".to_owned();
    let [native, tokio, smol] = OURS.map(|contender| {
        let entry = row.entry(contender);
        entry.map_or_else(nothing, |entry| short(entry.range().median))
    });
    let best = row.best_peer().map(|best| {
        let name = best.contender.trim_start_matches("raw-");
        format!("{name} {}", short(best.range().median))
    });
    let ratio = native_ratio(row).map(|(ratio, _)| ratio_text(row, ratio));
    [
        headline.title.to_owned(),
        row.metric.unit.clone(),
        native,
        tokio,
        smol,
        best.unwrap_or_else(nothing),
        ratio.unwrap_or_else(nothing),
    ]
}

/// The ratio, from where to where it went, and whether that is far.
pub(super) fn ratio_text(row: &Row, ratio: Range) -> String {
    let noisy = if row.is_noisy(ratio) { ", noisy" } else { "" };
    format!(
        "{:.2}x ({:.2} to {:.2}{noisy})",
        ratio.median, ratio.min, ratio.max
    )
}

/// That a run may stand for the whole: no look, and every headline with all its figures.
///
/// # Errors
///
/// What it lacks.
pub fn require_all(run: &Run) -> Result<(), String> {
    if run.head.quick {
        return Err("it is of a look, `--quick`".to_owned());
    }
    for headline in &HEADLINES {
        let missing = |whose: &str| {
            let (scenario, metric) = (headline.scenario, headline.metric);
            format!("it has no figure of {whose} for {scenario}, {metric}")
        };
        let row = headline.row(run).ok_or_else(|| missing("anybody"))?;
        if let Some(absent) = OURS.iter().find(|ours| row.entry(ours).is_none()) {
            return Err(missing(absent));
        }
        row.best_peer().ok_or_else(|| missing("a raw runtime"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{goals::ROWS, report::sample};

    #[test]
    fn a_headline_shows_losses_as_it_shows_gains() {
        let text = markdown(&sample::run());
        let line = |start: &str| {
            let mut lines = text.lines();
            let found = lines.find(|line| line.starts_with(&format!("| {start}")));
            let cells = found.unwrap_or_else(|| panic!("{text}")).split('|');
            cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        };
        let gain = [
            "us",
            "100",
            "400",
            "500",
            "tokio 300",
            "3.00x (2.90 to 3.10)",
        ];
        assert_eq!(line("start and join")[2..8], gain);
        let loss = [
            "/s",
            "80000",
            "90000",
            "70000",
            "tokio 100000",
            "0.80x (0.60 to 1.00, noisy)",
        ];
        assert_eq!(line("echo, 100")[2..8], loss);
        assert_eq!(text.lines().count(), 4, "{text}");
    }

    #[test]
    fn a_run_that_lacks_a_headline_is_not_whole() {
        let mut run = sample::run();
        let error = require_all(&run).expect_err("it has two scenarios");
        assert!(error.contains("anybody for chained_spawn"), "{error}");
        run.rows[0]
            .entries
            .retain(|entry| entry.contender != "smol");
        let error = require_all(&run).expect_err("one is gone");
        assert!(error.contains("smol for spawn_join"), "{error}");
        run.head.quick = true;
        assert!(require_all(&run).expect_err("a look").contains("--quick"));
    }

    #[test]
    fn every_headline_is_measured() {
        // The goals' figures are found by a test that measures them.
        for headline in &HEADLINES {
            let mut goals = ROWS.iter().flat_map(|row| row.goals);
            let names = (headline.scenario, headline.metric);
            let is_goal = goals.any(|goal| (goal.scenario, goal.metric) == names);
            assert!(is_goal, "{names:?} is no goal");
        }
    }
}
