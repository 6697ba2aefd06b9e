//! Erased sockets.

use crate::AsyncNet;

/// What an erased backend does for sockets.
pub(super) trait ErasedNet: Send + Sync {}

impl<R: AsyncNet> ErasedNet for R {}
