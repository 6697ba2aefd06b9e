//! System calls that are made to fail, case by case: what a user is told, and what is left behind.
//!
//! A case ([`table`]) names the calls, what they answer, and what has to come of it. Each runs in a
//! process of its own below `strace`, on each backend that it is meant for.
//!
//! ```text
//! cargo xtask inject                   # all
//! cargo xtask inject preadv2           # those of that name
//! ```
//!
//! It is no part of `cargo test`, since it takes `strace`. What every backend must keep when a call
//! fails, their laws say (L087, L098, L099, L101, L102, L114); these cases are of single calls and
//! single errors.
#![forbid(unsafe_code)]

mod doing;
mod inside;
mod outside;
mod planted;
mod table;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(code) = inside::asked() {
        return code;
    }
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = table::CASES.iter().flat_map(outside::trials).collect();
    trials.extend(planted::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
