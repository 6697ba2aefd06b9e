//! The laws, on tokio on a single thread.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyrt_tests::TokioSingle;

fn main() -> ExitCode {
    anyrt_laws::main::<TokioSingle>()
}
