//! The laws, on the erased native runtime.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyrt_laws::Erased;
use anyrt_tests::Native;

fn main() -> ExitCode {
    anyrt_laws::main::<Erased<Native>>()
}
