//! The one door to randomness: [`Entropy`]. Knows nothing of what the bytes are used for.

use std::fmt::Debug;

/// A source of random bytes.
///
/// On a backend over an operating system these are the system's own, fit for session tokens, and
/// cannot be seeded; only a simulated backend is seeded.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of randomness of an anyrt runtime",
    note = "in generic code, add the bound `{Self}: anyrt_api::Runtime`"
)]
pub trait Entropy: Clone + Debug + Send + Sync + Unpin + 'static {
    /// Fills `buf` with random bytes. May make a system call; never waits for more than the
    /// system's generator to be ready, which it is long before a program starts.
    ///
    /// # Panics
    ///
    /// If the operating system has no generator to offer.
    fn fill_bytes(&self, buf: &mut [u8]);
}
