//! `cargo xtask check-targets`: the workspace is type-checked for systems that are not at hand.
//!
//! std is checked from its sources, so that no target has to be installed; the component
//! `rust-src` has to. Nothing is linked and nothing is run. `main.rs` calls it.

use std::path::Path;
use std::process::Command;

use crate::{build, step};

/// Checks every target of the list, or the one that is named.
pub(crate) fn run(root: &Path, only: Option<&str>) -> Result<(), String> {
    let targets: Vec<_> = TARGETS
        .iter()
        .filter(|target| only.is_none_or(|name| name == target.name))
        .collect();
    if targets.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        return Err(format!("no such target; the list is {}", names.join(", ")));
    }
    build::require_std_sources()?;
    for (i, target) in targets.iter().enumerate() {
        println!("[{}/{}] {}", i + 1, targets.len(), target.name);
        step::run(&mut check(root, target))?;
    }
    Ok(())
}

/// A target, and what is checked for it.
#[derive(Debug)]
struct Target {
    name: &'static str,
    packages: Packages,
}

#[derive(Debug)]
enum Packages {
    /// The workspace but for these, each with the reason.
    AllBut(&'static [(&'static str, &'static str)]),
    Only(&'static str),
}

const TARGETS: [Target; 4] = [
    Target {
        name: "x86_64-apple-darwin",
        packages: Packages::AllBut(&[(
            "anyrt-benches",
            "its client stands on epoll, and it counts wake-ups in /proc",
        )]),
    },
    Target {
        name: "x86_64-pc-windows-msvc",
        packages: Packages::AllBut(&[(
            "anyrt-benches",
            "it asks Unix for the processor time of the process",
        )]),
    },
    Target {
        name: "x86_64-unknown-linux-musl",
        packages: Packages::AllBut(&[]),
    },
    Target {
        name: "wasm32-unknown-unknown",
        packages: Packages::Only("anyrt-api"),
    },
];

fn check(root: &Path, target: &Target) -> Command {
    let mut command = step::cargo();
    command.args([
        "check",
        "--quiet",
        "-Zbuild-std=std,panic_abort",
        "--target",
        target.name,
    ]);
    match target.packages {
        Packages::Only(package) => {
            command.args(["--package", package]);
        }
        Packages::AllBut(excluded) => {
            command.arg("--workspace");
            for (package, why) in excluded {
                println!("    without {package}: {why}");
                command.args(["--exclude", package]);
            }
        }
    }
    command
        // The flag is an unstable one of a stable toolchain.
        .env("RUSTC_BOOTSTRAP", "1")
        // Apart, so that the flag does not make the usual builds start anew.
        .env(
            "CARGO_TARGET_DIR",
            step::target_folder(root).join("check-targets"),
        )
        .current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_not_listed_is_an_error() {
        let message = run(Path::new("."), Some("z80")).expect_err("it is not listed");
        assert!(message.contains("wasm32-unknown-unknown"), "{message}");
    }

    #[test]
    fn the_contract_alone_is_checked_for_wasm() {
        let command = check(Path::new("/w"), &TARGETS[3]);
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy()).collect();
        assert!(
            arguments
                .windows(2)
                .any(|two| two == ["--package", "anyrt-api"])
        );
        assert!(!arguments.contains(&"--workspace".into()));
    }
}
