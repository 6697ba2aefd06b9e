//! The system's generator of random numbers. Knows no runtime; the `Entropy` of every backend over
//! an operating system calls it.

/// Fills `buf` from the operating system's generator.
///
/// # Panics
///
/// If the system has none to offer.
pub fn fill_bytes(buf: &mut [u8]) {
    getrandom::fill(buf).expect("the operating system has a generator of random numbers");
}
