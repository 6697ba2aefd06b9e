//! The laws, on the erased tokio backend.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyrt_laws::Erased;
use anyrt_tests::Tokio;

fn main() -> ExitCode {
    anyrt_laws::main::<Erased<Tokio>>()
}
