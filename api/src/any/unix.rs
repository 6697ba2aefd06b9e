//! Erased Unix sockets.

use crate::AsyncUnixNet;

/// What an erased backend does for Unix sockets.
pub(super) trait ErasedUnixNet: Send + Sync {}

impl<R: AsyncUnixNet> ErasedUnixNet for R {}
