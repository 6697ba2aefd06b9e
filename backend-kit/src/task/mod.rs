//! What stands around a user's future or closure: [`Catch`], [`Call`] and their [`Outcome`]; and,
//! for a runtime without join handles, what the outcome is delivered through: [`live`], [`joint`].
//!
//! They keep panics where the contract wants them: in the join, whether the poll panics, the
//! destructor of the future, or that of an output that nobody read. Know nothing of executors, and
//! nothing of the current runtime but that a closure runs with one entered; a backend wraps a
//! `Catch` or a `Live` in [`current::Root`].

mod joint;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anyrt_api::task::JoinError;
use anyrt_api::{AnyRuntime, current};
use pin_project_lite::pin_project;

pub use joint::{Giver, Joint, Live, joint, live};

/// A task's name, for its errors.
pub type Name = Option<Cow<'static, str>>;

pin_project! {
    /// A future whose panics are its outcome.
    ///
    /// - `L018` A panic of a poll is `Err` with its payload.
    /// - `L017` The future has been dropped when the outcome is there.
    /// - `L020` A panic of the future's destructor is `Err` if the future had ended by itself, and
    ///   is swallowed, after the panic hook ran, if it was cancelled.
    #[must_use = "futures do nothing unless polled"]
    pub struct Catch<F> {
        #[pin]
        future: Option<F>,
        name: Name,
    }

    impl<F> PinnedDrop for Catch<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut future = this.project().future;
            // The hook has reported it; nobody is left to be told.
            let _ = catch_unwind(AssertUnwindSafe(|| future.set(None)));
        }
    }
}

impl<F: Future> Catch<F> {
    /// Wraps a task's future.
    pub fn new(future: F, name: Name) -> Self {
        Catch {
            future: Some(future),
            name,
        }
    }
}

impl<F> Catch<F> {
    /// True once the future has ended, or panicked, and was dropped.
    pub fn is_done(&self) -> bool {
        self.future.is_none()
    }
}

impl<F: Future> Future for Catch<F> {
    type Output = Outcome<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let future = this.future.as_mut().as_pin_mut();
            future
                .expect("a task that ended is not polled again")
                .poll(cx)
        }));
        let ended = match polled {
            Ok(poll) => Ok(Outcome::from(Ok(ready!(poll)))),
            Err(payload) => Err(payload),
        };
        let dropped = catch_unwind(AssertUnwindSafe(|| this.future.set(None)));
        Poll::Ready(match ended.and_then(|out| dropped.map(|()| out)) {
            Ok(outcome) => outcome,
            Err(payload) => Err(JoinError::panicked(payload).of_task(this.name.take())).into(),
        })
    }
}

impl<F> fmt::Debug for Catch<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catch")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A blocking closure: what a backend hands to its pool.
///
/// It runs with the runtime entered and the thread undriven, so that it may block on anything.
/// Dropping it without a run drops the closure with the runtime entered (`L194`), and a panic of
/// that is swallowed after the panic hook ran.
#[must_use = "the closure is dropped unless it is run"]
pub struct Call<F> {
    f: Option<F>,
    runtime: Option<AnyRuntime>,
    name: Name,
}

impl<F> Call<F> {
    /// For a pool whose threads stand in their runtime from beginning to end.
    pub fn new(f: F, name: Name) -> Self {
        Call {
            f: Some(f),
            runtime: None,
            name,
        }
    }

    /// For a pool whose threads do not: `runtime` is current while the closure runs, or is dropped.
    pub fn entering(runtime: AnyRuntime, f: F, name: Name) -> Self {
        Call {
            f: Some(f),
            runtime: Some(runtime),
            name,
        }
    }

    /// Runs the closure; its panic is the outcome.
    pub fn run<T>(mut self) -> Outcome<T>
    where
        F: FnOnce() -> T,
    {
        let f = self.f.take().expect("`run` takes the call");
        let run = || current::undriven(|| catch_unwind(AssertUnwindSafe(f)));
        let ran = match self.runtime.take() {
            Some(runtime) => current::enter(runtime, run),
            None => run(),
        };
        let name = self.name.take();
        ran.map_err(|payload| JoinError::panicked(payload).of_task(name))
            .into()
    }
}

