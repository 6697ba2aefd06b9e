//! Linux: `timerfd`. Setting one is a system call, and so is a wait; the kernel's own lock orders
//! them.

use std::{io, os::fd::OwnedFd, thread, time::Duration};

use rustix::{
    io::{Errno, read},
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};

/// How long a wait takes that the system refuses, which it has no reason for.
const REFUSED: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub(in super::super) struct Bell(OwnedFd);

impl Bell {
    /// # Errors
    ///
    /// The system's, if it has no descriptor left.
    pub(in super::super) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
        Ok(Self(timer))
    }

    /// From now on it rings once, after `period`.
    pub(in super::super) fn ring_after(&self, period: Duration) {
        // Zero would silence it.
        self.set(period.max(Duration::from_nanos(1)));
    }

    /// What was set before is not heard any more.
    pub(in super::super) fn silence(&self) {
        self.set(Duration::ZERO);
    }

    /// Until it rings.
    pub(in super::super) fn wait(&self) {
        let mut n_rings = [0; 8];
        loop {
            match read(&self.0, &mut n_rings) {
                Ok(_) => return,
                Err(Errno::INTR) => {}
                Err(_) => return thread::sleep(REFUSED),
            }
        }
    }

    fn set(&self, value: Duration) {
        let once = Itimerspec {
            it_interval: Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: Timespec {
                tv_sec: value.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: value.subsec_nanos().into(),
            },
        };
        let set = timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once);
        debug_assert!(set.is_ok(), "a timer takes any time: {set:?}");
    }
}
