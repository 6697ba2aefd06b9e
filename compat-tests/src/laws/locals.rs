//! L185: values that belong to a task.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use anyrt_api::{Runtime, task_local};

use crate::gate::step_aside;
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l185_each_task_has_its_own_value),
        law!(l185_a_panic_leaves_no_value_behind),
    ]
}

task_local! {
    static VALUE: usize;
}

/// L185: What stood before is there again after each poll: tasks that take turns on one thread do
/// not see each other's values.
async fn l185_each_task_has_its_own_value<R: Runtime>(rt: R) {
    let tasks: Vec<_> = (0..20)
        .map(|own| {
            let nested = VALUE.scope(own + 100, async move {
                step_aside(2).await;
                VALUE.get()
            });
            rt.spawn(VALUE.scope(own, async move {
                for _ in 0..10 {
                    assert_eq!(VALUE.get(), own);
                    step_aside(1).await;
                }
                let inside = nested.await;
                (VALUE.get(), inside)
            }))
        })
        .collect();
    let outside = rt.spawn(async {
        for _ in 0..10 {
            step_aside(1).await;
            assert!(
                VALUE.try_with(|value| *value).is_err(),
                "another task's value"
            );
        }
    });
    for (own, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.expect("its own value"), (own, own + 100));
    }
    outside.await.expect("no value");
}

/// L185: And also after a poll that panics, and after a drop.
async fn l185_a_panic_leaves_no_value_behind<R: Runtime>(rt: R) {
    let panics = VALUE.scope(7, poll_fn(|_| -> Poll<()> { panic!("a poll that panics") }));
    let mut panics = pin!(panics);
    let polled = catch_unwind(AssertUnwindSafe(|| Probe::new().poll(panics.as_mut())));
    assert!(polled.is_err());
    assert!(VALUE.try_with(|value| *value).is_err(), "left by a panic");

    /// Sees the value while it is dropped.
    struct Look;
    impl Drop for Look {
        fn drop(&mut self) {
            assert_eq!(VALUE.get(), 8);
        }
    }
    let look = Look;
    let task = rt.spawn(VALUE.scope(8, async move {
        let _look = look;
        std::future::pending::<()>().await;
    }));
    step_aside(3).await;
    let error = task.cancel().await.expect_err("it was pending");
    assert!(
        error.is_cancelled(),
        "the destructor saw another value: {error}"
    );
    assert!(VALUE.try_with(|value| *value).is_err(), "left by a drop");
}
