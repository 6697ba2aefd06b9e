//! L027: the full product of what can happen to a task and its handle.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use anyrt_api::Runtime;

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
        assert!(!panics, "a destructor that panics");
    }
}

/// A future of two polls. Written by hand: an `async` block whose local panics when it is dropped
/// at the end leaks its output (rust-lang/rust#47949), on every runtime.
struct Marked {
    _future: Mark,
    output: Option<Mark>,
    end: End,
    is_begun: bool,
}

impl Future for Marked {
    type Output = Mark;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Mark> {
        if !std::mem::replace(&mut self.is_begun, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.end {
            End::Output => Poll::Ready(self.output.take().expect("the last poll")),
            End::Panic => panic!("the task panics"),
            End::Never => Poll::Pending,
        }
    }
}

/// L027: However a task ends, is aborted or its handle dropped, its future is dropped once, its
/// output at most once, the joiner is woken, and nothing else of the runtime is disturbed.
async fn l027_every_combination_of_end_and_handle<R: Runtime>(rt: R) {
    std::panic::set_hook(Box::new(|_| {}));
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

async fn one_case<R: Runtime>(rt: &R, end: End, bombs: Bombs, handling: Handling) {
    let case = format!("{end:?} {bombs:?} {handling:?}");
    let (futures, outputs) = (Gate::new(), Gate::new());
    let (future, output) = (
        Mark(futures.clone(), bombs.future),
        Mark(outputs.clone(), bombs.output),
    );
    let mut task = rt.spawn(Marked {
        _future: future,
        output: Some(output),
        end,
        is_begun: false,
    });
    let probe = Probe::new();
    let mut joined = None;
    if handling.polls_join {
        joined = match probe.poll(pin!(&mut task)) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        };
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
    if is_certain {
        outputs.wait().await;
    }
    assert!(
        futures.count() <= 1 && outputs.count() <= 1,
        "{case}: dropped twice"
    );
}
