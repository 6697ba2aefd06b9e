//! Promises that this suite cannot show, each with the reason: it says so rather than be silent.

/// The promises that no law shows: the name, with the id, and the reason.
#[must_use]
pub fn untested() -> Vec<(&'static str, &'static str)> {
    vec![(
        "l199_a_library_in_programs_of_tokio",
        "it takes tokio: shown by `tests/tests/in_tokio.rs` of the workspace",
    )]
}
