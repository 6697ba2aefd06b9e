//! Chance with a seed that a failure names: [`Chance`].
//!
//! A law that draws prints its seed, which stands in its output if it is broken; `LAWS_SEED=..`
//! makes it draw the same again.

use std::env;
use std::ops::RangeInclusive;

use anyrt_api::Entropy;

/// A stream of numbers: a multiplier and an increment of Knuth's.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Seeded by the runtime, or by who wants to see something again.
    pub(crate) fn of<R: Entropy>(rt: &R) -> Self {
        Chance::new(seed(rt))
    }

    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// Another stream, for another task.
    pub(crate) fn split(&mut self) -> Self {
        Chance::new(self.next())
    }

    /// A number below `n`, which is not zero.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    /// One of a range.
    pub(crate) fn within(&mut self, range: &RangeInclusive<usize>) -> usize {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// A length of any order of magnitude up to `most`: short ones are as likely as long ones.
    pub(crate) fn length(&mut self, most: usize) -> usize {
        let orders = most.ilog2() as usize + 1;
        let order = self.below(orders + 1);
        1 + self.below(most.min(1 << order))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// A seed of the runtime's, or the one that is asked for; printed either way.
pub(crate) fn seed<R: Entropy>(rt: &R) -> u64 {
    let asked = env::var(SEED).ok().and_then(|text| text.parse().ok());
    let seed = asked.unwrap_or_else(|| {
        let mut bytes = [0; 8];
        rt.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    });
    println!("seed: {seed} ({SEED}={seed} repeats it)");
    seed
}

/// The variable that holds a seed to be used again.
const SEED: &str = "LAWS_SEED";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_within_their_bounds_and_of_all_sizes() {
        let mut chance = Chance::new(7);
        let lengths: Vec<_> = (0..1_000).map(|_| chance.length(65_536)).collect();
        assert!(lengths.iter().all(|len| (1..=65_536).contains(len)));
        assert!(lengths.contains(&1) && lengths.iter().any(|len| *len > 40_000));
    }

    #[test]
    fn one_seed_is_one_stream() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            let mut other = chance.split();
            (0..9)
                .map(|_| chance.below(50) + other.within(&(3..=9)))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
