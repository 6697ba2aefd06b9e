//! The poller where there is no epoll, over the `polling` crate (kqueue, event ports, AFD).
//!
//! Not every system there has edges, so each source is armed once at a time, for both directions,
//! when somebody has seen `WouldBlock` and waits ([`Poller::expect`]). An event disarms it and is
//! reported for both directions: whoever still has to wait arms it again.
//!
//! # Safety argument
//!
//! `polling` asks that a source is deleted from the poller before it is closed. A source reaches
//! this file only through `reactor::Source`, which owns it, calls [`Poller::remove`] in its
//! destructor and closes it after that.

#![allow(unsafe_code)]

pub(crate) use polling::AsSource as AsHandle;
#[cfg(unix)]
use std::os::fd::{AsRawFd, RawFd as Raw};
#[cfg(windows)]
use std::os::windows::io::{AsRawSocket, RawSocket as Raw};
use std::{io, num::NonZeroUsize, time::Duration};

use super::EVENTS_MAX;
use crate::reactor::event::{Event, Ready, Token};

#[derive(Debug)]
pub(crate) struct Poller(polling::Poller);

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        polling::Poller::new().map(Self)
    }

    pub(crate) fn add(&self, source: &impl AsHandle, token: Token) -> io::Result<()> {
        // SAFETY: `Source` removes it before it closes it, as the file's argument says.
        unsafe { self.0.add(raw(source), polling::Event::none(key(token))) }
    }

    pub(crate) fn remove(&self, source: &impl AsHandle) -> io::Result<()> {
        self.0.delete(source)
    }

    pub(crate) fn expect(&self, source: &impl AsHandle, token: Token) -> io::Result<()> {
        self.0.modify(source, polling::Event::all(key(token)))
    }

    pub(crate) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        events.0.clear();
        match self.0.wait(&mut events.0, timeout) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn wake(&self) {
        // It fails only where the poller itself has failed, which the next wait will report.
        let _ = self.0.notify();
    }
}

#[derive(Debug)]
pub(crate) struct Events(polling::Events);

impl Events {
    pub(crate) fn new() -> Self {
        let room = NonZeroUsize::new(EVENTS_MAX).expect("more than no event");
        Self(polling::Events::with_capacity(room))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Event> {
        self.0.iter().map(|event| Event {
            token: token(event.key),
            ready: Ready::READ | Ready::WRITE,
        })
    }
}

// A key holds a whole token.
const _: () = assert!(usize::BITS >= u64::BITS);

fn key(token: Token) -> usize {
    token.to_u64() as usize
}

fn token(key: usize) -> Token {
    Token::from_u64(key as u64)
}

#[cfg(unix)]
fn raw(source: &impl AsHandle) -> Raw {
    source.as_fd().as_raw_fd()
}

#[cfg(windows)]
fn raw(source: &impl AsHandle) -> Raw {
    source.as_socket().as_raw_socket()
}

/// A connect that has begun and goes on.
#[cfg(unix)]
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let code = error.raw_os_error();
    code == Some(Errno::INPROGRESS.raw_os_error()) || code == Some(Errno::INTR.raw_os_error())
}

/// A connect that has begun and goes on.
#[cfg(windows)]
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
