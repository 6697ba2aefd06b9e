//! What ends the monitor's sleep: it rings at a time that any thread may set.
//!
//! To set it wakes nobody before that time. That is its use: whoever wakes a thread at once has the
//! system call for another processor, which on an idle machine costs more than all the rest of a
//! wake-up. It knows nothing of workers or looks.
//!
//! There is one time, and the last that was set counts. A bell that rings while nobody waits is
//! heard by the next wait. [`ring_after`](Bell::ring_after), [`silence`](Bell::silence) and the end
//! of a [`wait`](Bell::wait) happen one after the other, as if under a lock.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use self::linux::Bell;

// Its tests run everywhere.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod absent;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use self::absent::Bell;

#[cfg(test)]
mod tests {
    use std::{
        thread,
        time::{Duration, Instant},
    };

    const TIME: Duration = Duration::from_millis(20);
    const NEVER: Duration = Duration::from_secs(600);

    /// The same for each kind of bell.
    macro_rules! tests {
        ($kind:ident, $bell:ty) => {
            mod $kind {
                use super::*;

                #[test]
                fn it_rings_at_its_time_and_no_sooner() {
                    let bell = <$bell>::new().expect("a descriptor");
                    let start = Instant::now();
                    bell.ring_after(TIME);
                    bell.wait();
                    assert!(start.elapsed() >= TIME);
                }

                #[test]
                fn the_last_time_counts_and_is_set_from_any_thread() {
                    let bell = <$bell>::new().expect("a descriptor");
                    let start = Instant::now();
                    bell.ring_after(NEVER);
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            thread::sleep(TIME);
                            bell.ring_after(Duration::ZERO);
                        });
                        bell.wait();
                    });
                    assert!(start.elapsed() >= TIME);
                }

                #[test]
                fn a_bell_that_rang_is_heard_later_unless_it_was_silenced() {
                    let bell = <$bell>::new().expect("a descriptor");
                    bell.ring_after(Duration::ZERO);
                    thread::sleep(TIME);
                    bell.wait();
                    bell.ring_after(Duration::ZERO);
                    thread::sleep(TIME);
                    bell.silence();
                    let start = Instant::now();
                    bell.ring_after(TIME);
                    bell.wait();
                    assert!(start.elapsed() >= TIME, "what was silenced is not heard");
                }
            }
        };
    }

    tests!(of_this_system, super::super::Bell);
    tests!(without_a_timer, super::super::absent::Bell);
}
