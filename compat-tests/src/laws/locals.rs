//! L028 and L185: tasks that belong to a thread, and values that belong to a task.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::thread::ThreadId;

use anyrt_api::task::local;
use anyrt_api::{Runtime, task_local};

use crate::gate::{Gate, step_aside};
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l028_local_tasks_stay_on_their_thread),
        law!(l185_each_task_has_its_own_value),
        law!(l185_a_panic_leaves_no_value_behind),
    ]
}

/// Must be dropped on the thread that made it, and says that it was.
struct Stays(Rc<Cell<usize>>, ThreadId);

impl Drop for Stays {
    fn drop(&mut self) {
        assert_eq!(self.1, std::thread::current().id(), "dropped elsewhere");
        self.0.set(self.0.get() + 1);
    }
}

/// L028: Local tasks are polled and dropped on the thread that polls their scope, and on no other,
/// whoever wakes them.
async fn l028_local_tasks_stay_on_their_thread<R: Runtime>(rt: R) {
    const TASKS: usize = 6;
    let (home, dropped) = (std::thread::current().id(), Rc::new(Cell::new(0)));
    let waking = rt.clone();
    let of_tasks = dropped.clone();
    local::scope(async move |local| {
        let mut tasks = Vec::new();
        for number in 0..TASKS {
            let (stays, go) = (Stays(of_tasks.clone(), home), Gate::new());
            let gate = go.clone();
            let task = local.spawn(async move {
                let _stays = stays;
                gate.wait().await;
                assert_eq!(home, std::thread::current().id(), "polled elsewhere");
                // Some end, some are aborted, some are left to the end of the scope.
                if number % 3 > 0 {
                    pending::<()>().await;
                }
            });
            waking
                .spawn(async move { go.open() })
                .await
                .expect("it opens");
            tasks.push(task);
        }
        step_aside(10).await;
        for (number, task) in tasks.into_iter().enumerate().filter(|(i, _)| i % 3 < 2) {
            if number % 3 == 1 {
                task.abort();
            }
            assert_eq!(task.await.is_err(), number % 3 == 1);
        }
    })
    .await;
    assert_eq!(dropped.get(), TASKS);
}

task_local! {
    static VALUE: usize;
}

/// L185: What stood before is there again after each poll: tasks that take turns on one thread do
/// not see each other's values.
async fn l185_each_task_has_its_own_value<R: Runtime>(rt: R) {
    let tasks: Vec<_> = (0..20)
        .map(|own| {
            let inner = rt.clone();
            let nested = VALUE.scope(own + 100, async move {
                step_aside(2).await;
                VALUE.get()
            });
            rt.spawn(VALUE.scope(own, async move {
                let child = inner.spawn(async { VALUE.try_with(|value| *value).is_ok() });
                for _ in 0..10 {
                    assert_eq!(VALUE.get(), own);
                    step_aside(1).await;
                }
                let inherits = child.await.expect("the child runs");
                assert!(!inherits, "a task that it started has its value");
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

    /// Opens its gate if it sees the value while it is dropped.
    struct Look(Gate);
    impl Drop for Look {
        fn drop(&mut self) {
            if VALUE.try_with(|value| *value) == Ok(8) {
                self.0.open();
            }
        }
    }
    let seen = Gate::new();
    let look = Look(seen.clone());
    let task = rt.spawn(VALUE.scope(8, async move {
        let _look = look;
        std::future::pending::<()>().await;
    }));
    step_aside(3).await;
    task.cancel().await.expect_err("it was pending");
    assert!(seen.is_open(), "the destructor saw another value");
    assert!(VALUE.try_with(|value| *value).is_err(), "left by a drop");
}
