//! What a backend is as a whole: [`Core`], [`Runtime`], and the owner's [`BlockOn`].
//!
//! Knows nothing of how tasks, timers, sockets or files work: each has its own trait beside its
//! types.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use crate::any::Capabilities;
use crate::{AsyncFs, AsyncNet, Entropy, Spawn, Timer};

/// The least that a backend brings: tasks, a clock and randomness.
///
/// A backend implements this by hand, in one line a method, and can then be erased:
/// [`AnyRuntime::new`](crate::AnyRuntime::new) takes any `Core`.
///
/// # Contract
///
/// What its tasks, and the futures and objects that it makes, owe to wakers and to whoever polls:
///
/// - `L001` Every wake of an unfinished task is followed by a poll.
/// - `L002` What was written before a wake is seen by the poll that the wake causes, also if the
///   task was scheduled already.
/// - `L003` Wakers work after their task is over, and after the runtime is gone.
/// - `L004` Wakes inside a poll cause one more poll after it, not a poll inside it.
/// - `L005` A task is never polled by two threads at once, and never after it was ready.
/// - `L006` What was polled with one waker and then with another wakes the other.
/// - `L007` And it does not wake the one that was replaced.
/// - `L008` Polls that nothing asked for change nothing; however many wakers they come with, few
///   are kept, and whoever is let go is woken to come again.
/// - `L010` Wakers are cloned, woken and dropped under no lock of the runtime.
/// - `L011` A waker that panics costs no other its wake-up, and the runtime goes on.
/// - `L012` A future may be polled on one thread, then on another, and dropped on a third.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an anyrt runtime",
    label = "this is not a handle of an anyrt backend",
    note = "pass the handle of a backend, as `native::Runtime::handle()` returns it",
    note = "a raw `tokio::runtime::Handle` is wrapped by `anyrt::tokio::Tokio::try_from_handle`"
)]
pub trait Core: Spawn + Timer + Entropy {
    /// The backend's name, as it stands in error messages: one lower-case word.
    const NAME: &'static str;

    /// Says which optional traits this backend has, so that [`AnyRuntime`](crate::AnyRuntime) can
    /// reach them: one call of `c` a trait.
    ///
    /// - `L184` What is not named here is an error of the kind `Unsupported` where the type is
    ///   forgotten, which names the backend and what it has not; what it has is all there. Where
    ///   the type is known, a trait that is not implemented does not compile.
    fn capabilities(c: &mut Capabilities<Self>);
}

/// Everything that a library may ask of a runtime: tasks, time, randomness, sockets and files.
///
/// A library bounds its parameter by this trait, or by less where less will do (`R: AsyncNet`).
///
/// # Contract
///
/// Whatever a runtime makes is bound to it, and may be polled, used and dropped anywhere:
///
/// - `L178` A foreign executor may poll any of its futures; each completes.
/// - `L179` Or, where the runtime cannot drive it, it fails within a second with an error that
///   names the backend. It never hangs.
/// - `L180` Any future or object may be dropped outside every runtime, and after its own has gone.
/// - `L181` What was made on one runtime works while another is current.
/// - `L182` Two runtimes at once do not pick up each other's work.
/// - `L183` A waker that belongs to no executor is woken as any other.
///
/// It makes do with what the system gives:
///
/// - `L186` A connection that is idle at both ends, the task that reads it and an alarm take at
///   most 4 KiB of the process's memory together; when they are gone it is there to be used again.
/// - `L187` Nothing inside grows by what comes from outside: what nobody reads is held back or
///   lost, and what is read leaves nothing behind.
/// - `L188` While it has nothing to do it wakes up at most twice a second, also after it was busy.
/// - `L189` Without a free descriptor each operation that needs one fails with the system's error,
///   and nothing spins or hangs; once there is one, all works.
/// - `L190` Where no thread can be had, what needs one gives an error or waits for one; with little
///   memory, everything works. Nothing hangs or is lost in silence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an anyrt runtime with sockets and files",
    label = "this is not a handle of an anyrt backend",
    note = "in generic code, add the bound `{Self}: anyrt_api::Runtime`",
    note = "pass the handle of a backend, as `native::Runtime::handle()` returns it",
    note = "a raw `tokio::runtime::Handle` is wrapped by `anyrt::tokio::Tokio::try_from_handle`"
)]
pub trait Runtime: Core + AsyncNet + AsyncFs {}

/// The owner of a runtime: what an application holds, and the only thing that may block a thread.
///
/// It is not `Clone`. Dropping it starts the shutdown and does not wait for it, so that it may be
/// dropped anywhere; [`shutdown`](BlockOn::shutdown) waits.
///
/// # Contract
///
/// - `L054` Making and dropping many runtimes leaves neither threads nor descriptors nor memory
///   behind.
/// - `L055` A runtime that cannot be started, for want of descriptors or threads, is an
///   [`io::Error`](std::io::Error).
/// - `L049` Dropping the owner inside asynchronous code neither panics nor blocks.
/// - `L053` Two runtimes of one backend in a process are independent; dropping one does not
///   disturb the other.
/// - `L056` The owner may be dropped by another thread than the one that made it, and by the
///   destructor of a thread-local.
/// - `L057` In a forked child the runtime of its parent is of no use, and says so, by an error or
///   a panic that names `fork`; it never hangs, and takes nothing away from the parent. A child
///   starts a runtime of its own.
/// - `L058` The library alone, and a handle, start no thread and open no descriptor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot block a thread: it does not own a runtime",
    label = "this is lent, not owned",
    note = "call `block_on` on the owner (`native::Runtime`, ..); a library that was lent a handle \
            awaits, or spawns"
)]
pub trait BlockOn: Debug + Send + Sync + 'static {
    /// The handle that tasks and libraries use.
    type Runtime: Runtime;

    /// A handle to this runtime: cheap to clone, cannot block, keeps memory alive but no threads.
    fn handle(&self) -> Self::Runtime;

    /// Runs `future` on this thread until it is done, with this runtime entered.
    ///
    /// # Contract
    ///
    /// - `L044` Timers, sockets and spawned tasks make progress meanwhile, also with one thread.
    /// - `L045` A panic of `future` is re-raised on the caller, and the runtime stays usable.
    /// - `L046` Several threads may be inside `block_on` of one runtime at once.
    /// - `L048` It works inside a blocking closure.
    ///
    /// # Panics
    ///
    /// - `L047` On a thread that is driving tasks of any anyrt runtime: at once, with advice. It
    ///   never hangs. Inside `block_in_place` it is allowed.
    #[track_caller]
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Shuts the runtime down and waits for it, at most `limit`.
    ///
    /// # Contract
    ///
    /// - `L034` Every task goes, also one that nothing can wake any more.
    /// - `L043` It waits for blocking closures that have started, and cancels those that have not.
    /// - `L050` Every task's future is dropped exactly once, never beside a poll of it; its
    ///   destructor may spawn, wake and drop handles.
    /// - `L051` Returns within `limit` plus 50 ms even if a blocking closure is stuck;
    ///   `Duration::MAX` and zero are fine.
    /// - `L052` What outlives the runtime resolves promptly: an operation with an error channel
    ///   with an error that names the backend, a sleep with a panic that does. Nothing hangs.
    fn shutdown(self, limit: Duration)
    where
        Self: Sized;
}
