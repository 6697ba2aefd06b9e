//! The laws, on smol. One takes part of its name as an argument, as libtest does.

use std::io;
use std::process::ExitCode;

use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_smol::Runtime;

struct Direct;

impl Backend for Direct {
    type Owner = Runtime;

    const NAME: &'static str = "smol";
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
