//! Laws of the current runtime: L194 to L198, with one backend.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyrt_api::{AnyRuntime, BlockOn, Spawn, task, time};
use futures_lite::future::block_on;

use crate::gate::{Gate, step_aside};
use crate::{Backend, Capability, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l194_the_innermost_runtime_is_current in lab),
        law!(l194_nested_in_a_blocking_closure in lab),
        law!(l195_outside_any_runtime_it_panics in lab),
        law!(l196_the_default_is_a_resolver in lab),
        law!(l197_objects_stay_bound in lab).needs(Capability::Threads),
        law!(l198_two_runtimes_in_turn in lab),
        law!(l198_two_runtimes_at_once in lab).needs(Capability::Threads),
    ]
}

/// Leaves a task on the current runtime: the gate counts it once that runtime has gone.
fn leave(gone: &Gate) {
    let mark = gone.opened_by_drop();
    drop(task::spawn(async move {
        let _mark = mark;
        pending::<()>().await;
    }));
}

/// Leaves its task when it is dropped.
struct LeaveOnDrop(Gate);

impl Drop for LeaveOnDrop {
    fn drop(&mut self) {
        leave(&self.0);
    }
}

/// L194: Inside a task, in `block_on`, in a blocking closure and in a destructor that the runtime
/// runs, the current runtime is the one that runs them.
fn l194_the_innermost_runtime_is_current<B: Backend>(lab: &Lab<B>) {
    let (one, other) = (lab.start(), lab.start());
    let (in_one, in_other) = (Gate::new(), Gate::new());
    for (owner, gone) in [(&one, &in_one), (&other, &in_other)] {
        let (rt, in_task, in_call) = (owner.handle(), gone.clone(), gone.clone());
        let (dropped, output) = (LeaveOnDrop(gone.clone()), LeaveOnDrop(gone.clone()));
        owner.block_on(async {
            leave(gone);
            step_aside(1).await;
            leave(gone);
            let task = rt.spawn(async move {
                leave(&in_task);
                step_aside(3).await;
                leave(&in_task);
                output
            });
            // The task's output is dropped here, in `block_on`.
            drop(task.await.expect("the task"));
            rt.spawn_blocking(move || leave(&in_call))
                .await
                .expect("the closure");
            let aborted = rt.spawn(async move {
                let _dropped = dropped;
                pending::<()>().await;
            });
            step_aside(3).await;
            aborted.cancel().await.expect_err("it was pending");
        });
        assert_eq!(
            gone.count(),
            0,
            "a task of a runtime that lives was dropped"
        );
    }
    assert!(AnyRuntime::try_current().is_none());
    one.shutdown(Duration::from_secs(5));
    assert_eq!((in_one.count(), in_other.count()), (7, 0));
    other.shutdown(Duration::from_secs(5));
    assert_eq!((in_one.count(), in_other.count()), (7, 7));
}

/// L194: The innermost runtime is current where one is used inside the other.
fn l194_nested_in_a_blocking_closure<B: Backend>(lab: &Lab<B>) {
    let (outer, inner) = (lab.start(), lab.start());
    let (in_outer, in_inner) = (Gate::new(), Gate::new());
    let (outers, inners) = (in_outer.clone(), in_inner.clone());
    let rt = outer.handle();
    let closure = move || {
        leave(&outers);
        inner.block_on(async {
            leave(&inners);
            step_aside(2).await;
            leave(&inners);
        });
        let caught = catch_unwind(AssertUnwindSafe(|| {
            inner.block_on(async { panic!("inside") })
        }));
        caught.expect_err("the panic comes through");
        // The outer one is current again, also after a panic.
        leave(&outers);
        inner.shutdown(Duration::from_secs(5));
    };
    outer
        .block_on(async { rt.spawn_blocking(closure).await })
        .expect("the closure");
    assert_eq!((in_outer.count(), in_inner.count()), (0, 2));
    outer.shutdown(Duration::from_secs(5));
    assert_eq!((in_outer.count(), in_inner.count()), (2, 2));
}

/// The text of a panic, and the place that it blames.
fn panic_of(f: impl FnOnce()) -> (String, Option<(String, u32)>) {
    static PLACE: Mutex<Option<(String, u32)>> = Mutex::new(None);
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|place| (place.file().to_owned(), place.line()));
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
    let caught = catch_unwind(AssertUnwindSafe(f));
    let _ = std::panic::take_hook();
    let payload = caught.expect_err("it must panic");
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    });
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    (text.expect("a text"), place)
}

const DAY: Duration = Duration::from_secs(86_400);

