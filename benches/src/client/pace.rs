//! When a message is due, whether or not those before are answered.
//!
//! A client that waits for an answer before it asks again asks less as the server gets slower, and
//! so hardly measures the time in which it is slow ("coordinated omission", G. Tene). One that
//! keeps a pace counts from when a message was due.

use std::{
    io,
    time::{Duration, Instant},
};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::{Errno, read},
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};

/// A message every so often.
#[derive(Debug)]
pub(super) struct Pace {
    timer: OwnedFd,
    begin: Instant,
    step: Duration,
    /// How many have been due.
    n_due: usize,
}

impl Pace {
    /// The first is due a step from now. Its descriptor is readable when one is.
    pub(super) fn start(step: Duration) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let time = Timespec {
            tv_sec: step.as_secs() as i64,
            tv_nsec: step.subsec_nanos().into(),
        };
        let every = Itimerspec {
            it_interval: time,
            it_value: time,
        };
        let begin = Instant::now();
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &every)?;
        Ok(Self {
            timer,
            begin,
            step,
            n_due: 0,
        })
    }

    /// Those that have become due since it was last asked: their numbers, and when they were.
    pub(super) fn due(&mut self) -> io::Result<impl Iterator<Item = (usize, Instant)> + use<>> {
        let mut n_expired = [0; size_of::<u64>()];
        match read(&self.timer, &mut n_expired) {
            Ok(_) => {}
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        let (begin, step, first) = (self.begin, self.step, self.n_due);
        self.n_due += u64::from_ne_bytes(n_expired) as usize;
        let when = move |n: usize| begin + step * (n + 1) as u32;
        Ok((first..self.n_due).map(move |n| (n, when(n))))
    }
}

impl AsFd for Pace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn nothing_that_was_due_is_left_out() {
        const STEP: Duration = Duration::from_millis(1);
        let mut pace = Pace::start(STEP).expect("the system has timers");
        let mut all = Vec::new();
        for span in [0, 5, 20, 1] {
            thread::sleep(STEP * span);
            let due: Vec<_> = pace.due().expect("it can be read").collect();
            let now = Instant::now();
            assert!(due.iter().all(|(_, when)| *when <= now), "before its time");
            all.extend(due);
        }
        assert!(all.len() >= 26, "{}", all.len());
        let first = all[0].1;
        for (i, (n, when)) in all.into_iter().enumerate() {
            assert_eq!((n, when - first), (i, STEP * i as u32));
        }
    }
}
