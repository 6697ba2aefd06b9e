//! What is measured and what comes of it: values of a round, figures of all rounds.
//!
//! Pure arithmetic. It knows neither scenarios nor runtimes.

use std::{cmp::Ordering, time::Duration};

use serde::{Deserialize, Serialize};

/// Which way a value is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Times, counts, bytes.
    Lower,
    /// Rates.
    Higher,
}

impl Better {
    /// The better value first.
    pub fn order(self, a: f64, b: f64) -> Ordering {
        match self {
            Better::Lower => a.total_cmp(&b),
            Better::Higher => b.total_cmp(&a),
        }
    }

    /// How many times as good `ours` is as `theirs`. What is nothing counts as hardly anything.
    pub fn ratio(self, ours: f64, theirs: f64) -> f64 {
        const HARDLY_ANYTHING: f64 = 1e-3;
        let (ours, theirs) = (ours.max(HARDLY_ANYTHING), theirs.max(HARDLY_ANYTHING));
        match self {
            Better::Lower => theirs / ours,
            Better::Higher => ours / theirs,
        }
    }
}

/// What a value is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name within the scenario.
    pub name: String,
    /// Its unit, as it is printed.
    pub unit: String,
    /// Which way it is to go.
    pub better: Better,
}

/// One value of one contender in one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Value {
    /// What it is of.
    pub metric: Metric,
    /// The value, in the metric's unit.
    pub value: f64,
}

impl Value {
    /// A time in microseconds.
    pub fn micros(name: impl Into<String>, time: Duration) -> Self {
        Self::lower(name, "us", time.as_secs_f64() * 1e6)
    }

    /// A time in nanoseconds, as a fraction of a whole that took `time` for `n_times`.
    pub fn nanos_each(name: impl Into<String>, time: Duration, n_times: usize) -> Self {
        Self::lower(name, "ns", time.as_secs_f64() * 1e9 / n_times as f64)
    }

    /// A value that is better the less it is.
    pub fn lower(name: impl Into<String>, unit: &str, value: f64) -> Self {
        Self::new(name, unit, Better::Lower, value)
    }

    /// A value that is better the more it is.
    pub fn higher(name: impl Into<String>, unit: &str, value: f64) -> Self {
        Self::new(name, unit, Better::Higher, value)
    }

    /// The seconds that it is, if it is a time.
    pub fn seconds(&self) -> Option<f64> {
        let in_a_second = match self.metric.unit.as_str() {
            "ns" => 1e9,
            "us" => 1e6,
            "ms" => 1e3,
            _ => return None,
        };
        Some(self.value / in_a_second)
    }

    fn new(name: impl Into<String>, unit: &str, better: Better, value: f64) -> Self {
        let metric = Metric {
            name: name.into(),
            unit: unit.to_owned(),
            better,
        };
        Self { metric, value }
    }
}

/// What a contender is to the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A backend of ours.
    Ours,
    /// A raw runtime; the best of them is what ours are compared with.
    Peer,
    /// To be read beside them: no runtime, which is what the system itself takes, or a peer with
    /// settings that are not its defaults.
    Control,
}

/// One metric of one contender over all rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// The scenario.
    pub scenario: &'static str,
    /// The metric's name within it.
    pub metric: String,
    /// The metric's unit.
    pub unit: String,
    /// Which way it is to go.
    pub better: Better,
    /// Whose figure it is.
    pub contender: &'static str,
    /// What that one is to the comparison.
    pub role: Role,
    /// The median of the rounds.
    pub median: f64,
    /// The least of them.
    pub min: f64,
    /// The most of them.
    pub max: f64,
    /// All of them, in order.
    pub rounds: Vec<f64>,
    /// The peer with the best median.
    pub best_peer: Option<&'static str>,
    /// How many times as good as that peer: the median over the rounds, each compared with the same
    /// round of the peer.
    pub ratio: Option<f64>,
}

/// The values of one contender for one metric.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the values are of.
    pub metric: Metric,
    /// Whose they are.
    pub contender: &'static str,
    /// What that one is to the comparison.
    pub role: Role,
    /// One value a round.
    pub rounds: Vec<f64>,
}

