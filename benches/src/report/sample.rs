//! A record that tests read: two scenarios, three rows, of which one is noisy.
//!
//! Only tests know it.

use serde_json::json;

use super::Run;

/// The run of [`text`].
pub(crate) fn run() -> Run {
    Run::parse(&text()).expect("the sample is a record")
}

/// The record: native is ahead in the first scenario, and behind in the first row of the second.
pub(super) fn text() -> String {
    let planned = |name, what, spread_max, contenders: &[&str]| {
        json!({
            "name": name, "what": what, "spread_max": spread_max, "contenders": contenders,
        })
    };
    let head = json!({
        "date": "2026-01-02T03:04:05Z", "command": "cargo run -- all", "kernel": "6.1",
        "processor": "P <x> & y", "processors": 2, "memory": "8 kB", "workers": 2, "rounds": 3,
        "quick": false, "allocator": "the system's", "scenarios": [
            planned("spawn_join", "tasks & joins", 10.0, &SPAWNERS),
            planned("echo_100", "there and back", 20.0, &ECHOERS),
        ],
    });
    let join = |contender, role, rounds| {
        figure(("spawn_join", "", "us", "lower"), contender, role, rounds)
    };
    let rate = |contender, role, rounds| {
        figure(
            ("echo_100", "throughput", "/s", "higher"),
            contender,
            role,
            rounds,
        )
    };
    let p99 = |contender, role, rounds| {
        figure(("echo_100", "p99", "us", "lower"), contender, role, rounds)
    };
    let lines = [
        head.to_string(),
        join("native", "ours", [100.0; 3]),
        join("tokio", "ours", [340.0, 400.0, 460.0]),
        join("smol", "ours", [500.0; 3]),
        join("raw-tokio", "peer", [290.0, 300.0, 310.0]),
        join("raw-smol", "peer", [470.0; 3]),
        join("std", "control", [9.0; 3]),
        rate("native", "ours", [60e3, 80e3, 100e3]),
        rate("tokio", "ours", [90e3; 3]),
        rate("smol", "ours", [70e3; 3]),
        rate("raw-tokio", "peer", [100e3; 3]),
        p99("native", "ours", [10.0; 3]),
        p99("raw-tokio", "peer", [20.0, 20.0, 40.0]),
    ];
    lines.join("\n") + "\n"
}

fn figure(
    (scenario, metric, unit, better): (&str, &str, &str, &str),
    contender: &str,
    role: &str,
    rounds: [f64; 3],
) -> String {
    let figure = json!({
        "scenario": scenario, "metric": metric, "unit": unit, "better": better,
        "contender": contender, "role": role, "median": 0.0, "rounds": rounds,
    });
    figure.to_string()
}

/// One of them has no figure.
const SPAWNERS: [&str; 7] = [
    "native",
    "tokio",
    "smol",
    "raw-tokio",
    "raw-smol",
    "async-std",
    "std",
];
const ECHOERS: [&str; 4] = ["native", "tokio", "smol", "raw-tokio"];
