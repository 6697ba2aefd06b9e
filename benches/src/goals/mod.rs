//! What native must reach, and whether it does: the goals as data, and figures held against them.
//!
//! It knows nothing of how figures are made. The command `goals` calls it, and `cargo xtask goals`
//! shows what comes of it.

mod recorded;
mod table;

use serde::Serialize;

use crate::figure::{Figure, median, ratios, spread};

pub use self::{recorded::recorded, table::ROWS};

/// A line of the list of goals; it is short if one of its goals is.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is done.
    pub name: &'static str,
    /// What its falling short means.
    pub weight: Weight,
    /// Half the range of the rounds, in per cent of their median, from which on they say little.
    pub spread_max: f64,
    /// All of them have to be held.
    pub goals: &'static [Goal],
}

/// What it means that a row falls short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// It must not.
    Must,
    /// A few may.
    Counts,
    /// It is shown and does not count.
    Shown,
}

/// One goal: a metric of a scenario, and its bound.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Which part of the row it is of; empty if there is one.
    pub part: &'static str,
    /// The scenario's name.
    pub scenario: &'static str,
    /// The metric's name within it.
    pub metric: &'static str,
    /// What native is to reach.
    pub bound: Bound,
}

/// What a figure of native is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At least so many times as good as the best peer; as good as it is held from [`PARITY`] on.
    BestPeer(f64),
    /// At least so many times as good as this peer.
    Peer(&'static str, f64),
    /// At most so many times what the control takes; the same is held from [`PARITY`] on.
    Control(f64),
    /// At most this, in the metric's unit; the metric is one that is better the less it is.
    AtMost(f64),
    /// At most so many times another metric of native's own.
    OwnMetric(&'static str, f64),
}

/// What counts as the same, in the median.
pub const PARITY: f64 = 0.95;

/// A goal and what was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// The row's name.
    pub row: &'static str,
    /// The goal's part of it.
    pub part: &'static str,
    /// What a row that falls short means.
    pub weight: Weight,
    /// The metric's unit.
    pub unit: String,
    /// Native's figure.
    pub native: f64,
    /// Whom it is held against: the best peer where the goal names nobody, or its own metric.
    pub other: Option<&'static str>,
    /// That one's figure.
    pub other_figure: Option<f64>,
    /// How many times as good native is: the median of the rounds.
    pub ratio: Option<f64>,
    /// Half the range of the rounds in per cent of their median: of the ratio, or of native's
    /// figure where there is none.
    pub spread: f64,
    /// The goal, to be read.
    pub goal: String,
    /// The median falls short.
    pub is_short: bool,
    /// The spread is more than it may be, and the rounds do not agree whether the goal is held.
    pub is_noisy: bool,
}

impl Row {
    /// True if its name or one of its scenarios' has `text` in it.
    pub fn is_meant_by(&self, text: &str) -> bool {
        let mut scenarios = self.goals.iter().map(|goal| goal.scenario);
        self.name.contains(text) || scenarios.any(|scenario| scenario.contains(text))
    }

    /// True if one of its goals is of that scenario.
    pub fn needs(&self, scenario: &str) -> bool {
        self.goals.iter().any(|goal| goal.scenario == scenario)
    }

    /// Holds `figures` against the goals of this row.
    ///
    /// # Errors
    ///
    /// What figure is missing.
    pub fn judge(&self, figures: &[Figure]) -> Result<Vec<Judged>, String> {
        let judge = |goal: &Goal| {
            let missing = |whose: &str| {
                let (scenario, metric) = (goal.scenario, goal.metric);
                format!(
                    "{}: no figure of {whose} for {scenario}, {metric}",
                    self.name
                )
            };
            let ours = find(figures, goal.scenario, goal.metric, NATIVE);
            self.hold(goal, ours.ok_or_else(|| missing(NATIVE))?, figures)
                .ok_or_else(|| missing("what it is held against"))
        };
        self.goals.iter().map(judge).collect()
    }

