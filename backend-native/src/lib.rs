//! The native runtime of anyrt: a work-stealing executor whose workers drive epoll and timers themselves.
