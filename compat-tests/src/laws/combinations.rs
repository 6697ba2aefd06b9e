//! L027: the full product of what can happen to a task and its handle.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use anyrt_api::Runtime;
use anyrt_api::task::JoinHandle;

use crate::gate::{Gate, step_aside};
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![law!(l027_every_combination_of_end_and_handle)]
}

/// How a task ends if nobody aborts it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Output,
    Panic,
    Never,
}

/// What is done to the handle, in this order.
#[derive(Debug, Clone, Copy)]
struct Handling {
    polls_join: bool,
    aborts: bool,
    /// Steps that others take before the abort, so that it meets every state.
    steps: usize,
    joins: bool,
}

/// What panics when it is dropped.
#[derive(Debug, Clone, Copy)]
struct Bombs {
    future: bool,
    output: bool,
}

/// Opens its gate when dropped, and panics then if it is told to, unless that would be the second
/// panic at once, which aborts in any Rust program.
struct Mark(Gate, bool);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.open();
        let panics = self.1 && !std::thread::panicking();
        assert!(!panics, "{MARK_PANICS}");
    }
}

/// L027: However a task ends, is aborted or its handle dropped, its future is dropped once, its
/// output at most once, the joiner is woken, and nothing else of the runtime is disturbed.
async fn l027_every_combination_of_end_and_handle<R: Runtime>(rt: R) {
    std::panic::set_hook(Box::new(|info| {
        // Hundreds of these are meant; any other is not.
        let text = info.to_string();
        if ![TASK_PANICS, MARK_PANICS]
            .iter()
            .any(|meant| text.contains(meant))
        {
            eprintln!("{info}");
        }
    }));
    let bits = [false, true];
    let mut cases = Vec::new();
    for end in [End::Output, End::Panic, End::Never] {
        for (future, output) in pairs(bits, bits) {
            for (polls_join, aborts) in pairs(bits, bits) {
                for (steps, joins) in pairs([0, 3], bits) {
                    let handling = Handling {
                        polls_join,
                        aborts,
                        steps,
                        joins,
                    };
                    cases.push((end, Bombs { future, output }, handling));
                }
            }
        }
    }
    for (end, bombs, handling) in cases {
        one_case(&rt, end, bombs, handling).await;
        let alive = rt.spawn(async { 7 }).await;
        assert!(
            alive.is_ok_and(|seven| seven == 7),
            "{end:?} {bombs:?} {handling:?}"
        );
    }
    let _ = std::panic::take_hook();
}

fn pairs<A: Copy, B: Copy>(a: [A; 2], b: [B; 2]) -> impl Iterator<Item = (A, B)> {
    a.into_iter()
        .flat_map(move |a| b.into_iter().map(move |b| (a, b)))
}

/// A task that takes its marks with it and ends as it is told.
fn marked<R: Runtime>(rt: &R, end: End, future: Mark, output: Mark) -> JoinHandle<Mark, R> {
    rt.spawn(async move {
        let _future = future;
        step_aside(1).await;
        match end {
            End::Output => output,
            End::Panic => panic!("{TASK_PANICS}"),
            End::Never => pending().await,
        }
    })
}

async fn one_case<R: Runtime>(rt: &R, end: End, bombs: Bombs, handling: Handling) {
    let case = format!("{end:?} {bombs:?} {handling:?}");
    // A reader of a hang wants to know the last one.
    println!("{case}");
    let (futures, outputs) = (Gate::new(), Gate::new());
    let future = Mark(futures.clone(), bombs.future);
    let mut task = marked(rt, end, future, Mark(outputs.clone(), bombs.output));
    let mut joined = None;
    if handling.polls_join
        && let Poll::Ready(result) = Probe::new().poll(pin!(&mut task))
    {
        joined = Some(result);
    }
    step_aside(handling.steps).await;
    if handling.aborts {
        task.abort();
    }
    let is_certain = end != End::Never || handling.aborts;
    if handling.joins && is_certain && joined.is_none() {
        joined = Some(task.await);
    } else {
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(task)));
        assert!(dropped.is_ok(), "{case}: the drop of the handle panicked");
    }
    if is_certain {
        futures.wait().await;
    }
    if let Some(Ok(output)) = joined {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(output)));
    }
    // A local that panics on drop takes the value that is being returned with it: Rust leaks that.
    if is_certain && !(end == End::Output && bombs.future) {
        outputs.wait().await;
    }
    let once = futures.count() <= 1 && outputs.count() <= 1;
    assert!(once, "{case}: dropped twice");
}

const TASK_PANICS: &str = "the task panics";
const MARK_PANICS: &str = "a destructor that panics";
