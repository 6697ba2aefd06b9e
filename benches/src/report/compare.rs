//! Two runs of the same: whether native's ratios in the second are those of the first.
//!
//! Two machines, or two evenings, have different figures; ratios within a round should stay. It
//! knows nothing of why they may not.

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use super::{Row, Run, headline::NATIVE};
use crate::figure::Range;

/// What two runs say of each row.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The rows that both have.
    pairs: Vec<Pair>,
    /// Rows of the first that the second lacks.
    missing: Vec<String>,
}

/// Native beside the same peer in both.
#[derive(Clone, Debug)]
struct Pair {
    name: String,
    peer: String,
    first: Range,
    second: Range,
}

/// What a pair shows of the second run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Within,
    Better,
    Worse,
}

impl Comparison {
    /// Compares native with whoever was the best raw runtime in the first run.
    pub fn of(first: &Run, second: &Run) -> Self {
        let mut comparison = Self {
            pairs: Vec::new(),
            missing: Vec::new(),
        };
        for row in &first.rows {
            let (Some(native), Some(peer)) = (row.entry(NATIVE), row.best_peer()) else {
                continue;
            };
            match ratio(second, row, &peer.contender) {
                Some(second) => comparison.pairs.push(Pair {
                    name: row.name(),
                    peer: peer.contender.clone(),
                    first: row.ratio(native, peer),
                    second,
                }),
                None => comparison.missing.push(row.name()),
            }
        }
        comparison
    }

    /// True if the second run has every row, and is within the spread in each.
    pub fn is_held(&self) -> bool {
        !self.pairs.is_empty() && self.missing.is_empty() && self.n_within() == self.pairs.len()
    }

    /// A line a row.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header([
            "row",
            "native beside",
            "first",
            "second",
            "may differ by",
            "",
        ]);
        for pair in &self.pairs {
            let text = |range: Range| format!("{:.2}x ±{:.2}", range.median, range.half());
            table.add_row([
                pair.name.clone(),
                pair.peer.clone(),
                text(pair.first),
                text(pair.second),
                format!("{:.2}", pair.allowed()),
                pair.verdict().text().to_owned(),
            ]);
        }
        table.to_string()
    }

    /// How many are within their spread, and what is missing.
    pub fn sum(&self) -> String {
        let n = self.pairs.len();
        let mut text = format!("{} of {n} within their spread", self.n_within());
        for verdict in [Verdict::Better, Verdict::Worse] {
            let names: Vec<_> = self.of_verdict(verdict).map(|pair| &*pair.name).collect();
            if !names.is_empty() {
                text += &format!("\n{}: {}", verdict.text(), names.join("; "));
            }
        }
        if !self.missing.is_empty() {
            text += &format!("\nnot in the second: {}", self.missing.join("; "));
        }
        text
    }

    fn n_within(&self) -> usize {
        self.of_verdict(Verdict::Within).count()
    }

    fn of_verdict(&self, verdict: Verdict) -> impl Iterator<Item = &Pair> {
        let pairs = self.pairs.iter();
        pairs.filter(move |pair| pair.verdict() == verdict)
    }
}

impl Pair {
    /// How far the medians may lie apart: half the range of the first run's rounds, and half that
    /// of the second's.
    fn allowed(&self) -> f64 {
        self.first.half() + self.second.half()
    }

    fn verdict(&self) -> Verdict {
        let apart = self.second.median - self.first.median;
        if apart.abs() <= self.allowed() + HALF_A_DIGIT {
            Verdict::Within
        } else if apart > 0.0 {
            Verdict::Better
        } else {
            Verdict::Worse
        }
    }
}

impl Verdict {
    fn text(self) -> &'static str {
        match self {
            Verdict::Within => "within",
            Verdict::Better => "better",
            Verdict::Worse => "worse",
        }
    }
}

/// Half of the last digit that a report shows of a ratio: figures that hardly spread at all, as
/// bytes do, differ by less than it shows.
const HALF_A_DIGIT: f64 = 0.005;

