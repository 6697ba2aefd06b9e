//! Promises that this suite cannot show, each with the reason: it says so rather than be silent.

/// The promises that no law shows: the name, with the id, and the reason.
#[must_use]
pub fn untested() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "l099_a_failed_deregistration_leaks_nothing",
            "safe code cannot close a descriptor behind its owner's back",
        ),
        (
            "l102_a_driver_that_cannot_wait_says_so",
            "it takes a system whose poller fails for good",
        ),
        (
            "l199_a_library_in_programs_of_tokio",
            "it takes tokio: shown by `tests/tests/in_tokio.rs` of the workspace",
        ),
    ]
}