    fn hold(&self, goal: &Goal, ours: &Figure, figures: &[Figure]) -> Option<Judged> {
        let of = |contender| find(figures, goal.scenario, goal.metric, contender);
        let best = || ours.best_peer.and_then(of);
        let other = match goal.bound {
            Bound::BestPeer(_) => Some(best()?),
            Bound::Peer(name, _) => Some(of(name)?),
            Bound::Control(_) => Some(of(CONTROL)?),
            Bound::OwnMetric(metric, _) => Some(find(figures, goal.scenario, metric, NATIVE)?),
            // The best peer stands beside it to be read.
            Bound::AtMost(_) => best(),
        };
        let ratios = match (goal.bound, other) {
            (Bound::AtMost(most), _) => ours.rounds.iter().map(|round| most / round).collect(),
            (_, other) => ratios(ours.better, &ours.rounds, &other?.rounds),
        };
        let needed = goal.bound.needed();
        let n_held = ratios.iter().filter(|ratio| **ratio >= needed).count();
        let they_agree = n_held == 0 || n_held == ratios.len();
        let is_absolute = matches!(goal.bound, Bound::AtMost(_));
        let (ratio, spread) = match is_absolute {
            true => (ours.ratio, spread(&ours.rounds)),
            false => (Some(median(&ratios)), spread(&ratios)),
        };
        Some(Judged {
            row: self.name,
            part: goal.part,
            weight: self.weight,
            unit: ours.unit.clone(),
            native: ours.median,
            other: other.map(|other| match goal.bound {
                Bound::OwnMetric(metric, _) => metric,
                _ => other.contender,
            }),
            other_figure: other.map(|other| other.median),
            ratio,
            spread,
            goal: goal.bound.text(&ours.unit),
            is_short: median(&ratios) < needed,
            is_noisy: spread > self.spread_max && !they_agree,
        })
    }
}

impl Bound {
    /// The ratio from which on it is held.
    fn needed(self) -> f64 {
        match self {
            Bound::BestPeer(1.0) | Bound::Peer(_, 1.0) | Bound::Control(1.0) => PARITY,
            Bound::BestPeer(times) | Bound::Peer(_, times) => times,
            Bound::Control(times) | Bound::OwnMetric(_, times) => 1.0 / times,
            Bound::AtMost(_) => 1.0,
        }
    }

    /// As a reader has it.
    fn text(self, unit: &str) -> String {
        match self {
            Bound::BestPeer(times) => format!("{times}x"),
            Bound::Peer(name, times) => format!("{times}x {name}"),
            Bound::Control(1.0) => "<= std".to_owned(),
            Bound::Control(times) => format!("<= {times} std"),
            Bound::AtMost(most) => format!("<= {most} {unit}"),
            Bound::OwnMetric(metric, times) => format!("<= {times} x its {metric}"),
        }
    }
}

/// True for those that are measured for the goals: native, the peers and the controls.
pub fn is_contender(name: &str) -> bool {
    let peers = ["raw-tokio", "raw-smol", "async-std"];
    let controls = [TUNED, EPOLL, CONTROL, SEEKING, NOWAIT];
    name == NATIVE || peers.contains(&name) || controls.contains(&name)
}

/// The figure of one contender for one metric.
fn find<'a>(
    figures: &'a [Figure],
    scenario: &str,
    metric: &str,
    contender: &str,
) -> Option<&'a Figure> {
    figures.iter().find(|one| {
        let place = (one.scenario, one.metric.as_str(), one.contender);
        place == (scenario, metric, contender)
    })
}

