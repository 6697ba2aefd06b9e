//! Mutants of the current runtime: L185 and L194 to L198.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use anyrt_api::AnyRuntime;
use anyrt_api::task::TaskMeta;

use crate::backend::{Alarm, Answer, Call, Handle, Owner, Sick, Task, locked};
use crate::mutant::Mutant;

mutants! {
    DropsInTheFirst: l194_the_innermost_runtime_is_current => Broken;
    CallsInTheLast: l194_nested_in_a_blocking_closure => Broken;
    IsTheDefault: l195_outside_any_runtime_it_panics => Broken;
    KeepsTheDefault: l196_the_default_is_a_resolver => Broken;
    RingsInItsOwnRuntime: l197_objects_stay_bound => Hang;
    HasOnePool: l198_two_runtimes_in_turn => Broken;
    IsCurrentInAllThreads: l198_two_runtimes_at_once => Broken;
}

/// A cancelled future is dropped with the first runtime of the process entered.
#[derive(Default)]
struct DropsInTheFirst(OnceLock<Sick>);

impl Mutant for DropsInTheFirst {
    fn started(&self, rt: &Sick) {
        let _ = self.0.set(rt.clone());
    }

    fn drop_task(&self, task: &mut Task) {
        let (job, first) = (task.job.take(), self.0.get().unwrap_or(&task.rt));
        first.inside(|| drop(job));
    }
}

/// A closure runs with the last runtime of the process entered.
#[derive(Default)]
struct CallsInTheLast(Mutex<Option<Sick>>);

impl Mutant for CallsInTheLast {
    fn started(&self, rt: &Sick) {
        *locked(&self.0) = Some(rt.clone());
    }

    fn run_call(&self, rt: &Sick, call: Call) -> Answer {
        let last = locked(&self.0).clone();
        last.unwrap_or_else(|| rt.clone()).inside(call)
    }
}

/// The runtime that started last, for all threads.
static LAST: Mutex<Option<Sick>> = Mutex::new(None);

/// A runtime that starts makes itself the default of the process.
#[derive(Default)]
struct IsTheDefault;

impl Mutant for IsTheDefault {
    fn started(&self, rt: &Sick) {
        *locked(&LAST) = Some(rt.clone());
        let _ = AnyRuntime::set_default(|| locked(&LAST).clone().map(AnyRuntime::new));
    }
}

/// `block_on` enters its runtime only if no other answers already.
#[derive(Default)]
struct KeepsTheDefault;

impl Mutant for KeepsTheDefault {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        let own = || AnyRuntime::new(owner.rt.clone());
        let current = AnyRuntime::try_current().unwrap_or_else(own);
        owner.drive(future, &current);
    }
}

/// An alarm is not heard where another runtime is current.
#[derive(Default)]
struct RingsInItsOwnRuntime;

impl Mutant for RingsInItsOwnRuntime {
    fn poll_sleep(&self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let own = alarm.rt.number();
        match Sick::current().is_some_and(|current| current.number() != own) {
            true => Poll::Pending,
            false => alarm.poll_raw(cx),
        }
    }
}

/// While another runtime lives, a later one runs no closure.
#[derive(Default)]
struct HasOnePool(AtomicUsize);

impl Mutant for HasOnePool {
    fn started(&self, _rt: &Sick) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn shutdown(&self, owner: &mut Owner, limit: Duration) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        owner.end(limit);
    }

    fn owner_dropped(&self, _owner: &mut Owner) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    fn spawn_blocking(&self, rt: &Sick, call: Call, meta: TaskMeta) -> Handle {
        match rt.number() > 0 && self.0.load(Ordering::SeqCst) > 1 {
            true => rt.refuse(),
            false => rt.start_call(call, meta),
        }
    }
}

/// The runtime of the `block_on` that began last is current in all threads, and others run no
/// closure meanwhile.
#[derive(Default)]
struct IsCurrentInAllThreads(AtomicUsize);

impl Mutant for IsCurrentInAllThreads {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        let before = self.0.swap(owner.rt.number() + 1, Ordering::SeqCst);
        owner.drive(future, &AnyRuntime::new(owner.rt.clone()));
        self.0.store(before, Ordering::SeqCst);
    }

    fn spawn_blocking(&self, rt: &Sick, call: Call, meta: TaskMeta) -> Handle {
        match self.0.load(Ordering::SeqCst) {
            0 => rt.start_call(call, meta),
            one if one == rt.number() + 1 => rt.start_call(call, meta),
            _ => rt.refuse(),
        }
    }
}
