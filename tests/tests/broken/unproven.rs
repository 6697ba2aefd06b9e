//! The laws that no mutant can break, each with the reason, in the open: the run prints them.
//!
//! A backend has no part in these. Their promises are kept above it, or by the compiler.

/// At most so many.
pub(crate) const MOST: usize = 10;

/// The name of the law's function, and why.
pub(crate) const LIST: &[(&str, &str)] = &[
    (
        "l028_local_tasks_stay_on_their_thread",
        "a local scope is a future of the contract's own, on the thread that polls it",
    ),
    (
        "l033_handles_are_send_and_sync",
        "the bounds of `RawJoin` ask for it: a backend that breaks it does not compile",
    ),
    (
        "l066_yield_now_is_pending_once",
        "`yield_now` is a future of the contract's own, which asks no backend",
    ),
    (
        "l078_far_deadlines_are_exact",
        "it takes a clock that jumps, which the native runtime has not",
    ),
    (
        "l085_timeout_drops_the_future_first",
        "the contract's `Timeout` drops it, whatever alarm it has",
    ),
    (
        "l088_empty_buffers_answer_at_once",
        "empty buffers are answered above the backend",
    ),
    (
        "l136_literals_need_no_lookup",
        "literal addresses are read above the backend",
    ),
    (
        "l138_what_is_no_address_is_invalid",
        "arguments are read above the backend",
    ),
    (
        "l156_options_that_contradict",
        "they are refused above the backend",
    ),
    (
        "l185_a_panic_leaves_no_value_behind",
        "the scope of `task_local!` restores what was there, whoever polls it",
    ),
];