impl<F> Drop for Call<F> {
    fn drop(&mut self) {
        let Some(f) = self.f.take() else {
            return;
        };
        let quietly = || drop(catch_unwind(AssertUnwindSafe(|| drop(f))));
        match self.runtime.take() {
            Some(runtime) => current::enter(runtime, quietly),
            None => quietly(),
        }
    }
}

impl<F> fmt::Debug for Call<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a task or a closure came to. A backend's cell keeps it until somebody joins.
///
/// `L021` If nobody does, a panic of the output's destructor is swallowed after the panic hook ran.
#[must_use = "the output is in it"]
pub struct Outcome<T> {
    result: Option<Result<T, JoinError>>,
}

impl<T> Outcome<T> {
    /// The result, for whoever joins.
    ///
    /// # Errors
    ///
    /// The task panicked or was cancelled.
    pub fn into_result(mut self) -> Result<T, JoinError> {
        self.result.take().expect("an outcome has its result")
    }
}

impl<T> From<Result<T, JoinError>> for Outcome<T> {
    fn from(result: Result<T, JoinError>) -> Self {
        Outcome {
            result: Some(result),
        }
    }
}

impl<T> Drop for Outcome<T> {
    fn drop(&mut self) {
        if self.result.is_some() {
            let _ = catch_unwind(AssertUnwindSafe(|| self.result = None));
        }
    }
}

impl<T> fmt::Debug for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.result {
            Some(Ok(_)) => "Ok(..)",
            Some(Err(_)) => "Err(..)",
            None => "taken",
        };
        f.debug_tuple("Outcome").field(&text).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Waker;

    use super::*;

    /// Panics when dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("boom");
        }
    }

    fn run<F: Future>(future: F) -> Poll<Result<F::Output, JoinError>> {
        let task = pin!(Catch::new(future, Some("named".into())));
        task.poll(&mut Context::from_waker(Waker::noop()))
            .map(Outcome::into_result)
    }

    #[test]
    fn output() {
        assert!(matches!(run(ready(7)), Poll::Ready(Ok(7))));
        assert!(run(pending::<()>()).is_pending());
    }

    #[test]
    fn panic_of_a_poll_and_of_the_drop_after_it() {
        struct Twice(Bomb);
        impl Future for Twice {
            type Output = ();
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                let Bomb = self.0;
                panic!("first");
            }
        }
        let done = run(Twice(Bomb));
        let Poll::Ready(Err(error)) = done else {
            panic!("the panic is the outcome")
        };
        assert_eq!(error.to_string(), "task `named` panicked: first");
    }

    #[test]
    fn panic_of_the_destructor_at_the_end_is_reported() {
        struct Armed(Option<Bomb>);
        impl Future for Armed {
            type Output = ();
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                assert!(self.0.is_some());
                Poll::Ready(())
            }
        }
        let Poll::Ready(Err(error)) = run(Armed(Some(Bomb))) else {
            panic!("the panic is the outcome")
        };
        assert!(error.is_panic());
    }

    #[test]
    fn panics_of_a_cancelled_future_and_of_an_unread_output_are_swallowed() {
        let mut cancelled = Box::pin(Catch::new(
            async {
                let _bomb = Bomb;
                pending::<()>().await;
            },
            None,
        ));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(cancelled.as_mut().poll(&mut cx).is_pending());
        drop(cancelled);

        let unread = pin!(Catch::new(async { Bomb }, None)).poll(&mut cx);
        assert!(unread.is_ready());
        drop(unread);
    }

    #[test]
    fn the_future_is_gone_before_the_outcome_is_there() {
        struct Flag<'a>(&'a AtomicBool);
        impl Drop for Flag<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        impl Future for Flag<'_> {
            type Output = ();
            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
                Poll::Ready(())
            }
        }
        let gone = AtomicBool::new(false);
        let mut task = pin!(Catch::new(Flag(&gone), None));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(!task.is_done());
        assert!(task.as_mut().poll(&mut cx).is_ready());
        assert!(gone.load(Ordering::Relaxed) && task.is_done());
    }
}
