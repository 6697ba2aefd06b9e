//! Chance from a seed: [`Stream`]. Knows nothing of who draws.
//!
//! A runtime has two streams, one for the application and one for the world around it (the disk),
//! so that a library which draws once more does not meet another disk.

use anyrt_kit::lock::Lock;

/// One reproducible sequence of numbers (SplitMix64).
#[derive(Debug)]
pub(crate) struct Stream(Lock<u64>);

impl Stream {
    /// The sequence of `seed` for one purpose.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Stream(Lock::new(mix(seed ^ mix(purpose))))
    }

    fn next(&self) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(*state)
    }

    /// A number from 0 to `most`.
    pub(crate) fn up_to(&self, most: usize) -> usize {
        (self.next() % (most as u64 + 1)) as usize
    }

    pub(crate) fn fill(&self, buf: &mut [u8]) {
        for piece in buf.chunks_mut(8) {
            piece.copy_from_slice(&self.next().to_le_bytes()[..piece.len()]);
        }
    }
}

/// Spreads every bit of `x` over all of them.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
