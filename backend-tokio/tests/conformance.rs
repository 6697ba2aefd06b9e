//! The laws, on tokio. One takes part of its name as an argument, as libtest does.

use std::io;
use std::process::ExitCode;

use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_tokio::Runtime;

struct Direct;

impl Backend for Direct {
    type Owner = Runtime;

    const NAME: &'static str = "tokio";
    const DEVIATIONS: &'static [Deviation] = match DEVIATIONS.split_last() {
        Some((_, others)) if cfg!(debug_assertions) => others,
        _ => DEVIATIONS,
    };
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Os, Capability::Threads, Capability::Unix];

    fn start(setup: &Setup) -> io::Result<Runtime> {
        Runtime::builder()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

/// The last of them is one only without debug assertions.
const DEVIATIONS: &[Deviation] = &[
    Deviation {
        law: "l011_a_waker_of_an_alarm_that_panics",
        why: "tokio wakes alarms on a worker's stack, which the panic ends; to stand between them \
              would cost each alarm that waits an allocation",
        advice: "see that a waker of your own does not panic; those of tasks and of `block_on` do \
                 not",
    },
    Deviation {
        law: "L063",
        why: "a worker of tokio keeps the task that was woken last to itself, until its poll ends",
        advice: "yield in polls that take long, or do such work in `block_in_place` or \
                 `spawn_blocking`",
    },
    Deviation {
        law: "l099_a_failed_deregistration_leaks_nothing",
        why: "tokio keeps what it knows of a socket that it could not deregister, some 450 bytes, \
              since the system may still name it",
        advice: "close a socket by dropping it, never by its number: only so can a deregistration \
                 fail",
    },
    Deviation {
        law: "L102",
        why: "a worker of tokio panics if its poller fails for good; with debug assertions that \
              ends the process, without them nothing wakes any more",
        advice: "close no descriptor by its number that is not yours: a poller fails if its own is \
                 closed",
    },
];

fn main() -> ExitCode {
    anyrt_laws::main::<Direct>()
}
