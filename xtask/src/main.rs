//! The commands of a maintainer: `cargo xtask ci`, `laws`, `loom`, `tsan`, `asan`, `inject`,
//! `soak`, `goals`, `bench`, `layers`, `scaling`, `features`, `check-targets`, `outside`.
//!
//! Each runs `cargo` or a script, as it would be typed, says what it runs and how long it took, and
//! fails with the first that fails. It knows nothing of the crates' code. The rules that a program
//! can check are a test of this package, `tidy`.
#![forbid(unsafe_code)]

mod bench;
mod build;
mod ci;
mod features;
mod goals;
mod inject;
mod laws;
mod layers;
mod loom;
mod outside;
mod region;
mod sanitize;
mod scaling;
mod soak;
mod step;
mod targets;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

/// The commands of a maintainer of anyrt.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Command {
    /// Everything that CI runs, by the script that CI runs
    Ci,
    /// Hold every backend against the laws and show which holds where
    Laws(laws::Options),
    /// Explore the models of native's lock-free protocols
    Loom(loom::Options),
    /// Measure native beside its peers and hold it against its goals
    Goals(goals::Options),
    /// Run the benchmarks and make the report of them
    Bench(bench::Options),
    /// Count what each layer costs, in instructions and allocations an operation
    Layers(layers::Options),
    /// Run native's tests and laws where a sanitizer looks for data races
    Tsan(sanitize::Options),
    /// Run them where a sanitizer looks for memory that is gone, and for memory that is lost
    Asan(sanitize::Options),
    /// Make system calls fail, one case after the other, and look what a user is told of it
    Inject(inject::Options),
    /// Keep a runtime under load for minutes and count what it holds
    Soak(soak::Options),
    /// Count which words of native an operation writes, and which of them threads share
    Scaling(scaling::Options),
    /// Hold a backend outside the workspace against the laws, as docs/testing-your-backend.md says
    Outside,
    /// Check the facade under each combination of its features
    Features,
    /// Type-check the workspace for other operating systems, and the contract for wasm
    CheckTargets {
        /// Only this target (any of the list, by its whole name)
        #[arg(long)]
        target: Option<String>,
    },
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask/ is in the workspace");
    let done = match Command::parse() {
        Command::Ci => ci::run(root),
        Command::Laws(options) => laws::run(root, &options),
        Command::Loom(options) => loom::run(root, &options),
        Command::Goals(options) => goals::run(root, &options),
        Command::Bench(options) => bench::run(root, &options),
        Command::Layers(options) => layers::run(root, &options),
        Command::Tsan(options) => sanitize::run(root, &sanitize::THREAD, &options),
        Command::Asan(options) => sanitize::run(root, &sanitize::ADDRESS, &options),
        Command::Inject(options) => inject::run(root, &options),
        Command::Soak(options) => soak::run(root, &options),
        Command::Scaling(options) => scaling::run(root, &options),
        Command::Outside => outside::run(root),
        Command::Features => features::run(root),
        Command::CheckTargets { target } => targets::run(root, target.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