/// Native's ratio to `peer` in that row of `run`.
fn ratio(run: &Run, row: &Row, peer: &str) -> Option<Range> {
    let row = run.row(&row.scenario, &row.metric.name)?;
    Some(row.ratio(row.entry(NATIVE)?, row.entry(peer)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// The sample beside itself, with `change` made to the second.
    fn compared(change: impl FnOnce(&mut Run)) -> Comparison {
        let first = sample::run();
        let mut second = first.clone();
        change(&mut second);
        Comparison::of(&first, &second)
    }

    fn rounds<'a>(run: &'a mut Run, row: usize, contender: &str) -> &'a mut Vec<f64> {
        let mut entries = run.rows[row].entries.iter_mut();
        let entry = entries.find(|entry| entry.contender == contender);
        &mut entry.expect("it is in the sample").rounds
    }

    #[test]
    fn a_run_is_within_the_spread_of_itself() {
        let same = compared(|_| ());
        assert!(same.is_held());
        assert_eq!(same.sum(), "3 of 3 within their spread");
    }

    #[test]
    fn a_machine_that_is_slower_for_all_is_no_regression() {
        let slower = compared(|run| {
            let entries = run.rows.iter_mut().flat_map(|row| &mut row.entries);
            let rounds = entries.flat_map(|entry| &mut entry.rounds);
            rounds.for_each(|round| *round *= 3.0);
        });
        assert!(slower.is_held(), "{}", slower.sum());
    }

    #[test]
    fn a_planted_regression_is_seen() {
        // The ratio was 3.00 ±0.10 and is 2.73 ±0.09.
        let worse = compared(|run| *rounds(run, 0, "native") = vec![110.0; 3]);
        assert!(!worse.is_held());
        assert_eq!(worse.sum(), "2 of 3 within their spread\nworse: spawn_join");
        assert!(worse.table().contains("2.73x ±0.09"), "{}", worse.table());
        // Of a rate, less is worse; the ratio was 0.80 ±0.20.
        let worse = compared(|run| *rounds(run, 1, "native") = vec![50e3; 3]);
        let names = "2 of 3 within their spread\nworse: echo_100, throughput";
        assert_eq!(worse.sum(), names);
    }

    #[test]
    fn what_is_less_than_the_spread_is_not() {
        // The ratio is 2.88 ±0.10.
        let close = compared(|run| *rounds(run, 0, "native") = vec![104.0; 3]);
        assert!(close.is_held(), "{}", close.table());
    }

    #[test]
    fn what_the_report_does_not_show_is_not() {
        // The ratio was 2.00 in each round.
        let other = |bytes: f64| {
            let mut first = sample::run();
            *rounds(&mut first, 2, "raw-tokio") = vec![20.0; 3];
            let mut second = first.clone();
            *rounds(&mut second, 2, "native") = vec![bytes; 3];
            Comparison::of(&first, &second)
        };
        let close = other(10.02);
        assert!(close.is_held(), "1.996: {}", close.table());
        let worse = other(10.03);
        assert!(!worse.is_held(), "1.994: {}", worse.table());
    }

    #[test]
    fn a_gain_is_told_from_a_loss() {
        let better = compared(|run| *rounds(run, 0, "native") = vec![50.0; 3]);
        assert!(!better.is_held());
        assert_eq!(
            better.sum(),
            "2 of 3 within their spread\nbetter: spawn_join"
        );
    }

    #[test]
    fn the_peer_is_the_best_of_the_first() {
        // Another is the best of the second; native's ratio to the same as before is unchanged.
        let other = compared(|run| *rounds(run, 0, "raw-smol") = vec![10.0; 3]);
        assert!(other.is_held(), "{}", other.table());
    }

    #[test]
    fn a_figure_that_is_gone_is_not_held() {
        let gone = compared(|run| drop(run.rows.remove(2)));
        assert!(!gone.is_held());
        let text = "2 of 2 within their spread\nnot in the second: echo_100, p99";
        assert_eq!(gone.sum(), text);
    }
}
