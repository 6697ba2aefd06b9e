//! The laws, on tokio. One takes part of its name as an argument, as libtest does.

mod deviations;

use std::io;
use std::process::ExitCode;

use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_tokio::Runtime;

struct Direct;

impl Backend for Direct {
    type Owner = Runtime;

    const NAME: &'static str = "tokio";
    const DEVIATIONS: &'static [Deviation] = deviations::WITH_WORKERS;
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

fn main() -> ExitCode {
    anyrt_laws::main::<Direct>()
}
