//! Layer B costs what layer A costs, and what layer A has more than the library below it has names.
//!
//! Release builds are counted, and count, whatever this test was built as. Without valgrind nothing
//! can be, and a line of the output says so.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::{Command, Stdio};

use anyrt_layers::count;
use anyrt_layers::programs::Programs;

#[test]
fn the_layers_cost_what_they_may() {
    if !count::has_valgrind() {
        let text = "NOT RUN: what the layers cost is not counted, since valgrind is missing";
        // Past the harness, which keeps what a test that passes prints.
        writeln!(io::stderr(), "{text}").expect("the output is there");
        return;
    }
    let programs = Programs::build().expect("a release build");
    // Reading the debug lines takes four times as long in a build that is not optimized. What it
    // says of its bounds goes past the harness too.
    let mut counting = Command::new(&programs.looped);
    let output = counting.stderr(Stdio::inherit()).output();
    let output = output.expect("it was just built");
    let tables = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "a bound does not hold:\n{tables}");
}
