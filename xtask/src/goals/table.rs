//! What a person reads of the runs: a line a goal, and how many rows fall short.
//!
//! It knows nothing of how the runs came about.

use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};

use super::record::{Goal, Run, Weight};

/// On what it was measured, and with which allocator.
pub(crate) fn head(run: &Run) -> String {
    let machine = &run.machine;
    let look = if machine.quick { ", a look" } else { "" };
    format!(
        "With {}: {} workers, {} rounds{look}; {}, Linux {}.\n",
        run.allocator.title, machine.workers, machine.rounds, machine.processor, machine.kernel,
    )
}

/// A line a goal.
pub(crate) fn goals(run: &Run, markdown: bool) -> Table {
    let mut table = Table::new();
    table.load_style(if markdown {
        ASCII_MARKDOWN
    } else {
        UTF8_FULL_CONDENSED
    });
    table.set_header([
        "workload", "native", "beside", "ratio", "spread", "goal", "",
    ]);
    let mut last = "";
    for goal in &run.goals {
        let name = match (goal.row.as_str() == last, goal.part.as_str()) {
            (false, "") => goal.row.clone(),
            (false, part) => format!("{}: {part}", goal.row),
            (true, part) => format!(".. {part}"),
        };
        last = &goal.row;
        let beside = match (&goal.other, goal.other_figure) {
            (Some(other), Some(figure)) => format!("{other} {}", short(figure)),
            _ => String::new(),
        };
        table.add_row([
            name,
            format!("{} {}", short(goal.native), goal.unit),
            beside,
            goal.ratio
                .map_or(String::new(), |ratio| format!("{ratio:.2}x")),
            format!("{:.0} %", goal.spread),
            goal.goal.clone(),
            verdict(goal).to_owned(),
        ]);
    }
    table
}

fn verdict(goal: &Goal) -> &'static str {
    match (goal.is_short, goal.is_noisy, goal.weight) {
        (false, false, _) => "held",
        (false, true, _) => "noisy, held",
        (true, true, _) => "noisy, short",
        (true, false, Weight::Must) => "SHORT, must not be",
        (true, false, Weight::Counts) => "SHORT",
        (true, false, Weight::Shown) => "short, not counted",
    }
}

/// How many rows fall short, and which. A row that does with one allocator does.
pub(crate) fn sums(runs: &[Run]) -> String {
    let of = |weight| rows(runs, |goal| goal.is_short && goal.weight == weight);
    let (must, counts, shown) = (of(Weight::Must), of(Weight::Counts), of(Weight::Shown));
    let all_short = [must.as_slice(), &counts].concat();
    let mut text = format!("rows short: {} of at most {SHORT_MAX}", all_short.len());
    let _ = match all_short.is_empty() {
        true => writeln!(text),
        false => writeln!(text, ": {}", all_short.join(", ")),
    };
    let all_must = rows(runs, |goal| goal.weight == Weight::Must);
    let must = match must.is_empty() {
        true => "none".to_owned(),
        false => must.join(", "),
    };
    let _ = writeln!(text, "of the {} that must not be: {must}", all_must.len());
    if !shown.is_empty() {
        let _ = writeln!(text, "short and not counted: {}", shown.join(", "));
    }
    let noisy = rows(runs, |goal| goal.is_noisy);
    if !noisy.is_empty() {
        let _ = writeln!(
            text,
            "noisy, so that nothing is claimed of them: {}",
            noisy.join(", ")
        );
    }
    text
}

/// An error if a row is short that must not be, or more of them than may.
pub(crate) fn judge(runs: &[Run]) -> Result<(), String> {
    let must = rows(runs, |goal| goal.is_short && goal.weight == Weight::Must);
    let short = rows(runs, |goal| goal.is_short && goal.weight != Weight::Shown);
    match (must.is_empty(), short.len()) {
        (true, ..=SHORT_MAX) => Ok(()),
        (false, _) => Err(format!("short and must not be: {}", must.join(", "))),
        (true, n) => Err(format!("{n} rows are short, {SHORT_MAX} may be")),
    }
}

/// The names of the rows of which a goal is so, each once.
fn rows(runs: &[Run], is_so: impl Fn(&Goal) -> bool) -> Vec<&str> {
    let mut names = Vec::new();
    for goal in runs.iter().flat_map(|run| &run.goals) {
        if is_so(goal) && !names.contains(&goal.row.as_str()) {
            names.push(goal.row.as_str());
        }
    }
    names
}

/// Three figures that count.
fn short(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// So many rows may be short, with their reasons in docs/performance.md.
const SHORT_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::super::ALLOCATORS;
    use super::*;

    /// Rows by name, weight, and whether they are short and noisy.
    fn run(allocator: usize, rows: &[(&str, &str, bool, bool)]) -> Run {
        let machine = r#"{"kernel":"6","processor":"P","workers":2,"rounds":5,"quick":false}"#;
        let mut text = machine.to_owned();
        for (row, weight, is_short, is_noisy) in rows {
            let _ = write!(
                text,
                "\n{{\"row\":\"{row}\",\"part\":\"\",\"weight\":\"{weight}\",\"unit\":\"us\",\
                 \"native\":2.0,\"other\":\"smol\",\"other_figure\":123.4,\"ratio\":61.7,\
                 \"spread\":3.2,\"goal\":\"4x\",\"is_short\":{is_short},\"is_noisy\":{is_noisy}}}"
            );
        }
        Run::parse(&ALLOCATORS[allocator], &text).expect("the lines are sound")
    }

    #[test]
    fn a_goal_is_a_line() {
        let run = run(0, &[("spawn", "must", false, false)]);
        let text = goals(&run, true).to_string();
        let cells: Vec<_> = text.lines().nth(2).expect("a line").split('|').collect();
        let cells: Vec<_> = cells.iter().map(|cell| cell.trim()).collect();
        let wanted = [
            "spawn", "2.00 us", "smol 123", "61.70x", "3 %", "4x", "held",
        ];
        assert_eq!(cells[1..8], wanted);
        assert!(head(&run).contains("2 workers, 5 rounds; P, Linux 6"));
    }

    #[test]
    fn a_row_that_is_short_with_one_allocator_is_short() {
        let runs = [
            run(
                0,
                &[("a", "counts", true, false), ("b", "must", false, false)],
            ),
            run(
                1,
                &[("a", "counts", true, false), ("b", "must", true, false)],
            ),
        ];
        let text = sums(&runs);
        assert!(
            text.contains("rows short: 2 of at most 3: b, a\n"),
            "{text}"
        );
        assert!(text.contains("of the 1 that must not be: b\n"), "{text}");
        assert_eq!(judge(&runs), Err("short and must not be: b".to_owned()));
        assert_eq!(judge(&runs[..1]), Ok(()));
    }

    #[test]
    fn three_rows_may_be_short() {
        let short = |name| (name, "counts", true, true);
        let mut rows = vec![
            short("a"),
            short("b"),
            short("c"),
            ("d", "shown", true, false),
        ];
        assert_eq!(judge(&[run(0, &rows)]), Ok(()));
        rows.push(short("e"));
        let error = judge(&[run(0, &rows)]).expect_err("there are four");
        assert_eq!(error, "4 rows are short, 3 may be");
        let text = sums(&[run(0, &rows)]);
        assert!(text.contains("short and not counted: d\n"), "{text}");
        assert!(text.contains("claimed of them: a, b, c, e\n"), "{text}");
    }
}
