//! Mutants of a runtime's life: L044 to L049 and L053 to L055.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::thread;

use anyrt_api::any::Capabilities;
use anyrt_api::task::TaskMeta;
use anyrt_api::{AnyRuntime, Entropy, current};
use anyrt_laws::Setup;

use super::scaled;
use crate::backend::{Alarm, Answer, Handle, Job, Notes, Owner, Sick, Task};
use crate::mutant::{Healthy, Mutant};

mutants! {
    StrandsWhatFollowsAnAlarm: l044_block_on_drives_timers_and_tasks => Hang;
    LosesThePanicOfBlockOn: l045_block_on_raises_the_futures_panic => Broken;
    BlocksOneAtATime: l046_block_on_from_several_threads => Hang;
    Nests: l047_nested_block_on_panics => Broken;
    PanicsInAsyncCode: l049_drop_in_async_code => Broken;
    WaitsForItself: l049_drop_in_a_task_of_its_own => Hang;
    WaitsForClosures: l049_drop_does_not_wait => Slow;
    SharesItsEnd: l053_runtimes_are_independent => Broken;
    LeavesAThread: l054_many_runtimes_leave_nothing => Broken;
    LeavesItsMemory: l054_many_runtimes_leave_no_memory => Broken;
    UnwrapsItsStart: l055_a_failed_start_is_an_error => Broken;
    UnwrapsItsStart: l055_a_start_without_threads_is_an_error => Abort;
    UnwrapsItsStart: l190_without_threads_nothing_is_lost => Broken;
    BelongsToItsMaker: l056_another_thread_drops_it => Broken;
    NeedsItsThreadLocal: l056_the_end_of_a_thread_drops_it => Abort;
    SleepsInAChild: l057_a_forked_child_is_told => Broken;
    OpensForEachHandle: l058_a_handle_starts_nothing => Broken;
    LeavesFilesOut: l184_what_is_there_is_there_erased => Broken;
    HasNoShortChance: l184_what_is_not_there_says_so => Broken;
}

thread_local! {
    /// Inside a poll of a task: whether an alarm rang in it.
    static RANG: Cell<Option<bool>> = const { Cell::new(None) };
}

/// With one worker, a task that is spawned in a poll in which an alarm rang never runs.
#[derive(Default)]
struct StrandsWhatFollowsAnAlarm;

impl Mutant for StrandsWhatFollowsAnAlarm {
    fn poll_task(&self, task: &mut Task, cx: &mut Context<'_>) -> Poll<Answer> {
        if task.notes.is_marked() {
            return Poll::Pending;
        }
        RANG.set(Some(false));
        let polled = task.poll_job(cx);
        RANG.set(None);
        polled
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let polled = alarm.poll_raw(cx);
        RANG.set(RANG.get().map(|rang| rang || polled.is_ready()));
        polled
    }

    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        let notes = Arc::<Notes>::default();
        if rt.setup().workers == 1 && RANG.get() == Some(true) {
            notes.mark();
        }
        rt.start_noted(job, meta, notes)
    }
}

/// `block_on` raises a panic of its own in place of its future's.
#[derive(Default)]
struct LosesThePanicOfBlockOn;

impl Mutant for LosesThePanicOfBlockOn {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        let current = AnyRuntime::new(owner.rt.clone());
        let driven = catch_unwind(AssertUnwindSafe(|| owner.drive(future, &current)));
        driven.expect("the future panics not");
    }
}

/// One thread at a time is inside `block_on` of a runtime.
#[derive(Default)]
struct BlocksOneAtATime;

impl Mutant for BlocksOneAtATime {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        let _inside = owner.rt.notes().bytes();
        owner.drive(future, &AnyRuntime::new(owner.rt.clone()));
    }
}

/// `block_on` may stand inside `block_on`.
#[derive(Default)]
struct Nests;

impl Mutant for Nests {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        match current::is_driving() {
            true => futures_lite::future::block_on(future),
            false => owner.drive(future, &AnyRuntime::new(owner.rt.clone())),
        }
    }
}

/// Dropping the owner inside asynchronous code panics.
#[derive(Default)]
struct PanicsInAsyncCode;

impl Mutant for PanicsInAsyncCode {
    fn owner_dropped(&self, _owner: &mut Owner) {
        let is_fine = thread::panicking() || !current::is_driving();
        assert!(
            is_fine,
            "a runtime cannot be dropped where blocking is not allowed"
        );
    }
}

