//! The laws, for the backend in memory. It has no operating system and no threads of its own, so
//! the laws that ask for these are skipped, and the report says which.

use std::io;
use std::process::ExitCode;

use anyrt_laws::{Backend, Capability, Deviation, Setup};

struct Direct;

impl Backend for Direct {
    type Owner = anyrt_mem::Runtime;
    const NAME: &'static str = "mem";
    const DEVIATIONS: &'static [Deviation] = &[];
    const CAPABILITIES: &'static [Capability] = &[Capability::VirtualTime];

    fn start(setup: &Setup) -> io::Result<Self::Owner> {
        Ok(anyrt_mem::Runtime::new(setup.seed))
    }
}

fn main() -> ExitCode {
    anyrt_laws::main::<Direct>()
}
