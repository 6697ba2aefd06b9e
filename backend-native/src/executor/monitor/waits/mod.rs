//! Whether a thread waits for something, as the system says: a lock, a disk, a sleep. One that
//! computes, or is ready and waits for a processor, does not.
//!
//! It knows nothing of workers. The monitor asks it about the thread of a stuck one.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in super::super) use self::linux::Thread;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod absent;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in super::super) use self::absent::Thread;
