//! The store under the tools that come with Redis.

mod house;

use std::process::{Command, Output, Stdio};

use self::house::{ChildStore, RUNTIMES};

/// Whether the tools are there; where they are not, that is said loudly, and is a failure in CI.
fn has_tools() -> bool {
    let works = |tool: &str| {
        let status = Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    if works("redis-cli") && works("redis-benchmark") {
        return true;
    }
    eprintln!("NOT TESTED: redis-cli and redis-benchmark are missing (package redis-tools)");
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!in_ci, "CI must have redis-tools");
    false
}

fn run(tool: &str, store: &ChildStore, arguments: &[&str]) -> Output {
    let port = store.addr.port().to_string();
    let output = Command::new(tool)
        .args(["-p", &port])
        .args(arguments)
        .output();
    output.expect("the tool is there")
}

#[test]
fn redis_benchmark_completes_without_an_error() {
    if !has_tools() {
        return;
    }
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let store = ChildStore::start(runtime, dir.path(), &[]);
        let arguments = "-t set,get,incr -n 20000 -c 50 -P 16 --csv";
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = run("redis-benchmark", &store, &arguments);
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{runtime}: {stdout}{stderr}");
        for test in ["\"SET\"", "\"GET\"", "\"INCR\""] {
            assert!(stdout.contains(test), "{runtime}: {stdout}{stderr}");
        }
        let complaints = [stdout, stderr].concat().to_lowercase();
        assert!(!complaints.contains("error"), "{runtime}: {complaints}");
        let count = run("redis-cli", &store, &["GET", "counter:__rand_int__"]);
        assert_eq!(
            String::from_utf8_lossy(&count.stdout).trim(),
            "20000",
            "{runtime}"
        );
    }
}

#[test]
fn redis_cli_is_at_home() {
    if !has_tools() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let store = ChildStore::start("native", dir.path(), &[]);
    let ask = |arguments: &[&str]| {
        let output = run("redis-cli", &store, arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(ask(&["SET", "a key", "a\nvalue", "EX", "100"]), "OK");
    assert_eq!(ask(&["GET", "a key"]), "a\nvalue");
    assert_eq!(ask(&["TTL", "a key"]), "100");
    assert_eq!(ask(&["--scan"]), "a key");
    assert!(ask(&["INFO", "server"]).contains("runtime:native"));
    assert!(ask(&["COMMAND", "INFO", "get"]).contains("readonly"));
}
