//! Linux: `membarrier(2)`, for the threads of this process alone.

use rustix::thread::{MembarrierCommand, membarrier};

/// Has to come first. True if the system can do it.
pub(super) fn register() -> bool {
    membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
}

/// Runs a full fence on every processor that runs a thread of this process.
pub(super) fn fence_all() -> bool {
    membarrier(MembarrierCommand::PrivateExpedited).is_ok()
}
