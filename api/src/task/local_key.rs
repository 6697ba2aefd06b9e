//! Values that belong to a task: [`task_local!`](crate::task_local) and its [`LocalKey`].

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// Declares values that belong to a task: [`std::thread_local!`] for tasks.
///
/// A value is set for the length of a future, and seen by everything that future calls; it is not
/// handed on to tasks that it spawns.
///
/// ```
/// anyrt_api::task_local! {
///     static REQUEST: u64;
/// }
///
/// # futures_lite::future::block_on(async {
/// REQUEST.scope(7, async {
///     assert_eq!(REQUEST.get(), 7);
/// }).await;
/// assert!(REQUEST.try_with(|_| ()).is_err());
/// # });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty; $($rest:tt)*) => {
        $crate::task_local!($(#[$attr])* $vis static $name: $t);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty) => {
        $(#[$attr])*
        $vis static $name: $crate::task::LocalKey<$t> = {
            ::std::thread_local! {
                static SLOT: ::std::cell::RefCell<::std::option::Option<$t>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey::new(&SLOT)
        };
    };
}

/// The key of a value that belongs to a task: [`std::thread::LocalKey`] for tasks.
pub struct LocalKey<T: 'static> {
    slot: &'static std::thread::LocalKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    /// For [`task_local!`](crate::task_local).
    #[doc(hidden)]
    #[must_use]
    pub const fn new(slot: &'static std::thread::LocalKey<RefCell<Option<T>>>) -> Self {
        LocalKey { slot }
    }

    /// Sets the value while `future` is polled, and while it is dropped.
    ///
    /// `L185` What stood before is there again after each poll, also after one that panics.
    ///
    /// # Panics
    ///
    /// When it is polled inside [`with`](Self::with) of this key, which lends the value that it
    /// would replace. Dropped there, `future` sees the value that is lent.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture {
            future: Some(future),
            key: self,
            value: Some(value),
        }
    }

    /// Sets the value while `f` runs.
    ///
    /// # Panics
    ///
    /// Inside [`with`](Self::with) of this key.
    #[track_caller]
    pub fn sync_scope<U>(&'static self, value: T, f: impl FnOnce() -> U) -> U {
        let mut value = Some(value);
        let Some(_set) = Swap::new(self, &mut value) else {
            lent()
        };
        f()
    }

    /// Lends the value.
    ///
    /// # Panics
    ///
    /// Outside any `scope` of this key.
    #[track_caller]
    pub fn with<U>(&'static self, f: impl FnOnce(&T) -> U) -> U {
        match self.try_with(f) {
            Ok(out) => out,
            Err(error) => panic!("{error}"),
        }
    }

    /// Lends the value, if there is one.
    ///
    /// # Errors
    ///
    /// [`AccessError`] outside any `scope` of this key.
    pub fn try_with<U>(&'static self, f: impl FnOnce(&T) -> U) -> Result<U, AccessError> {
        let lent = self.slot.try_with(|slot| slot.borrow().as_ref().map(f));
        lent.ok().flatten().ok_or(AccessError(()))
    }

    /// A copy of the value.
    ///
    /// # Panics
    ///
    /// Outside any `scope` of this key.
    #[track_caller]
    #[must_use]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// There is no value: the code runs outside every `scope` of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task-local value was used outside its `scope`")
    }
}

impl Error for AccessError {}

pin_project! {
    /// The future of [`LocalKey::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct TaskLocalFuture<T: 'static, F> {
        // `None` once dropped.
        #[pin]
        future: Option<F>,
        key: &'static LocalKey<T>,
        value: Option<T>,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // A panic here could be the second: the process would be aborted.
            let _set = Swap::new(this.key, this.value);
            this.future.set(None);
        }
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(_set) = Swap::new(this.key, this.value) else {
            lent()
        };
        this.future
            .as_pin_mut()
            .expect("the future stays until the drop")
            .poll(cx)
    }
}

impl<T: 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").finish_non_exhaustive()
    }
}

/// A value swapped into the thread's slot for a while.
struct Swap<'a, T: 'static> {
    key: &'static LocalKey<T>,
    value: &'a mut Option<T>,
}

impl<'a, T: 'static> Swap<'a, T> {
    /// `None` if the key is lent on this thread.
    fn new(key: &'static LocalKey<T>, value: &'a mut Option<T>) -> Option<Self> {
        let swapped = key.slot.try_with(|slot| {
            let mut slot = slot.try_borrow_mut().ok()?;
            std::mem::swap(&mut *slot, value);
            Some(())
        });
        // Without a slot, on a thread that is ending, there is nothing to swap.
        swapped.unwrap_or(Some(()))?;
        Some(Swap { key, value })
    }
}

#[cold]
#[track_caller]
fn lent() -> ! {
    panic!("a task-local value was to be replaced inside `with`, which lends it")
}

impl<T: 'static> Drop for Swap<'_, T> {
    fn drop(&mut self) {
        let value = &mut *self.value;
        let _ = self
            .key
            .slot
            .try_with(|slot| std::mem::swap(&mut *slot.borrow_mut(), value));
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    crate::task_local! {
        static KEY: u32;
    }

    #[test]
    fn a_scope_polled_while_its_key_is_lent_panics_and_nothing_more() {
        let polled = std::panic::catch_unwind(|| {
            block_on(KEY.scope(1, async {
                KEY.with(|_| block_on(KEY.scope(2, async { KEY.get() })))
            }))
        });
        let payload = polled.expect_err("it cannot be set while it is lent");
        let text = payload.downcast::<&str>().expect("a text");
        assert!(text.contains("`with`"), "{text}");
        assert!(
            KEY.try_with(|_| ()).is_err(),
            "what stood before is there again"
        );
    }
}
