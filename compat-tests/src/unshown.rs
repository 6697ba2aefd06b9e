//! What this machine cannot show: [`unshown`].
//!
//! A law that needs a tool or a permission which is not there says so instead of holding in
//! silence; the report lists it with the reason. Knows nothing of what was to be shown.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Says that this law, or the rest of it, cannot be shown on this machine, and why. The law returns
/// then, and its verdict is [`Unshown`](crate::Verdict::Unshown), unless it is worse.
pub(crate) fn unshown(why: impl fmt::Display) {
    println!("{UNSHOWN}{why}");
    note();
}

/// The reason has been said already.
pub(crate) fn note() {
    SAID.store(true, Ordering::SeqCst);
}

/// True if this process's law has said so.
pub(crate) fn is_unshown() -> bool {
    SAID.load(Ordering::SeqCst)
}

static SAID: AtomicBool = AtomicBool::new(false);

/// Opens a line of a law's output that is the reason.
pub(crate) const UNSHOWN: &str = "not shown: ";