/// L195: The bare form outside any runtime panics at the caller's line and names the three ways
/// out.
fn l195_outside_any_runtime_it_panics<B: Backend>(lab: &Lab<B>) {
    // That one has been there does not help.
    let owner = lab.start();
    owner.block_on(async { step_aside(1).await });
    type Call = fn();
    let at_call: [(u32, Call); 3] = [
        (line!(), || drop(task::spawn(async {}))),
        (line!(), || drop(task::spawn_blocking(|| ()))),
        (line!(), || drop(AnyRuntime::current())),
    ];
    let at_poll: [(u32, Call); 2] = [
        (line!(), || block_on(time::sleep(Duration::ZERO))),
        (line!() + 1, || {
            let _ = block_on(time::timeout(DAY, pending::<()>()));
        }),
    ];
    let calls = at_call.into_iter().map(|(line, call)| (true, line, call));
    for (blames, line, call) in calls.chain(at_poll.into_iter().map(|(l, c)| (false, l, c))) {
        let (text, place) = panic_of(call);
        for way_out in ["block_on", "_in", "install"] {
            assert!(text.contains(way_out), "`{way_out}` is not named: {text}");
        }
        assert!(
            text.contains(&format!("{}:{line}", file!())),
            "the call is not named: {text}"
        );
        if blames {
            assert_eq!(
                place,
                Some((file!().to_owned(), line)),
                "it blames another line"
            );
        }
    }
}

/// What `default_runtime` answers.
static DEFAULT: Mutex<Option<AnyRuntime>> = Mutex::new(None);

fn default_runtime() -> Option<AnyRuntime> {
    DEFAULT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// L196: The default is asked each time; the same resolver again is fine, another is an error that
/// names the first caller; an entered runtime always wins.
fn l196_the_default_is_a_resolver<B: Backend>(lab: &Lab<B>) {
    AnyRuntime::set_default(default_runtime).expect("the first");
    AnyRuntime::set_default(default_runtime).expect("the same again");
    let error = AnyRuntime::set_default(|| None).expect_err("another");
    assert!(
        error.to_string().contains(file!()),
        "it names the first caller: {error}"
    );

    let (text, _) = panic_of(|| drop(task::spawn(async {})));
    assert!(
        text.contains("no anyrt runtime"),
        "a resolver that has none: {text}"
    );
    let (default, entered) = (lab.start(), lab.start());
    let (in_default, in_entered) = (Gate::new(), Gate::new());
    *DEFAULT.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(AnyRuntime::new(default.handle()));
    leave(&in_default);
    entered.block_on(async {
        leave(&in_entered);
        let later = in_entered.clone();
        task::spawn(async move { leave(&later) })
            .await
            .expect("the task");
    });
    entered.shutdown(Duration::from_secs(5));
    assert_eq!((in_default.count(), in_entered.count()), (0, 2));
    // Asked again: it has none now.
    *DEFAULT.lock().unwrap_or_else(PoisonError::into_inner) = None;
    default.shutdown(Duration::from_secs(5));
    assert_eq!((in_default.count(), in_entered.count()), (1, 2));
    assert!(AnyRuntime::try_current().is_none());
}

/// L197: What the bare form made stays bound to its runtime, wherever it is used later.
fn l197_objects_stay_bound<B: Backend>(lab: &Lab<B>) {
    let (maker, user) = (lab.start(), lab.start());
    let (gone, go) = (Gate::new(), Gate::new());
    let gate = go.clone();
    let (sleep, task, mut group) = maker.block_on(async {
        let mut group = task::TaskGroup::new();
        group.spawn(async { 1 });
        let task = task::spawn(async move {
            gate.wait().await;
            7
        });
        (time::sleep(Duration::from_millis(5)), task, group)
    });
    user.block_on(async {
        sleep.await;
        go.open();
        assert_eq!(task.await.expect("it runs where it was made"), 7);
        let mark = gone.opened_by_drop();
        group.spawn(async move {
            let _mark = mark;
            pending::<()>().await;
            2
        });
        let first = group.join_next().await.expect("a task");
        assert_eq!(first.expect("its output"), 1);
    });
    user.shutdown(Duration::from_secs(5));
    assert_eq!(gone.count(), 0, "the group moved to its user's runtime");
    drop(group);
    maker.shutdown(Duration::from_secs(5));
    assert_eq!(gone.count(), 1);
}

/// A library that knows no runtime.
async fn library(n: u64) -> u64 {
    let child = task::spawn(async move {
        time::sleep(Duration::from_micros(n * 100)).await;
        task::spawn_blocking(move || n).await.expect("the closure")
    });
    let timed = time::timeout(Duration::from_secs(3_600), async { n }).await;
    task::yield_now().await;
    child.await.expect("the child") + timed.expect("in time")
}

/// L198: A library that uses only bare forms behaves the same in each of two runtimes, in turn.
fn l198_two_runtimes_in_turn<B: Backend>(lab: &Lab<B>) {
    let (one, other) = (lab.start(), lab.start());
    for n in 0..10 {
        assert_eq!(one.block_on(library(n)), 2 * n);
        assert_eq!(other.block_on(library(n)), 2 * n);
    }
    drop(one);
    assert_eq!(other.block_on(library(3)), 6);
}

/// L198: And in both at once.
fn l198_two_runtimes_at_once<B: Backend>(lab: &Lab<B>) {
    let owners = [lab.start(), lab.start()];
    std::thread::scope(|scope| {
        for owner in &owners {
            scope.spawn(|| (0..20).for_each(|n| assert_eq!(owner.block_on(library(n)), 2 * n)));
        }
    });
}