/// Who is to reach the goals, and who shows what the system itself takes.
const NATIVE: &str = "native";
const CONTROL: &str = "std";
/// Named by goals of sockets.
const TUNED: &str = "tokio-tuned";
const EPOLL: &str = "epoll";
/// Named by goals of files: std as the peers read at an offset, and what native asks the system.
const SEEKING: &str = "std-seek";
const NOWAIT: &str = "preadv2";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        figure::{Role, Series, Value, figures},
        scenarios,
    };

    const ROW: Row = Row {
        name: "a row",
        weight: Weight::Counts,
        spread_max: 10.0,
        goals: &[],
    };

    fn judged(bound: Bound, native: &[f64]) -> Judged {
        let series = |contender, role, metric: &str, rounds: &[f64]| Series {
            metric: Value::lower(metric, "us", 0.0).metric,
            contender,
            role,
            rounds: rounds.to_vec(),
        };
        let all = [
            series("native", Role::Ours, "p99", native),
            series("native", Role::Ours, "p50", &[1.0; 3]),
            series("raw-tokio", Role::Peer, "p99", &[8.0; 3]),
            series("raw-smol", Role::Peer, "p99", &[4.0; 3]),
            series("std", Role::Control, "p99", &[2.0; 3]),
        ];
        let goal = Goal {
            part: "",
            scenario: "x",
            metric: "p99",
            bound,
        };
        let figures = figures("x", &all);
        let ours = find(&figures, "x", "p99", NATIVE).expect("it is there");
        ROW.hold(&goal, ours, &figures)
            .expect("all figures are there")
    }

    #[test]
    fn each_kind_of_bound_has_its_edge() {
        let is_short = |bound, native: f64| judged(bound, &[native; 3]).is_short;
        let edges = [
            (Bound::BestPeer(2.0), 2.0),
            (Bound::BestPeer(1.0), 4.0 / PARITY),
            (Bound::Peer("raw-tokio", 2.0), 4.0),
            (Bound::Peer("raw-tokio", 1.0), 8.0 / PARITY),
            (Bound::Control(1.0), 2.0 / PARITY),
            (Bound::Control(1.25), 2.5),
            (Bound::AtMost(5.0), 5.0),
            (Bound::OwnMetric("p50", 2.0), 2.0),
        ];
        for (bound, edge) in edges {
            assert!(!is_short(bound, edge * 0.999), "{bound:?}");
            assert!(is_short(bound, edge * 1.001), "{bound:?}");
        }
    }

    #[test]
    fn rounds_that_disagree_widely_are_noise() {
        let bound = Bound::BestPeer(2.0);
        assert!(judged(bound, &[1.0, 1.9, 3.0]).is_noisy);
        // They agree, however wide: all are held, or none is.
        assert!(!judged(bound, &[0.5, 1.0, 1.9]).is_noisy);
        assert!(!judged(bound, &[2.5, 3.0, 9.0]).is_noisy);
        // They disagree and lie close together: the median decides.
        assert!(!judged(bound, &[1.95, 2.0, 2.05]).is_noisy);
    }

    #[test]
    fn what_it_is_held_against_stands_beside_it() {
        let best = judged(Bound::BestPeer(2.0), &[1.0; 3]);
        assert_eq!(
            (best.other, best.other_figure),
            (Some("raw-smol"), Some(4.0))
        );
        assert_eq!(best.ratio, Some(4.0));
        let own = judged(Bound::OwnMetric("p50", 2.0), &[1.0; 3]);
        assert_eq!(
            (own.other, own.goal.as_str()),
            (Some("p50"), "<= 2 x its p50")
        );
        let absolute = judged(Bound::AtMost(5.0), &[1.0; 3]);
        assert_eq!(
            (absolute.ratio, absolute.goal.as_str()),
            (Some(4.0), "<= 5 us")
        );
    }

    #[test]
    fn every_goal_is_of_a_scenario() {
        let all = scenarios::all();
        for goal in ROWS.iter().flat_map(|row| row.goals) {
            let known = all.iter().any(|scenario| scenario.name == goal.scenario);
            assert!(known, "there is no scenario {}", goal.scenario);
        }
    }
}
