//! Erased conversions from and to std's sockets and files.

use crate::os::OsHandles;
#[cfg(unix)]
use crate::os::OsUnixHandles;

/// What an erased backend does for std's sockets and files.
pub(super) trait ErasedOs: Send + Sync {}

impl<R: OsHandles> ErasedOs for R {}

/// What an erased backend does for std's Unix sockets.
#[cfg(unix)]
pub(super) trait ErasedOsUnix: Send + Sync {}

#[cfg(unix)]
impl<R: OsUnixHandles> ErasedOsUnix for R {}
