//! The part of a task that does not depend on its future: its word, its references, its joiner, and
//! where it belongs.
//!
//! [`Runnable`], the task's wakers and [`Join`](super::Join) are references to a [`Header`], and
//! reach the rest through its table of functions. It knows nothing of what a stage is.
//!
//! # Safety argument
//!
//! 1. A header is the first field of a cell of `raw.rs`, on the heap, and is only ever used behind
//!    the pointer that its allocation gave, so that pointer may be turned back into one to the
//!    cell. The address never changes.
//! 2. The cell lives while the word counts a reference. Each `Runnable`, waker and `Join` is one;
//!    the thread that gives up the last frees the cell, and touches nothing of it afterwards.
//! 3. `joiner` is written exactly while `JOINER` is set. While the flag is clear and the task is
//!    not complete, the handle may write there, and nobody else looks. While it is set, nobody
//!    writes. The thread that completes, if `State::complete` says so, takes the waker out; the
//!    handle takes it out only after `State::withdraw_joiner` said that it may.
//! 4. The functions of the table take a reference from their caller where they say so.

#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    fmt, io,
    mem::{ManuallyDrop, MaybeUninit, forget},
    ptr::NonNull,
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

use super::{joiner::Joiner, state::State};

#[repr(C)]
pub(super) struct Header {
    pub(super) state: State,
    /// The number of its [`Schedule`](super::Schedule).
    pub(super) schedule: u32,
    pub(super) table: &'static Table,
    joiner: UnsafeCell<MaybeUninit<Joiner>>,
}

/// What is done with a task whose future is not known. Each takes the pointer of rule 1.
pub(super) struct Table {
    /// Polls the task once, or drops its future. Takes a reference.
    pub(super) run: unsafe fn(NonNull<Header>),
    /// Drops the future if nobody runs the task. Takes a reference.
    pub(super) cancel: unsafe fn(NonNull<Header>, Option<io::Error>),
    /// Hands the task to its `Schedule`. Takes a reference.
    pub(super) schedule: unsafe fn(NonNull<Header>),
    /// Moves the output, a `Result<F::Output, JoinError>`, to where the second pointer points.
    pub(super) take_output: unsafe fn(NonNull<Header>, NonNull<()>),
    /// Drops the output, if it was not taken; a panic in it is told to the `Schedule`.
    pub(super) drop_output: unsafe fn(NonNull<Header>),
    /// Frees the cell.
    pub(super) free: unsafe fn(NonNull<Header>),
}

