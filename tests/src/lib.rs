//! What needs several backends: the laws on the erased ones, the mixing matrix, the broken family,
//! allocation counts.
//!
//! This file tells the suite how each backend is started; the programs in `tests/` run it. Where a
//! backend deviates stands beside its own tests.
#![forbid(unsafe_code)]

#[path = "../../backend-smol/tests/deviations/mod.rs"]
mod smol_deviations;
#[path = "../../backend-tokio/tests/deviations/mod.rs"]
mod tokio_deviations;

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
    const DEVIATIONS: &'static [Deviation] = tokio_deviations::WITH_WORKERS;

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
        tokio_deviations::ALARMS,
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
        tokio_deviations::SOCKETS,
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
    const DEVIATIONS: &'static [Deviation] = smol_deviations::ALL;

    fn start(setup: &Setup) -> io::Result<Self::Owner> {
        anyrt_smol::Runtime::builder()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}
