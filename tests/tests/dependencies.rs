//! What a library over the contract brings into a program: asked of `cargo tree`.

use std::collections::BTreeSet;
use std::process::Command;

/// The most crates that the contract may bring, itself included.
const CRATES_MAX: usize = 12;

/// Crates that are a runtime, or that talk to an operating system.
const NEVER: &[&str] = &[
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "async-task",
    "blocking",
    "futures-executor",
    "getrandom",
    "io-uring",
    "libc",
    "mio",
    "polling",
    "rustix",
    "smol",
    "socket2",
    "tokio",
    "windows-sys",
];

/// The crates below `package`, itself included.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}",
        ])
        .arg("--no-default-features")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree of {package}: {errors}");
    let lines = String::from_utf8(output.stdout).expect("cargo writes text");
    lines
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn runtimes_in(crates: &BTreeSet<String>) -> Vec<&str> {
    NEVER
        .iter()
        .copied()
        .filter(|never| crates.contains(*never))
        .collect()
}

#[test]
fn the_contract_is_small_and_has_no_runtime() {
    let crates = tree("anyrt-api");
    assert!(
        crates.contains("anyrt-api") && crates.contains("futures-io"),
        "{crates:?}"
    );
    assert!(
        crates.len() <= CRATES_MAX,
        "{} crates: {crates:?}",
        crates.len()
    );
    assert_eq!(runtimes_in(&crates), [""; 0]);
}

#[test]
fn a_library_over_the_contract_alone_has_no_runtime() {
    let crates = tree("anyrt-library");
    assert!(
        crates.contains("anyrt-library") && crates.len() <= CRATES_MAX + 1,
        "{crates:?}"
    );
    assert_eq!(runtimes_in(&crates), [""; 0]);
}

#[test]
fn the_store_as_a_library_has_no_runtime() {
    let crates = tree("kv");
    assert!(
        crates.contains("kv") && crates.contains("anyrt-api"),
        "{crates:?}"
    );
    assert_eq!(runtimes_in(&crates), [""; 0]);
}

#[test]
fn a_backend_would_be_seen() {
    assert!(runtimes_in(&tree("anyrt-tokio")).contains(&"tokio"));
}