/// The figures of a scenario, metric by metric.
pub fn figures(scenario: &'static str, all: &[Series]) -> Vec<Figure> {
    let figure = |one: &Series| {
        let peers = all
            .iter()
            .filter(|other| other.role == Role::Peer && other.metric == one.metric);
        let better = one.metric.better;
        let best = peers.min_by(|a, b| better.order(median(&a.rounds), median(&b.rounds)));
        let range = Range::of(&one.rounds);
        Figure {
            scenario,
            metric: one.metric.name.clone(),
            unit: one.metric.unit.clone(),
            better: one.metric.better,
            contender: one.contender,
            role: one.role,
            median: range.median,
            min: range.min,
            max: range.max,
            rounds: one.rounds.clone(),
            best_peer: best.map(|best| best.contender),
            ratio: best.map(|best| median(&ratios(one.metric.better, &one.rounds, &best.rounds))),
        }
    };
    all.iter().map(figure).collect()
}

/// How many times as good `ours` is as `theirs` in each round.
pub fn ratios(better: Better, ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    let pairs = ours.iter().zip(theirs);
    pairs
        .map(|(ours, theirs)| better.ratio(*ours, *theirs))
        .collect()
}

/// Half the range of the rounds in per cent of their median.
pub fn spread(rounds: &[f64]) -> f64 {
    Range::of(rounds).spread()
}

/// Values of several rounds, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least.
    pub min: f64,
    /// The median.
    pub median: f64,
    /// The most.
    pub max: f64,
}

impl Range {
    /// That of `values`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn of(values: &[f64]) -> Self {
        Self {
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            median: median(values),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Half of what lies between the least and the most.
    pub fn half(self) -> f64 {
        (self.max - self.min) / 2.0
    }

    /// The same in per cent of the median.
    pub fn spread(self) -> f64 {
        match self.median {
            0.0 => 0.0,
            median => self.half() / median * 100.0,
        }
    }
}

/// The median; of an even number the mean of the middle two.
///
/// # Panics
///
/// If there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
        _ => sorted[middle],
    }
}

/// The value below which `per_mille` of a thousand lie; sorts `times`.
///
/// # Panics
///
/// If there is none.
pub fn quantile(times: &mut [Duration], per_mille: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * per_mille / 1000]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(contender: &'static str, role: Role, rounds: &[f64]) -> Series {
        Series {
            metric: Value::lower("time", "us", 0.0).metric,
            contender,
            role,
            rounds: rounds.to_vec(),
        }
    }

    #[test]
    fn a_ratio_is_taken_round_by_round_against_the_best_peer() {
        let all = [
            series("ours", Role::Ours, &[1.0, 2.0, 10.0]),
            series("slow", Role::Peer, &[9.0, 9.0, 9.0]),
            series("fast", Role::Peer, &[2.0, 4.0, 20.0]),
            series("none", Role::Control, &[0.1, 0.1, 0.1]),
        ];
        let figures = figures("x", &all);
        assert_eq!(figures[0].best_peer, Some("fast"));
        assert_eq!(figures[0].ratio, Some(2.0));
        assert_eq!(figures[2].ratio, Some(1.0));
        assert_eq!(figures[0].median, 2.0);
    }

    #[test]
    fn a_rate_is_better_the_higher_it_is() {
        assert_eq!(Better::Higher.ratio(4.0, 2.0), 2.0);
        assert_eq!(Better::Lower.ratio(4.0, 2.0), 0.5);
        assert!(
            Better::Lower.ratio(0.0, 0.0) == 1.0,
            "nothing is as good as nothing"
        );
    }

    #[test]
    fn a_spread_is_half_of_what_lies_between() {
        assert_eq!(spread(&[9.0, 10.0, 13.0]), 20.0);
        assert_eq!(spread(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn a_time_is_one_whatever_its_unit() {
        let time = Duration::from_micros(1500);
        let seconds = |value: Value| value.seconds().map(|s| (s * 1e9).round());
        assert_eq!(seconds(Value::micros("", time)), Some(1_500_000.0));
        assert_eq!(seconds(Value::nanos_each("", time, 3)), Some(500_000.0));
        assert_eq!(seconds(Value::lower("", "ms", 1.5)), Some(1_500_000.0));
        assert_eq!(seconds(Value::lower("", "B", 1.5)), None);
    }

    #[test]
    fn quantiles_are_values_that_came() {
        let mut times: Vec<_> = (0..=1000).map(Duration::from_nanos).rev().collect();
        assert_eq!(quantile(&mut times, 500), Duration::from_nanos(500));
        assert_eq!(quantile(&mut times, 990), Duration::from_nanos(990));
    }
}
