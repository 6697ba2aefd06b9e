//! The laws, on smol. One takes part of its name as an argument, as libtest does.

use std::io;
use std::num::NonZero;
use std::process::ExitCode;

use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_smol::Runtime;

struct Direct;

impl Backend for Direct {
    type Owner = Runtime;

    const NAME: &'static str = "smol";
    const DEVIATIONS: &'static [Deviation] = &[];
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Os, Capability::Threads, Capability::Unix];

    fn start(setup: &Setup) -> io::Result<Runtime> {
        // The pool is the process's, as is its limit; a law has a process of its own.
        if let Some(n_threads) = NonZero::new(setup.blocking_threads) {
            blocking::set_max_blocking_threads(n_threads);
        }
        Runtime::builder().workers(setup.workers).build()
    }
}

fn main() -> ExitCode {
    anyrt_laws::main::<Direct>()
}
