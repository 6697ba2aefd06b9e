//! Laws can fail: for each a backend with one defect, which the law must find.
//!
//! Each is the native runtime in a wrapper (`backend/`) at whose doors a mutant stands
//! (`mutant.rs`, `mutants/`). The same wrapper with a mutant that does nothing obeys every law, so
//! that it is the defect which is found.
//!
//! ```text
//! cargo test -p anyrt-tests --test broken                          # all
//! cargo test -p anyrt-tests --test broken l015                     # those of one law
//! cargo test -p anyrt-tests --test broken -- --matrix              # every mutant, every law
//! cargo test -p anyrt-tests --test broken -- --matrix RingsEarly   # one mutant, every law
//! ```
//!
//! The matrix is a maintainer's: it fails if a mutant breaks so much that it proves nothing.
#![forbid(unsafe_code)]

mod backend;
mod matrix;
mod mutant;
mod mutants;
mod trial;
mod unproven;

use std::process::ExitCode;

use anyrt_laws::as_child;
use backend::{Broken, locked};
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    if let Some(code) = as_child::<Broken>() {
        return code;
    }
    let (asked, others): (Vec<_>, Vec<_>) = std::env::args().partition(|word| word == "--matrix");
    if !asked.is_empty() {
        return matrix::run(&others[1..]);
    }
    let mut arguments = Arguments::from_iter(others);
    // Most of a mutant's time is spent waiting.
    arguments.test_threads.get_or_insert(THREADS);
    let conclusion = libtest_mimic::run(&arguments, trial::all());
    if !arguments.list && arguments.filter.is_none() {
        println!("no mutant can break these:");
        for (law, why) in unproven::LIST {
            println!("    {law}: {why}");
        }
        for (mutant, tries) in locked(&trial::LATE).iter() {
            println!("{mutant} was not found before try {tries}");
        }
        for (law, why) in locked(&trial::UNSHOWN).iter() {
            println!(
                "not shown on this machine, so that its mutants were not found: {law} ({why})"
            );
        }
    }
    conclusion.exit_code()
}

/// Trials at once.
const THREADS: usize = 8;