impl Header {
    #[inline]
    pub(super) fn new(table: &'static Table, schedule: u32) -> Self {
        Self {
            state: State::new(),
            schedule,
            table,
            joiner: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// True if the task is complete; else whoever completes it wakes the waker of `cx`.
    ///
    /// # Safety
    ///
    /// - The caller is the join handle.
    pub(super) unsafe fn poll_complete(&self, cx: &Context<'_>) -> bool {
        if self.state.is_complete() {
            return true;
        }
        if self.state.has_joiner() {
            // SAFETY: rule 3: nobody writes while the flag is set, and only the caller clears it.
            let known = unsafe { &*self.joiner.get() };
            // SAFETY: rule 3: it was set. If the task completes meanwhile the joiner moves away,
            // and what is compared is the word that it left.
            if unsafe { known.assume_init_ref() }.is_clone_of(cx.waker()) {
                return self.state.is_complete();
            }
            if !self.state.withdraw_joiner() {
                return true;
            }
            // SAFETY: rule 3: it was set, and is the handle's again.
            drop(unsafe { self.take_joiner() });
        }
        let joiner = Joiner::new(cx.waker());
        // SAFETY: rule 3: the flag is clear, and the caller is the handle. If the task completes
        // just now nobody looks here.
        unsafe { self.joiner.get().write(MaybeUninit::new(joiner)) };
        if self.state.offer_joiner() {
            return false;
        }
        // SAFETY: rule 3: it was written a few lines above and is the handle's again.
        drop(unsafe { self.take_joiner() });
        true
    }

    /// Drops the joiner's waker, if there is one and it is not on its way to be woken.
    ///
    /// # Safety
    ///
    /// - The caller is the join handle.
    #[inline]
    pub(super) unsafe fn withdraw_joiner(&self) {
        if self.state.has_joiner() && self.state.withdraw_joiner() {
            // SAFETY: rule 3: it was set, and is the handle's again.
            drop(unsafe { self.take_joiner() });
        }
    }

    /// Wakes the joiner.
    ///
    /// # Safety
    ///
    /// - `State::complete` told the caller that the joiner is its own.
    #[inline]
    pub(super) unsafe fn wake_joiner(&self) {
        // SAFETY: rule 3, by this function's contract.
        unsafe { self.take_joiner() }.wake();
    }

    /// # Safety
    ///
    /// - There is one and it is the caller's, by rule 3.
    unsafe fn take_joiner(&self) -> Joiner {
        // SAFETY: by this function's contract.
        let joiner = unsafe { self.joiner.get().read() };
        // SAFETY: by this function's contract.
        unsafe { joiner.assume_init() }
    }
}

/// Gives up a reference.
///
/// # Safety
///
/// - The caller has one and uses it no more.
pub(super) unsafe fn release(task: NonNull<Header>) {
    // SAFETY: rule 2: there is a reference.
    if unsafe { task.as_ref() }.state.release() {
        // SAFETY: rule 2: it was the last.
        unsafe { free(task) };
    }
}

/// Frees a task.
///
/// # Safety
///
/// - The last reference was given up, by the caller.
pub(super) unsafe fn free(task: NonNull<Header>) {
    // SAFETY: rule 2: the cell is there until it is freed here.
    let table = unsafe { task.as_ref() }.table;
    // SAFETY: rules 1 and 2.
    unsafe { (table.free)(task) };
}

/// A reference to a task that may run it.
pub(crate) struct Runnable(NonNull<Header>);

// SAFETY: what a task is made of may go to any thread (`Cell::new` asks for it), and its word says
// who may touch what.
unsafe impl Send for Runnable {}
// SAFETY: as above; `&Runnable` gives access to atomics alone.
unsafe impl Sync for Runnable {}

impl Runnable {
    /// # Safety
    ///
    /// - `task` is a pointer of rule 1, and the caller gives its reference away.
    pub(super) unsafe fn new(task: NonNull<Header>) -> Self {
        Self(task)
    }

    /// Polls the task once, or drops its future if it was aborted. Never panics.
    pub(crate) fn run(self) {
        let run = self.header().table.run;
        // SAFETY: rule 4: the reference goes with it.
        unsafe { run(self.into_pointer()) };
    }

    /// Drops the task's future now, or, if another thread is polling it, after that poll. Its join
    /// handle resolves to a cancelled `JoinError`, which names the cause if the task could not be
    /// started. Never panics.
    pub(crate) fn cancel(self, cause: Option<io::Error>) {
        let cancel = self.header().table.cancel;
        // SAFETY: rule 4: the reference goes with it.
        unsafe { cancel(self.into_pointer(), cause) };
    }

    fn header(&self) -> &Header {
        // SAFETY: rule 2: this is a reference.
        unsafe { self.0.as_ref() }
    }

    fn into_pointer(self) -> NonNull<Header> {
        let task = self.0;
        forget(self);
        task
    }
}

impl Clone for Runnable {
    fn clone(&self) -> Self {
        self.header().state.retain();
        Self(self.0)
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: rule 2: this was a reference.
        unsafe { release(self.0) };
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Runnable")
    }
}

/// The waker of a task for the time of a poll, which lends it the reference that it runs with.
///
/// # Safety
///
/// - `task` is a pointer of rule 1, and a reference to it outlives what is returned.
pub(super) unsafe fn lent_waker(task: NonNull<Header>) -> ManuallyDrop<Waker> {
    // SAFETY: `WAKER` keeps the contract of wakers: each function does its part with a reference,
    // from any thread. The lent reference is never given up, by `ManuallyDrop`.
    ManuallyDrop::new(unsafe { Waker::new(task.as_ptr().cast(), &WAKER) })
}

/// That of every waker of a task, and of nothing else.
pub(super) static WAKER: RawWakerVTable =
    RawWakerVTable::new(clone, wake_by_value, wake_by_ref, drop_waker);

/// # Safety
///
/// - `data` is a pointer of rule 1, behind a reference.
pub(super) unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: by this function's contract.
    unsafe { header(data).as_ref() }.state.retain();
    RawWaker::new(data, &WAKER)
}

/// # Safety
///
/// - For `WAKER`, and for who has what such a waker has: `data` is a pointer of rule 1, and the
///   caller gives its reference away.
pub(super) unsafe fn wake_by_value(data: *const ()) {
    let task = header(data);
    // SAFETY: by this function's contract.
    let Header { state, table, .. } = unsafe { task.as_ref() };
    if state.wake() {
        // SAFETY: rule 4: the reference goes with it.
        unsafe { (table.schedule)(task) };
    } else {
        // SAFETY: the reference was given away to here.
        unsafe { release(task) };
    }
}

/// # Safety
///
/// - For `WAKER` alone: `data` is a pointer of rule 1, behind a reference.
unsafe fn wake_by_ref(data: *const ()) {
    let task = header(data);
    // SAFETY: by this function's contract.
    let Header { state, table, .. } = unsafe { task.as_ref() };
    if state.wake() {
        state.retain();
        // SAFETY: rule 4: a reference for it was made a line above.
        unsafe { (table.schedule)(task) };
    }
}

/// # Safety
///
/// - For `WAKER` alone: `data` is a pointer of rule 1, and the caller gives its reference away.
unsafe fn drop_waker(data: *const ()) {
    // SAFETY: by this function's contract.
    unsafe { release(header(data)) };
}

pub(super) fn header(data: *const ()) -> NonNull<Header> {
    NonNull::new(data.cast_mut().cast()).expect("a waker of ours points to a task")
}

/// Polls for the output of a task: as [`Header::poll_complete`].
///
/// # Safety
///
/// - The caller is the join handle of `task`, whose output is a `T` and was not taken.
pub(super) unsafe fn poll_output<T>(task: NonNull<Header>, cx: &Context<'_>) -> Poll<T> {
    // SAFETY: rule 2: the handle is a reference.
    let header = unsafe { task.as_ref() };
    // SAFETY: by this function's contract.
    if !unsafe { header.poll_complete(cx) } {
        return Poll::Pending;
    }
    let mut output = MaybeUninit::<T>::uninit();
    let place = NonNull::from(&mut output).cast();
    // SAFETY: the task is complete and the caller is its handle, by this function's contract.
    unsafe { (header.table.take_output)(task, place) };
    // SAFETY: it was moved there a line above.
    Poll::Ready(unsafe { output.assume_init() })
}
