//! The laws, on the erased smol backend.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyrt_laws::Erased;
use anyrt_tests::Smol;

fn main() -> ExitCode {
    anyrt_laws::main::<Erased<Smol>>()
}
