//! The poller over Linux's epoll: edge-triggered, each source registered once for both directions.
//!
//! Two descriptors stand beside the sources: an eventfd, whose every write is an edge (it is never
//! read), and a timerfd, since epoll's own timeout counts in milliseconds.

pub(crate) use std::os::fd::AsFd as AsHandle;
use std::{io, mem::MaybeUninit, os::fd::OwnedFd, time::Duration};

use rustix::{
    event::{
        EventfdFlags, Timespec,
        epoll::{self, CreateFlags, EventData, EventFlags},
        eventfd,
    },
    io::Errno,
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags},
};

use super::EVENTS_MAX;
use crate::reactor::event::{Event, Ready, Token};

/// The token of the eventfd and the timerfd: nothing is to be done for them.
const OURS: Token = Token {
    index: Token::RESERVED,
    generation: 0,
};

#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    waker: OwnedFd,
    timer: OwnedFd,
}

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let poller = Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            waker: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            timer: rustix::time::timerfd_create(
                TimerfdClockId::Monotonic,
                TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
            )?,
        };
        let data = EventData::new_u64(OURS.to_u64());
        epoll::add(
            &poller.epoll,
            &poller.waker,
            data,
            EventFlags::IN | EventFlags::ET,
        )?;
        epoll::add(
            &poller.epoll,
            &poller.timer,
            data,
            EventFlags::IN | EventFlags::ET,
        )?;
        Ok(poller)
    }

    pub(crate) fn add(&self, source: &impl AsHandle, token: Token) -> io::Result<()> {
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        Ok(epoll::add(
            &self.epoll,
            source,
            EventData::new_u64(token.to_u64()),
            interest,
        )?)
    }

    pub(crate) fn remove(&self, source: &impl AsHandle) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, source)?)
    }

    pub(crate) fn expect(&self, _source: &impl AsHandle, _token: Token) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.0.clear();
        let poll_only = timeout == Some(Duration::ZERO);
        if let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) {
            self.set_timer(timeout)?;
        }
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let limit = if poll_only { Some(&zero) } else { None };
        let mut room = [const { MaybeUninit::uninit() }; EVENTS_MAX];
        match epoll::wait(&self.epoll, &mut room, limit) {
            Ok((came, _)) => {
                events.0.extend(came.iter().filter_map(event));
                Ok(())
            }
            Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn wake(&self) {
        // Each write is an edge. A full counter, after 2^64 writes, would refuse it: never.
        let _ = rustix::io::write(&self.waker, &1u64.to_ne_bytes());
    }

    /// One edge after `timeout`. An earlier setting is replaced; one that was left over costs a
    /// wait without events.
    fn set_timer(&self, timeout: Duration) -> io::Result<()> {
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // A year is as good as any longer time: the driver asks again.
        let timeout = timeout.min(Duration::from_secs(365 * 24 * 3600));
        let setting = Itimerspec {
            it_interval: zero,
            it_value: Timespec {
                tv_sec: timeout
                    .as_secs()
                    .try_into()
                    .expect("a year in seconds fits"),
                tv_nsec: timeout.subsec_nanos().into(),
            },
        };
        rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting)?;
        Ok(())
    }
}

/// The events of one wait.
#[derive(Debug)]
pub(crate) struct Events(Vec<Event>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(EVENTS_MAX))
    }

    /// The sources that became ready.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Event> {
        self.0.iter().copied()
    }
}

/// `None` for our own descriptors.
fn event(event: &epoll::Event) -> Option<Event> {
    let token = Token::from_u64(event.data.u64());
    let ready = ready(event.flags);
    (token.index != Token::RESERVED).then_some(Event { token, ready })
}

fn ready(flags: EventFlags) -> Ready {
    let mut ready = Ready::default();
    if flags.intersects(EventFlags::IN | EventFlags::PRI) {
        ready |= Ready::READ;
    }
    if flags.contains(EventFlags::OUT) {
        ready |= Ready::WRITE;
    }
    // An error and a hang-up concern both directions: the next system call tells which.
    if flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR) {
        ready |= Ready::READ | Ready::READ_CLOSED;
    }
    if flags.intersects(EventFlags::HUP | EventFlags::ERR) {
        ready |= Ready::WRITE | Ready::WRITE_CLOSED;
    }
    ready
}

/// A connect that has begun and goes on.
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code == Some(Errno::INPROGRESS.raw_os_error()) || code == Some(Errno::INTR.raw_os_error())
}
