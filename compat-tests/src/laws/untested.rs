//! Promises that this suite cannot show, each with the reason: it says so rather than be silent.

/// The promises that no law shows: the name, with the id, and the reason.
#[must_use]
pub fn untested() -> Vec<(&'static str, &'static str)> {
    vec![]
}
