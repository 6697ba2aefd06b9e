//! Erased files.

use crate::AsyncFs;

/// What an erased backend does for files.
pub(super) trait ErasedFs: Send + Sync {}

impl<R: AsyncFs> ErasedFs for R {}
