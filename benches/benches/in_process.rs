//! The scenarios that need no process of their own, under Criterion: `cargo bench -p
//! anyrt-benches`.
//!
//! The cells are those of the program `anyrt-benches`, which times the parts of a scenario itself.
//! So a sample of Criterion's is a run of a cell: it asks for so many iterations and is told so
//! many times what the run found for one.
#![forbid(unsafe_code)]

use std::{env, thread, time::Duration};

use anyrt_benches::scenarios::{self, Cell, Place, Setup};
use criterion::{Criterion, SamplingMode};

fn main() {
    let workers = thread::available_parallelism().expect("the system says how many processors");
    let setup = Setup {
        workers: workers.get(),
        // What is only tried is not to take long.
        quick: env::args().any(|argument| argument == "--test"),
    };
    let mut criterion = Criterion::default()
        .without_plots()
        .sample_size(SAMPLES)
        // A cell warms itself up.
        .warm_up_time(Duration::from_nanos(1))
        // Only how often it takes a figure of less than a second: a sample is one run all the same.
        .measurement_time(Duration::from_secs(10))
        .configure_from_args();
    for scenario in scenarios::all() {
        if scenario.place != Place::Inside {
            continue;
        }
        let mut group = criterion.benchmark_group(scenario.name);
        group.sampling_mode(SamplingMode::Flat);
        for cell in &scenario.cells {
            group.bench_function(cell.contender, |bencher| {
                bencher.iter_custom(|n_times| {
                    Duration::from_secs_f64(seconds(cell, &setup) * n_times as f64)
                })
            });
        }
    }
    criterion.final_summary();
}

/// What a run of the cell finds for its first figure.
fn seconds(cell: &Cell, setup: &Setup) -> f64 {
    let values = (cell.run)(setup).expect("the cell runs");
    let seconds = values.first().and_then(|value| value.seconds());
    seconds.expect("a cell of this process finds a time first")
}

/// The least that Criterion takes.
const SAMPLES: usize = 10;
