//! A record of a run, read again: its lines of JSON, gathered into rows.
//!
//! Every form but the lines and the table on the terminal is made of this, so that a report of a
//! run that is over is the same as one of a run that has just ended. The rounds are what is read;
//! medians and ratios are taken anew. It knows nothing of how a row is shown.

use std::{fs, io, path::Path};

use serde::Deserialize;

use super::Head;
use crate::figure::{Better, Metric, Range, Role, median, ratios};

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// On what, when and how.
    pub head: Head,
    /// In the order in which they were run.
    pub rows: Vec<Row>,
}

/// A metric of a scenario, and whoever was measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// The metric.
    pub metric: Metric,
    /// Per cent that rounds may lie apart, half their range, before they are noisy.
    pub spread_max: f64,
    /// A contender each.
    pub entries: Vec<Entry>,
}

/// What was measured of a contender.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub contender: String,
    /// What it is to the comparison.
    pub role: Role,
    /// A value a round, one at least.
    pub rounds: Vec<f64>,
}

/// A figure's line; what can be taken anew of the rounds is not read.
#[derive(Debug, Deserialize)]
struct Line {
    scenario: String,
    metric: String,
    unit: String,
    better: Better,
    contender: String,
    role: Role,
    rounds: Vec<f64>,
}

impl Run {
    /// Reads a record, or that of a folder.
    ///
    /// # Errors
    ///
    /// The system's, and what line is not one of a record.
    pub fn read(path: &Path) -> io::Result<Self> {
        let path = match path.is_dir() {
            true => path.join(super::RECORD),
            false => path.to_owned(),
        };
        let error = |text: String| io::Error::other(format!("{}: {text}", path.display()));
        let text = fs::read_to_string(&path).map_err(|e| error(e.to_string()))?;
        Self::parse(&text).map_err(error)
    }

    /// Reads the lines of a record.
    ///
    /// # Errors
    ///
    /// What line is not one of a record.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let head = serde_json::from_str(lines.next().unwrap_or_default());
        let head: Head = head.map_err(|e| format!("line 1 is not the head of a record: {e}"))?;
        let mut run = Self {
            head,
            rows: Vec::new(),
        };
        for (i, line) in lines.enumerate() {
            let line = serde_json::from_str(line).map_err(|e| e.to_string());
            let taken = line.and_then(|line| run.take(line));
            taken.map_err(|e| format!("line {} is not a figure: {e}", i + 2))?;
        }
        Ok(run)
    }

    /// The row of that scenario and metric.
    pub fn row(&self, scenario: &str, metric: &str) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.scenario == scenario && row.metric.name == metric)
    }

    fn take(&mut self, line: Line) -> Result<(), String> {
        if line.rounds.is_empty() {
            return Err("it has no round".to_owned());
        }
        let scenario = line.scenario;
        let metric = Metric {
            name: line.metric,
            unit: line.unit,
            better: line.better,
        };
        let entry = Entry {
            contender: line.contender,
            role: line.role,
            rounds: line.rounds,
        };
        let is_of = |row: &&mut Row| row.scenario == scenario && row.metric == metric;
        if let Some(row) = self.rows.iter_mut().find(is_of) {
            row.entries.push(entry);
            return Ok(());
        }
        let mut planned = self.head.scenarios.iter();
        let planned = planned.find(|planned| planned.name == scenario);
        let planned = planned.ok_or_else(|| format!("`{scenario}` was not planned"))?;
        self.rows.push(Row {
            spread_max: planned.spread_max,
            scenario,
            metric,
            entries: vec![entry],
        });
        Ok(())
    }
}

impl Row {
    /// Its name: the scenario's, and the metric's where there are several.
    pub fn name(&self) -> String {
        match self.metric.name.as_str() {
            "" => self.scenario.clone(),
            metric => format!("{}, {metric}", self.scenario),
        }
    }

    /// What was measured of that contender.
    pub fn entry(&self, contender: &str) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.contender == contender)
    }

    /// The raw runtime with the best median.
    pub fn best_peer(&self) -> Option<&Entry> {
        let peers = self.entries.iter().filter(|entry| entry.role == Role::Peer);
        let better = self.metric.better;
        peers.min_by(|a, b| better.order(median(&a.rounds), median(&b.rounds)))
    }

    /// How many times as good `ours` is as `theirs`, round by round.
    pub fn ratio(&self, ours: &Entry, theirs: &Entry) -> Range {
        Range::of(&ratios(self.metric.better, &ours.rounds, &theirs.rounds))
    }

    /// Whether values lie farther apart than those of this row may.
    pub fn is_noisy(&self, range: Range) -> bool {
        range.spread() > self.spread_max
    }
}

impl Entry {
    /// Its values, in short.
    pub fn range(&self) -> Range {
        Range::of(&self.rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        figure::{Series, Value, figures},
        report::{Lines, sample},
    };

    #[test]
    fn what_is_written_is_what_is_read() {
        let series = |contender, role, rounds: &[f64]| Series {
            metric: Value::lower("p99", "us", 0.0).metric,
            contender,
            role,
            rounds: rounds.to_vec(),
        };
        let all = [
            series("native", Role::Ours, &[1.5, 2.5, 0.5]),
            series("raw-tokio", Role::Peer, &[3.0, 5.0, 2.0]),
            series("raw-smol", Role::Peer, &[9.0, 9.0, 2.9]),
        ];
        let written = figures("echo_100", &all);
        let mut text = Vec::new();
        let mut lines = Lines::new(&mut text, &sample::run().head).expect("a vector takes all");
        lines.figures(&written).expect("a vector takes all");
        let text = String::from_utf8(text).expect("lines are texts");
        let read = Run::parse(&text).expect("they are lines of a record");
        let row = read.row("echo_100", "p99").expect("it was written");
        let native = row.entry("native").expect("it was written");
        let best = row.best_peer().expect("there are two");
        assert_eq!(native.rounds, [1.5, 2.5, 0.5]);
        assert_eq!(Some(best.contender.as_str()), written[0].best_peer);
        assert_eq!(Some(row.ratio(native, best).median), written[0].ratio);
        assert_eq!(row.spread_max, 20.0);
        assert_eq!(read.head.date, "2026-01-02T03:04:05Z");
    }

    #[test]
    fn what_is_no_record_is_an_error_that_names_its_line() {
        let text = sample::text();
        let error = |text: &str| Run::parse(text).expect_err("it is no record");
        assert!(error("").starts_with("line 1 is not the head"));
        let (_, headless) = text.split_once('\n').expect("it has lines");
        assert!(error(headless).starts_with("line 1 is not the head"));
        let cut = &text[..text.len() - 20];
        assert!(
            error(cut).starts_with("line 13 is not a figure"),
            "{}",
            error(cut)
        );
        let other = text.replace("\"scenario\":\"echo_100\"", "\"scenario\":\"other\"");
        assert!(error(&other).contains("`other` was not planned"));
        let empty = text.replace("[9.0,9.0,9.0]", "[]");
        assert!(error(&empty).contains("no round"));
    }
}
