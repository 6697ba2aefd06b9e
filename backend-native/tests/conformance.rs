//! The laws, on the native runtime. One takes part of its name as an argument, as libtest does.

use std::{io, process::ExitCode};

use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_native::{Builder, Runtime};

struct Direct;

impl Backend for Direct {
    type Owner = Runtime;

    const NAME: &'static str = "native";
    const DEVIATIONS: &'static [Deviation] = &[];
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Os, Capability::Threads, Capability::Unix];

    fn start(setup: &Setup) -> io::Result<Runtime> {
        Builder::new()
            .workers(setup.workers)
            .blocking_threads(setup.blocking_threads)
            .blocking_keep_alive(setup.blocking_keep_alive)
            .build()
    }
}

fn main() -> ExitCode {
    anyrt_laws::main::<Direct>()
}
