//! What concerns a file as a whole: metadata, length, times, syncs, advisory locks.

use std::fs::TryLockError;
use std::io;
use std::time::SystemTime;

use super::File;
use crate::AsyncFs;
use crate::budget::charged;
use crate::fs::{FileTimes, Metadata, Permissions, RawFile};

impl<R: AsyncFs> File<R> {
    /// What is known of the file: [`std::fs::File::metadata`].
    ///
    /// - `L159` It sees every write that was acknowledged before, as do `set_len`,
    ///   `set_permissions` and `set_times`.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        charged(self.as_raw().file_metadata()).await
    }

    /// Truncates or extends the file; the cursor stays: [`std::fs::File::set_len`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it was not opened to write; the system's others.
    ///
    /// # Cancel safety
    ///
    /// It is done in full or not at all; later operations come after it.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        charged(self.as_raw().set_len(size)).await
    }

    /// Waits until the data and the metadata are on the device: [`std::fs::File::sync_all`].
    ///
    /// # Errors
    ///
    /// The system's: bytes that were acknowledged may be lost then. The error of a dropped write
    /// (`L200`).
    ///
    /// # Cancel safety
    ///
    /// An error that nobody waited for is returned by the next write, flush or sync.
    pub async fn sync_all(&self) -> io::Result<()> {
        charged(self.as_raw().sync(false)).await
    }

    /// Waits until the data is on the device: [`std::fs::File::sync_data`].
    ///
    /// # Errors
    ///
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Cancel safety
    ///
    /// As [`sync_all`](Self::sync_all).
    pub async fn sync_data(&self) -> io::Result<()> {
        charged(self.as_raw().sync(true)).await
    }

    /// Sets who may do what with the file: [`std::fs::File::set_permissions`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// It is done in full or not at all.
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        charged(self.as_raw().set_file_permissions(permissions)).await
    }

    /// Sets the times that are given: [`std::fs::File::set_times`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// It is done in full or not at all.
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        charged(self.as_raw().set_times(times)).await
    }

    /// Sets the time of the last write: [`std::fs::File::set_modified`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// It is done in full or not at all.
    pub async fn set_modified(&self, at: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(at)).await
    }

    /// Waits for the file's advisory lock, exclusive: [`std::fs::File::lock`].
    ///
    /// It holds a blocking thread while it waits, and waits for ever if nobody lets go.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// Safe: a lock that is granted later is released at once, unless another operation of this
    /// file has it.
    pub async fn lock(&self) -> io::Result<()> {
        charged(self.as_raw().lock(true)).await
    }

    /// Waits for the file's advisory lock, shared: [`std::fs::File::lock_shared`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    pub async fn lock_shared(&self) -> io::Result<()> {
        charged(self.as_raw().lock(false)).await
    }

    /// Takes the lock, exclusive, if it is free: [`std::fs::File::try_lock`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it is taken; the system's others.
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    pub async fn try_lock(&self) -> Result<(), TryLockError> {
        charged(self.as_raw().try_lock(true)).await
    }

    /// Takes the lock, shared, if nobody has it exclusive: [`std::fs::File::try_lock_shared`].
    ///
    /// # Errors
    ///
    /// As [`try_lock`](Self::try_lock).
    ///
    /// # Cancel safety
    ///
    /// As [`lock`](Self::lock).
    pub async fn try_lock_shared(&self) -> Result<(), TryLockError> {
        charged(self.as_raw().try_lock(false)).await
    }

    /// Releases the lock: [`std::fs::File::unlock`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// It is done in full or not at all.
    pub async fn unlock(&self) -> io::Result<()> {
        charged(self.as_raw().unlock()).await
    }
}
