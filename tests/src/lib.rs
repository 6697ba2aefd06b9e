//! What needs several backends: the laws on the erased ones, the mixing matrix, the broken family,
//! allocation counts.
//!
//! This file tells the suite how each backend is started; the programs in `tests/` run it.
#![forbid(unsafe_code)]

use std::io;

use anyrt_laws::{Backend, Capability, Deviation, Setup};

const ALL: &[Capability] = &[Capability::Os, Capability::Threads, Capability::Unix];

/// The native runtime.
#[derive(Debug)]
pub struct Native;

impl Backend for Native {
    type Owner = anyrt_native::Runtime;
    const NAME: &'static str = "native";
    const CAPABILITIES: &'static [Capability] = ALL;
    const DEVIATIONS: &'static [Deviation] = &[];

    fn start(setup: &Setup) -> io::Result<Self::Owner> {
        anyrt_native::Builder::new()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

/// tokio with workers.
#[derive(Debug)]
pub struct Tokio;

impl Backend for Tokio {
    type Owner = anyrt_tokio::Runtime;
    const NAME: &'static str = "tokio";
    const CAPABILITIES: &'static [Capability] = ALL;
    const DEVIATIONS: &'static [Deviation] = match TOKIO.split_last() {
        Some((_, others)) if cfg!(debug_assertions) => others,
        _ => TOKIO,
    };

    fn start(setup: &Setup) -> io::Result<Self::Owner> {
        anyrt_tokio::Builder::new()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

/// tokio on a single thread, which its owner keeps driven.
#[derive(Debug)]
pub struct TokioSingle;

impl Backend for TokioSingle {
    type Owner = anyrt_tokio::Runtime;
    const NAME: &'static str = "tokio, single-threaded";
    const CAPABILITIES: &'static [Capability] = ALL;
    const DEVIATIONS: &'static [Deviation] = &[
        TOKIO_ALARMS,
        Deviation {
            law: "l048_block_on_in_block_in_place",
            why: "its only thread has no other to take its place: `block_in_place` panics and says \
                  so",
            advice: "call `spawn_blocking`, or build the runtime with workers",
        },
        Deviation {
            law: "L063",
            why: "there is no other worker",
            advice: "yield in polls that take long, do such work in `spawn_blocking`, or build the \
                     runtime with workers",
        },
        Deviation {
            law: "l067_idle_workers_take_part",
            why: "its only thread is its only worker",
            advice: "build the runtime with workers, where tasks are to use several cores",
        },
        TOKIO_SOCKETS,
    ];

    fn start(setup: &Setup) -> io::Result<Self::Owner> {
        anyrt_tokio::Builder::new()
            .current_thread()
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

/// smol.
#[derive(Debug)]
pub struct Smol;

impl Backend for Smol {
    type Owner = anyrt_smol::Runtime;
    const NAME: &'static str = "smol";
    const CAPABILITIES: &'static [Capability] = ALL;
    const DEVIATIONS: &'static [Deviation] = &[
        Deviation {
            law: "l011_a_waker_of_a_join_that_panics",
            why: "async-task aborts the process; to stand between it and a joiner's waker would \
                  cost each join that waits an allocation",
            advice: "see that a waker of your own does not panic; those of tasks and of `block_on` \
                     do not",
        },
        Deviation {
            law: "L102",
            why: "async-io swallows the error of a poller that fails for good, and nothing wakes \
                  any more",
            advice: "close no descriptor by its number that is not yours: a poller fails if its \
                     own is closed",
        },
    ];

    fn start(setup: &Setup) -> io::Result<Self::Owner> {
        anyrt_smol::Runtime::builder()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

/// With workers; the last is one only without debug assertions.
const TOKIO: &[Deviation] = &[
    TOKIO_ALARMS,
    Deviation {
        law: "L063",
        why: "a worker of tokio keeps the task that was woken last to itself, until its poll ends",
        advice: "yield in polls that take long, or do such work in `block_in_place` or \
                 `spawn_blocking`",
    },
    TOKIO_SOCKETS,
    Deviation {
        law: "L102",
        why: "a worker of tokio panics if its poller fails for good; with debug assertions that \
              ends the process, without them nothing wakes any more",
        advice: "close no descriptor by its number that is not yours: a poller fails if its own is \
                 closed",
    },
];

/// With workers or without.
const TOKIO_ALARMS: Deviation = Deviation {
    law: "l011_a_waker_of_an_alarm_that_panics",
    why: "tokio wakes alarms on a worker's stack, which the panic ends; to stand between them \
          would cost each alarm that waits an allocation",
    advice: "see that a waker of your own does not panic; those of tasks and of `block_on` do not",
};

/// The same.
const TOKIO_SOCKETS: Deviation = Deviation {
    law: "l099_a_failed_deregistration_leaks_nothing",
    why: "tokio keeps what it knows of a socket that it could not deregister, some 450 bytes, \
          since the system may still name it",
    advice: "close a socket by dropping it, never by its number: only so can a deregistration \
             fail",
};
