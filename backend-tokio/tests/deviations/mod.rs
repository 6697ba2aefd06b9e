//! Where tokio deviates from the laws: the one list, with the reason and what to do about it.
//!
//! Every program that runs the laws on tokio reads it: `conformance.rs` here, and the package
//! `anyrt-tests` for the erased, the mixed and the single-threaded one. It knows nothing of them.

use anyrt_laws::Deviation;

/// tokio with workers.
pub(crate) const WITH_WORKERS: &[Deviation] = match LISTED.split_last() {
    Some((_, others)) if cfg!(debug_assertions) => others,
    _ => LISTED,
};

/// With workers; the last is one only without debug assertions.
const LISTED: &[Deviation] = &[
    ALARMS,
    Deviation {
        law: "L063",
        why: "a worker of tokio keeps the task that was woken last to itself, until its poll ends",
        advice: "yield in polls that take long, or do such work in `block_in_place` or \
                 `spawn_blocking`",
    },
    SOCKETS,
    Deviation {
        law: "L102",
        why: "a worker of tokio panics if its poller fails for good; with debug assertions that \
              ends the process, without them nothing wakes any more",
        advice: "close no descriptor by its number that is not yours: a poller fails if its own is \
                 closed",
    },
];

/// With workers or without.
pub(crate) const ALARMS: Deviation = Deviation {
    law: "l011_a_waker_of_an_alarm_that_panics",
    why: "tokio wakes alarms on a worker's stack, which the panic ends; to stand between them \
          would cost each alarm that waits an allocation",
    advice: "see that a waker of your own does not panic; those of tasks and of `block_on` do not",
};

/// The same.
pub(crate) const SOCKETS: Deviation = Deviation {
    law: "l099_a_failed_deregistration_leaks_nothing",
    why: "tokio keeps what it knows of a socket that it could not deregister, some 450 bytes, \
          since the system may still name it",
    advice: "close a socket by dropping it, never by its number: only so can a deregistration \
             fail",
};
