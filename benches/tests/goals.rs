//! The command `goals` finds a figure for every goal: a run of the least, whose times say nothing.
#![forbid(unsafe_code)]

use std::process::Command;

use anyrt_benches::goals::ROWS;
use serde_json::Value;

#[test]
fn every_goal_finds_its_figure() {
    let output = Command::new(env!("CARGO_BIN_EXE_anyrt-benches"))
        .args(["goals", "--quick", "--rounds", "1"])
        .output()
        .expect("the program is there");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).expect("lines are texts");
    let parse = |line: &str| -> Value { serde_json::from_str(line).expect("a line is JSON") };
    let lines: Vec<_> = text.lines().skip(1).map(parse).collect();
    let goals = ROWS
        .iter()
        .flat_map(|row| row.goals.iter().map(move |goal| (row, goal)));
    for ((row, goal), line) in goals.clone().zip(&lines) {
        assert_eq!(
            (&line["row"], &line["part"]),
            (&row.name.into(), &goal.part.into())
        );
        let native = line["native"].as_f64().expect("a figure is a number");
        assert!(native >= 0.0 && line["spread"].is_number(), "{line}");
        assert!(
            line["other_figure"]
                .as_f64()
                .is_some_and(|other| other >= 0.0),
            "{line}"
        );
    }
    assert_eq!(lines.len(), goals.count(), "{errors}");
}
