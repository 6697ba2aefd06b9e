//! What a backend brings for time: [`Timer`] and its [`RawSleep`]. Knows nothing of wheels or
//! heaps.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Instant, SystemTime};

/// The clock and its alarms.
///
/// # Contract
///
/// - `L068` A sleep is never early.
/// - `L069` On an idle machine it is at most 5 ms late.
/// - `L071` A deadline that is past is ready at the first poll.
/// - `L072` A deadline in the far future never fires, panics, overflows or keeps the runtime busy.
/// - `L073` Deadlines at least 2 ms apart fire in order.
/// - `L074` An alarm set while the runtime waits for a later one fires on time.
/// - `L075` Dropping an alarm takes it out: no later wake-up, no memory kept.
/// - `L076` Alarms that fire, are dropped and are reset at the same time lose nobody.
/// - `L078` A deadline that is years ahead comes exactly then.
/// - `L079` With 10,000 alarms and 20 busy sockets each alarm fires within 100 ms of its deadline.
/// - `L080` The clock goes on while the process is stopped; when it is let go, the alarms that are
///   overdue fire at once, and once.
/// - `L081` A process that was stopped makes progress again when it goes on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no clock: it is not the handle of an anyrt runtime",
    label = "this is not a handle of an anyrt backend",
    note = "in generic code, add the bound `{Self}: anyrt_api::Runtime` (or `Timer`)"
)]
pub trait Timer: Clone + Debug + Send + Sync + Unpin + 'static {
    /// The backend's alarm. Users hold it as a [`Sleep`](crate::time::Sleep).
    type Sleep: RawSleep;

    /// The time now, on this runtime's clock. Monotonic.
    fn now(&self) -> Instant;

    /// The time of day now, on this runtime's clock.
    fn wallclock(&self) -> SystemTime;

    /// An alarm that is ready at `deadline`. Registers nothing before its first poll if the
    /// backend can help it.
    fn sleep_until(&self, deadline: Instant) -> Self::Sleep;
}

/// A backend's alarm: ready once its deadline is past.
///
/// It need not be `Unpin`, which saves a backend whose own timer is not an allocation a sleep.
/// If the runtime is gone, polling it panics with a message that names the backend.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend's alarm",
    note = "a backend implements `RawSleep` for its own alarm; \
            libraries use the types over it"
)]
pub trait RawSleep: Future<Output = ()> + Debug + Send + Sync + 'static {
    /// Sets another deadline.
    ///
    /// - `L077` Before and after it fired: the alarm is then set once, for the new deadline alone.
    fn reset(self: Pin<&mut Self>, deadline: Instant);
}
