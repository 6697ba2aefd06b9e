//! The native runtime of anyrt: a work-stealing executor whose workers drive epoll and timers themselves.
#![deny(unsafe_code)]

mod blocking;
mod driver;
mod executor;
mod reactor;
mod sync;
mod task;
mod threads;
mod timer;
mod wake;
