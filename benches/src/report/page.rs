//! `report.md`: the headlines, then a table a scenario.
//!
//! It knows nothing of plots but the name of one.

use std::fmt::Write as _;

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use super::{
    Entry, Row, Run,
    head::Planned,
    headline::{self, ratio_text},
    short,
};

/// The whole page.
pub(super) fn markdown(run: &Run) -> String {
    let head = &run.head;
    let mut text = format!(
        "# Figures of the benchmarks\n\n`{}`, {}.\n{}\n\n{HOW_TO_READ}\n## Headlines\n\n{}",
        head.command,
        head.date,
        head.sentence(),
        headline::markdown(run),
    );
    let _ = write!(text, "\n![{OVERVIEW}](overview.svg)\n");
    for planned in &head.scenarios {
        let _ = write!(text, "\n## {}\n\n{}.\n", planned.name, planned.what);
        let absent = absent(run, planned);
        if !absent.is_empty() {
            let _ = writeln!(text, "No figure of {}.", absent.join(", "));
        }
        let _ = write!(text, "\n{}\n", table(run, planned));
    }
    text
}

/// A line a metric and contender.
fn table(run: &Run, planned: &Planned) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(COLUMNS);
    for row in rows(run, planned) {
        for entry in &row.entries {
            table.add_row(cells(row, entry));
        }
    }
    table
}

/// The rows of a scenario.
pub(super) fn rows<'a>(run: &'a Run, planned: &Planned) -> impl Iterator<Item = &'a Row> {
    let rows = run.rows.iter();
    rows.filter(|row| row.scenario == planned.name)
}

/// Who was to run a scenario and has no figure of it.
pub(super) fn absent<'a>(run: &Run, planned: &'a Planned) -> Vec<&'a str> {
    let contenders = planned.contenders.iter().map(String::as_str);
    contenders
        .filter(|name| !rows(run, planned).any(|row| row.entry(name).is_some()))
        .collect()
}

/// What [`cells`] are.
pub(super) const COLUMNS: [&str; 7] = [
    "metric",
    "contender",
    "median",
    "unit",
    "spread",
    "beside the best raw runtime",
    "",
];

/// A line of a table.
pub(super) fn cells(row: &Row, entry: &Entry) -> [String; 7] {
    let range = entry.range();
    let beside = row
        .best_peer()
        .map(|best| match best.contender == entry.contender {
            true => "is the best raw runtime".to_owned(),
            false => ratio_text(row, row.ratio(entry, best)),
        });
    [
        row.metric.name.clone(),
        entry.contender.clone(),
        short(range.median),
        row.metric.unit.clone(),
        format!("{:.0} %", range.spread()),
        beside.unwrap_or_default(),
        if row.is_noisy(range) { "noisy" } else { "" }.to_owned(),
    ]
}

/// What the overview shows.
pub(super) const OVERVIEW: &str = "How many times as good native is as the best raw runtime";

/// What stands above the tables.
pub(super) const HOW_TO_READ: &str = "\
A figure is the median of the rounds; its spread is half their range, in per cent.
*Noisy* is what spreads by more than 10 %, or 20 % where a network has a part in it.
The ratio says how many times as good as the best raw runtime: taken round by round, the median, \
and from where to where it went; less than 1 is a loss.
`native`, `tokio` and `smol` are anyrt's backends, `any-` is one behind `AnyRuntime`, `raw-tokio`, \
`raw-smol` and `async-std` are the runtimes themselves, all others are controls.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn line(scenario: &str, contender: &str) -> Vec<String> {
        let run = sample::run();
        let row = run.rows.iter().find(|row| row.scenario == scenario);
        let row = row.expect("it is in the sample");
        let entry = row.entry(contender).expect("it is in the sample");
        cells(row, entry).to_vec()
    }

    #[test]
    fn what_spreads_widely_is_noisy_by_its_scenarios_bound() {
        // 15 % and a bound of 10.
        let tokio = line("spawn_join", "tokio");
        assert_eq!(tokio[4..], ["15 %", "0.75x (0.67 to 0.85, noisy)", "noisy"]);
        // 25 % and a bound of 20.
        let native = line("echo_100", "native");
        assert_eq!(
            native[4..],
            ["25 %", "0.80x (0.60 to 1.00, noisy)", "noisy"]
        );
        let raw = line("spawn_join", "raw-tokio");
        assert_eq!(raw[4..], ["3 %", "is the best raw runtime", ""]);
    }

    #[test]
    fn every_figure_has_a_line() {
        let run = sample::run();
        let text = markdown(&run);
        let n_entries: usize = run.rows.iter().map(|row| row.entries.len()).sum();
        let n_headlines = 2;
        let lines = text.lines().filter(|line| line.starts_with("| "));
        // Each of the three tables has a line of heads.
        assert_eq!(lines.count(), n_entries + n_headlines + 3, "{text}");
        assert!(
            text.contains("`cargo run -- all`, 2026-01-02T03:04:05Z."),
            "{text}"
        );
    }

    #[test]
    fn who_has_no_figure_is_named() {
        let text = markdown(&sample::run());
        assert_eq!(
            text.matches("No figure of async-std.\n").count(),
            1,
            "{text}"
        );
        assert_eq!(text.matches("No figure of").count(), 1, "{text}");
    }
}
