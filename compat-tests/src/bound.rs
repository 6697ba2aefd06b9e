//! Bounds of laws that measure: the worst value is reported, and the machine may be slow.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Reports a measured time and holds it against its bound, which `LAWS_TIME_SCALE` widens.
#[track_caller]
pub(crate) fn at_most(what: &str, measured: Duration, bound: Duration) {
    let bound = bound.mul_f64(scale());
    println!("{MEASURED}{what} {measured:.1?} at worst (bound {bound:.0?})");
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
    println!("{MEASURED}{what} {measured} (bound {bound})");
    assert!(measured <= bound, "{what} {measured}, the bound is {bound}");
}

/// Reports a number that has no bound.
pub(crate) fn note(what: &str, measured: usize) {
    println!("{MEASURED}{what} {measured}");
}

/// The factor by which this machine is slower than the bounds assume: `LAWS_TIME_SCALE`, or 1.
pub(crate) fn scale() -> f64 {
    let text = std::env::var("LAWS_TIME_SCALE").ok();
    let scale = text.and_then(|text| text.parse::<f64>().ok());
    scale.filter(|scale| *scale >= 1.0).unwrap_or(1.0)
}

/// Opens a line of a law's output that stands in the report.
pub(crate) const MEASURED: &str = "measured: ";
