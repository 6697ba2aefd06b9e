//! The library half has no runtime beneath it.

use std::process::Command;

/// Crates that are a runtime, or that only a runtime needs.
const RUNTIMES: [&str; 10] = [
    "anyrt",
    "anyrt-kit",
    "anyrt-native",
    "anyrt-smol",
    "anyrt-tokio",
    "async-executor",
    "async-io",
    "mio",
    "polling",
    "tokio",
];

/// The names of the crates that `kv` needs to run, with these arguments of `cargo tree`.
fn tree(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree", "-p", "kv", "-e", "normal", "--prefix", "none", "--format", "{p}",
        ])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).expect("names are text");
    lines
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_library_brings_no_runtime() {
    let library = tree(&["--no-default-features"]);
    assert!(
        library.iter().any(|name| name == "anyrt-api"),
        "{library:?}"
    );
    for runtime in RUNTIMES {
        assert!(
            !library.iter().any(|name| name == runtime),
            "{runtime} in {library:?}"
        );
    }
    // The program does: the check can find one.
    assert!(tree(&[]).iter().any(|name| name == "tokio"));
}