/// Dropping the owner on a thread of its own waits until that is gone.
#[derive(Default)]
struct WaitsForItself;

impl Mutant for WaitsForItself {
    fn owner_dropped(&self, owner: &mut Owner) {
        let own = owner.rt.number();
        while Sick::current().is_some_and(|current| current.number() == own) {
            thread::park();
        }
    }
}

/// Dropping the owner waits a second for closures that run.
#[derive(Default)]
struct WaitsForClosures;

impl Mutant for WaitsForClosures {
    fn owner_dropped(&self, owner: &mut Owner) {
        owner.end(scaled(1_000));
    }
}

/// Once a runtime was dropped, no other starts a task.
#[derive(Default)]
struct SharesItsEnd(AtomicBool);

impl Mutant for SharesItsEnd {
    fn spawn(&self, rt: &Sick, job: Job, meta: TaskMeta) -> Handle {
        match self.0.load(Ordering::SeqCst) {
            true => rt.refuse(),
            false => rt.start(job, meta),
        }
    }

    fn owner_dropped(&self, _owner: &mut Owner) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A runtime that was dropped leaves a thread.
#[derive(Default)]
struct LeavesAThread;

impl Mutant for LeavesAThread {
    fn owner_dropped(&self, _owner: &mut Owner) {
        thread::spawn(|| {
            loop {
                thread::park();
            }
        });
    }
}

/// A runtime leaves some kilobytes of memory behind.
#[derive(Default)]
struct LeavesItsMemory;

impl Mutant for LeavesItsMemory {
    fn started(&self, _rt: &Sick) {
        std::mem::forget(vec![1_u8; 8_000]);
    }
}

/// A start that fails panics.
#[derive(Default)]
struct UnwrapsItsStart;

impl Mutant for UnwrapsItsStart {
    fn start(&self, setup: &Setup) -> io::Result<anyrt_native::Runtime> {
        Ok(Healthy
            .start(setup)
            .expect("descriptors and threads are there"))
    }
}

/// Dropping the owner on another thread than the one that made it panics.
#[derive(Default)]
struct BelongsToItsMaker;

fn this_thread() -> Vec<u8> {
    format!("{:?}", thread::current().id()).into_bytes()
}

impl Mutant for BelongsToItsMaker {
    fn started(&self, rt: &Sick) {
        *rt.notes().bytes() = this_thread();
    }

    fn owner_dropped(&self, owner: &mut Owner) {
        let is_maker = *owner.rt.notes().bytes() == this_thread();
        assert!(
            is_maker || thread::panicking(),
            "a runtime of another thread"
        );
    }
}

thread_local! {
    static OWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Dropping the owner needs a thread-local of the thread that used it.
#[derive(Default)]
struct NeedsItsThreadLocal;

impl Mutant for NeedsItsThreadLocal {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        OWN.with_borrow_mut(|own| own.push(1));
        owner.drive(future, &AnyRuntime::new(owner.rt.clone()));
    }

    fn owner_dropped(&self, _owner: &mut Owner) {
        OWN.with_borrow_mut(Vec::clear);
    }
}

/// In a forked child an alarm waits for a driver that is not there.
#[derive(Default)]
struct SleepsInAChild(OnceLock<u32>);

impl Mutant for SleepsInAChild {
    fn started(&self, _rt: &Sick) {
        let _ = self.0.set(std::process::id());
    }

    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        match self.0.get() == Some(&std::process::id()) {
            true => alarm.poll_raw(cx),
            false => Poll::Pending,
        }
    }
}

/// A handle opens a descriptor.
#[derive(Default)]
struct OpensForEachHandle;

impl Mutant for OpensForEachHandle {
    fn handle(&self, owner: &Owner) -> Sick {
        std::mem::forget(std::fs::File::open("/dev/null"));
        owner.rt.clone()
    }
}

/// The erased runtime has no files.
#[derive(Default)]
struct LeavesFilesOut;

impl Mutant for LeavesFilesOut {
    fn capabilities(&self, c: &mut Capabilities<Sick>) {
        c.net().os_handles().unix_net().os_unix_handles();
    }
}

/// Randomness comes in eight bytes at least.
#[derive(Default)]
struct HasNoShortChance;

impl Mutant for HasNoShortChance {
    fn fill_bytes(&self, rt: &Sick, buf: &mut [u8]) {
        assert!(buf.len() >= 8, "too few bytes");
        rt.native.fill_bytes(buf);
    }
}
