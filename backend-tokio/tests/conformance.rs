//! The laws, on tokio. One takes part of its name as an argument, as libtest does.

use std::io;
use std::process::ExitCode;

use anyrt_laws::{Backend, Capability, Deviation, Setup};
use anyrt_tokio::Runtime;

struct Direct;

impl Backend for Direct {
    type Owner = Runtime;

    const NAME: &'static str = "tokio";
    const DEVIATIONS: &'static [Deviation] = &[
        Deviation {
            law: "l011_a_waker_of_an_alarm_that_panics",
            why: "tokio wakes alarms on a worker's stack, which the panic ends; to stand between \
                  them would cost each alarm that waits an allocation, and wakers do not panic",
        },
        Deviation {
            law: "L063",
            why: "a worker of tokio keeps the task that was woken last to itself, until its poll \
                  ends: yield in long polls, or use `spawn_blocking` or `block_in_place`",
        },
        Deviation {
            law: "l099_a_failed_deregistration_leaks_nothing",
            why: "tokio keeps what it knows of a socket that it could not deregister, since the \
                  system may still name it; some 450 bytes, and only if its descriptor was closed \
                  elsewhere",
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
