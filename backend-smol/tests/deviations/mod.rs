//! Where smol deviates from the laws: the one list, with the reason and what to do about it.
//!
//! Every program that runs the laws on smol reads it: `conformance.rs` here, and the package
//! `anyrt-tests` for the erased and the mixed one. It knows nothing of them.

use anyrt_laws::Deviation;

pub(crate) const ALL: &[Deviation] = &[
    Deviation {
        law: "l011_a_waker_of_a_join_that_panics",
        why: "async-task aborts the process; to stand between it and a joiner's waker would cost \
              each join that waits an allocation",
        advice: "see that a waker of your own does not panic; those of tasks and of `block_on` do \
                 not",
    },
    Deviation {
        law: "L102",
        why: "async-io swallows the error of a poller that fails for good, and nothing wakes any \
              more",
        advice: "close no descriptor by its number that is not yours: a poller fails if its own is \
                 closed",
    },
];
