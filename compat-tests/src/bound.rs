//! Bounds of laws that measure: the worst value is reported, and the machine may be slow.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a law measured: the worst value that it met, and what it may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Measured {
    /// What was measured, as a sentence begins: "a timer fired late by".
    pub what: String,
    /// The worst value.
    pub worst: f64,
    /// The bound, widened by `LAWS_TIME_SCALE` if it is a time; none if it is a number to know.
    pub bound: Option<f64>,
    /// What both are counted in.
    pub unit: Unit,
}

/// What a measured value is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unit {
    /// A time.
    Seconds,
    /// A number of something.
    Count,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, worst, unit) = (&self.what, self.worst, self.unit);
        match self.bound {
            Some(bound) if unit == Unit::Seconds => {
                let [worst, bound] = [worst, bound].map(Duration::from_secs_f64);
                write!(f, "{what} {worst:.1?} at worst (bound {bound:.0?})")
            }
            Some(bound) => write!(f, "{what} {worst} (bound {bound})"),
            None => write!(f, "{what} {worst}"),
        }
    }
}

/// Reports a measured time and holds it against its bound, which `LAWS_TIME_SCALE` widens.
#[track_caller]
pub(crate) fn at_most(what: &str, measured: Duration, bound: Duration) {
    let bound = bound.mul_f64(scale());
    report(&Measured {
        what: what.to_owned(),
        worst: measured.as_secs_f64(),
        bound: Some(bound.as_secs_f64()),
        unit: Unit::Seconds,
    });
    if measured > bound {
        BEYOND.store(true, Ordering::SeqCst);
        panic!("{what} {measured:?}, the bound is {bound:?}");
    }
}

/// True if it is a bound that was broken in this process, which a busy machine may do too.
pub(crate) fn is_beyond() -> bool {
    BEYOND.load(Ordering::SeqCst)
}

/// Fails for a bound that was broken in a process which this one stands for.
#[track_caller]
pub(crate) fn fail_beyond() -> ! {
    BEYOND.store(true, Ordering::SeqCst);
    panic!("beyond its bound, as said above");
}

static BEYOND: AtomicBool = AtomicBool::new(false);

/// The same for a number of something.
#[track_caller]
pub(crate) fn at_most_count(what: &str, measured: u64, bound: u64) {
    // Exact: no law counts as far as 2^53.
    report_count(what, measured as f64, Some(bound as f64));
    assert!(measured <= bound, "{what} {measured}, the bound is {bound}");
}

/// Reports a number that has no bound.
pub(crate) fn note(what: &str, measured: usize) {
    report_count(what, measured as f64, None);
}

fn report_count(what: &str, worst: f64, bound: Option<f64>) {
    report(&Measured {
        what: what.to_owned(),
        worst,
        bound,
        unit: Unit::Count,
    });
}

/// The factor by which this machine is slower than the bounds assume: `LAWS_TIME_SCALE`, or 1.
///
/// # Panics
///
/// If it is set and is not a number of at least 1: a bound that is not what one believes is worse.
pub(crate) fn scale() -> f64 {
    let Ok(text) = std::env::var(SCALE) else {
        return 1.0;
    };
    let scale = text.parse().ok().filter(|scale| *scale >= 1.0);
    scale.unwrap_or_else(|| panic!("{SCALE}={text} is not a number of at least 1"))
}

/// Tells whoever reads this process's output.
fn report(measured: &Measured) {
    let line = serde_json::to_string(measured).expect("numbers and texts are JSON");
    println!("{MEASURED}{line}");
}

/// The line of a law's output, if it is one that reports a measurement.
pub(crate) fn parse(line: &str) -> Option<Measured> {
    serde_json::from_str(line.strip_prefix(MEASURED)?).ok()
}

/// What the law whose output this is measured; of what it measured several times, the worst.
pub(crate) fn measured(output: &str) -> Vec<Measured> {
    let mut all: Vec<Measured> = Vec::new();
    for new in output.lines().filter_map(parse) {
        match all.iter_mut().find(|known| known.what == new.what) {
            Some(known) if known.worst < new.worst => *known = new,
            Some(_) => {}
            None => all.push(new),
        }
    }
    all
}

/// Opens a line of a law's output that is for the report.
const MEASURED: &str = "measured: ";
/// The factor by which the machine is slow.
pub(crate) const SCALE: &str = "LAWS_TIME_SCALE";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(what: &str, worst: f64) -> String {
        format!(r#"{MEASURED}{{"what":"{what}","worst":{worst},"bound":0.095,"unit":"seconds"}}"#)
    }

    #[test]
    fn the_worst_of_each_is_kept() {
        let output = [&line("a", 0.01), "noise", &line("b", 1.0), &line("a", 0.02)].join("\n");
        let worst: Vec<_> = measured(&output).iter().map(|m| m.worst).collect();
        assert_eq!(worst, [0.02, 1.0]);
    }

    #[test]
    fn a_measurement_reads_as_a_sentence() {
        let measured = parse(&line("late by", 0.0123)).expect("it is one");
        let text = measured.to_string();
        assert_eq!(text, "late by 12.3ms at worst (bound 95ms)");
        assert_eq!(parse("measured: nothing"), None);
    }
}
