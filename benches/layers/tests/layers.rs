//! Layer B costs what layer A costs, and what layer A has more than the library below it has names.
//!
//! Release builds are counted, whatever this test was built as. Without valgrind nothing can be,
//! and a line of the output says so.
#![forbid(unsafe_code)]

use std::io::{self, Write};

use anyrt_layers::cell::Cell;
use anyrt_layers::programs::Programs;
use anyrt_layers::{bounds, count, page};

#[test]
fn the_layers_cost_what_they_may() {
    if !count::has_valgrind() {
        let text = "NOT RUN: what the layers cost is not counted, since valgrind is missing";
        // Past the harness, which keeps what a test that passes prints.
        writeln!(io::stderr(), "{text}").expect("the output is there");
        return;
    }
    let programs = Programs::build().expect("a release build");
    let cells: Vec<_> = Cell::all().collect();
    let counts = count::settled(&programs, &cells).expect("counts");
    let broken = bounds::broken(&counts);
    assert!(
        broken.is_empty(),
        "{}\n{}",
        broken.join("\n"),
        page::all(&counts)
    );
}
