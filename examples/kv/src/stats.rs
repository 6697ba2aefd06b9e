//! Counters that INFO shows.
//!
//! It knows nothing of who counts. Connections and the engine add, INFO reads.

use std::sync::atomic::{AtomicU64, Ordering};

/// One number that many tasks change.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What has happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    /// When the store was opened, in milliseconds of the Unix epoch.
    pub(crate) started_ms: Counter,
    /// Clients that are connected now.
    pub(crate) clients: Counter,
    pub(crate) connections: Counter,
    pub(crate) rejected_connections: Counter,
    pub(crate) commands: Counter,
    pub(crate) expired_keys: Counter,
    /// Bytes of the log that are written.
    pub(crate) log_bytes: Counter,
}
