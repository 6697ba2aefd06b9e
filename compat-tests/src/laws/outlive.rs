//! L052 and L030: what outlives its runtime resolves, and does not hang.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use anyrt_api::{BlockOn, Core, Spawn, Timer};
use futures_lite::future::block_on;

use crate::gate::step_aside;
use crate::probe::Probe;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l030_spawn_after_the_shutdown in lab),
        law!(l052_join_handles_outlive_the_runtime in lab),
        law!(l052_sleeps_outlive_the_runtime in lab),
    ]
}

/// L030: `spawn` after the shutdown neither panics nor blocks nor leaks: its handle is cancelled.
fn l030_spawn_after_the_shutdown<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async { step_aside(2).await });
    owner.shutdown(Duration::from_secs(5));
    let held = std::sync::Arc::new(());
    let (in_task, in_call) = (held.clone(), held.clone());
    let task = rt.spawn(async move { drop(in_task) });
    let call = rt.spawn_blocking(move || drop(in_call));
    assert!(
        block_on(task)
            .expect_err("the runtime is gone")
            .is_cancelled()
    );
    assert!(
        block_on(call)
            .expect_err("the runtime is gone")
            .is_cancelled()
    );
    assert_eq!(
        std::sync::Arc::strong_count(&held),
        1,
        "the future or the closure leaked"
    );
}

/// L052: A join handle that outlives the runtime resolves: cancelled, or its output if it had one.
fn l052_join_handles_outlive_the_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let never = rt.spawn(pending::<()>());
    let polled = rt.spawn(pending::<()>());
    let done = rt.spawn(async { 7 });
    owner.block_on(async {
        while !done.is_finished() {
            step_aside(1).await;
        }
    });
    let mut polled = pin!(polled);
    let probe = Probe::new();
    assert!(probe.poll(polled.as_mut()).is_pending());
    owner.shutdown(Duration::from_secs(5));
    assert!(
        probe.wakes() > 0,
        "the joiner was not woken by the shutdown"
    );
    assert!(block_on(never).expect_err("it was pending").is_cancelled());
    assert!(block_on(polled).expect_err("it was pending").is_cancelled());
    assert_eq!(block_on(done).expect("its output stays"), 7);
}

/// L052: A sleep that outlives the runtime panics with a message that names the backend, whether it
/// was polled before or not, and wakes who waits for it.
fn l052_sleeps_outlive_the_runtime<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let far = rt.now() + Duration::from_secs(3600);
    let fresh = rt.sleep_until(far);
    let mut polled = Box::pin(rt.sleep_until(far));
    let probe = Probe::new();
    owner.block_on(async { assert!(probe.poll(polled.as_mut()).is_pending()) });
    owner.shutdown(Duration::from_secs(5));
    let name = <<B::Owner as BlockOn>::Runtime as Core>::NAME;
    let late = rt.sleep_until(far);
    let sleeps = [
        catch_unwind(AssertUnwindSafe(|| block_on(fresh))),
        catch_unwind(AssertUnwindSafe(|| block_on(polled))),
        catch_unwind(AssertUnwindSafe(|| block_on(late))),
    ];
    for slept in sleeps {
        let payload = slept.expect_err("its runtime is gone");
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text
            .or(payload.downcast_ref::<&str>().copied())
            .expect("a text");
        assert!(text.contains(name), "the message names `{name}`: {text}");
    }
    assert!(
        probe.wakes() > 0,
        "the sleeper was not woken by the shutdown"
    );
}
