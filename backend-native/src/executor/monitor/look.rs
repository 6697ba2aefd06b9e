//! What a monitor concludes from one look to the next: which workers are stuck, how long to sleep.
//!
//! Pure: it is given what was seen and knows no thread, no lock and no clock.

use std::time::Duration;

/// How often a monitor looks while something runs. A poll that is longer is a stuck one.
pub(super) const PERIOD: Duration = Duration::from_millis(2);
/// So many looks in a row at a runtime at rest; the one after that comes when a worker asks for it.
const REST_LOOKS: u32 = 4;
/// So many looks at one poll, before a thread that does not wait counts as computing: a processor
/// comes sooner.
const LONG_LOOKS: u32 = 25;
/// So many looks in a row with too many spares, before one goes: what blocked once does it again.
const SPARED_LOOKS: u32 = 25;

/// What the last looks have seen.
#[derive(Debug)]
pub(super) struct Looks {
    /// Of each station, its word at the last look.
    words: Box<[usize]>,
    /// Of each station, the looks in a row that found it in the same poll as the one before.
    n_same: Box<[u32]>,
    /// Those with one or more.
    stuck: Vec<usize>,
    /// Times that a worker was found stuck; a long poll counts once.
    n_found: u64,
    /// Looks in a row that found more spares than stuck workers.
    n_spared: u32,
    /// Looks in a row that found the runtime at rest.
    n_at_rest: u32,
}

impl Looks {
    pub(super) fn new(n_stations: usize) -> Self {
        Self {
            words: vec![0; n_stations].into(),
            n_same: vec![0; n_stations].into(),
            stuck: Vec::with_capacity(n_stations),
            n_found: 0,
            n_spared: 0,
            n_at_rest: 0,
        }
    }

    /// Looks at the words of all stations: odd in a poll, another for each poll. The stations that
    /// are stuck.
    pub(super) fn stuck(&mut self, words: impl Iterator<Item = usize>) -> &[usize] {
        self.stuck.clear();
        let stations = self.words.iter_mut().zip(&mut self.n_same);
        for (station, ((last, n_same), word)) in stations.zip(words).enumerate() {
            if std::mem::replace(last, word) == word && word % 2 == 1 {
                self.n_found += u64::from(*n_same == 0);
                *n_same = n_same.saturating_add(1);
                self.stuck.push(station);
            } else {
                *n_same = 0;
            }
        }
        &self.stuck
    }

    /// The same stations again, and whether each has been stuck for long.
    pub(super) fn all_stuck(&self) -> impl Iterator<Item = (usize, bool)> {
        let is_long = |station: usize| self.n_same[station] >= LONG_LOOKS;
        self.stuck
            .iter()
            .map(move |&station| (station, is_long(station)))
    }

    /// Times that a worker was found stuck.
    pub(super) fn n_found(&self) -> u64 {
        self.n_found
    }

    /// True if a spare is to go: for a while now there have been more of them than `n_wanted`.
    pub(super) fn is_spared(&mut self, n_spares: usize, n_wanted: usize) -> bool {
        self.n_spared = if n_spares > n_wanted {
            self.n_spared + 1
        } else {
            0
        };
        self.n_spared >= SPARED_LOOKS
    }

    /// The time to the next look; `None` is until a worker asks for it, after which rest comes no
    /// sooner than after some more looks: so a runtime with little to do does not ask each time.
    pub(super) fn period(&mut self, at_rest: bool) -> Option<Duration> {
        self.n_at_rest = if at_rest { self.n_at_rest + 1 } else { 0 };
        if self.n_at_rest < REST_LOOKS {
            return Some(PERIOD);
        }
        self.n_at_rest = 0;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_that_outlasts_two_looks_is_stuck_and_counts_once() {
        let mut looks = Looks::new(3);
        assert_eq!(looks.stuck([1, 2, 5].into_iter()), [0; 0]);
        assert_eq!(looks.stuck([1, 2, 7].into_iter()), [0]);
        assert_eq!(looks.stuck([1, 3, 7].into_iter()), [0, 2]);
        assert_eq!(looks.n_found(), 2);
        assert_eq!(looks.stuck([2, 3, 9].into_iter()), [1]);
        assert_eq!(looks.n_found(), 3);
    }

    #[test]
    fn a_poll_is_long_after_some_more_looks() {
        let mut looks = Looks::new(2);
        looks.stuck([1, 1].into_iter());
        for n in 1..LONG_LOOKS {
            looks.stuck([1, 1 + 2 * n as usize].into_iter());
            assert!(looks.all_stuck().eq([(0, false)]));
        }
        looks.stuck([1, 1].into_iter());
        assert!(looks.all_stuck().eq([(0, true)]));
        looks.stuck([3, 1].into_iter());
        assert!(looks.all_stuck().eq([(1, false)]));
    }

    #[test]
    fn at_rest_looks_end_and_begin_anew() {
        let mut looks = Looks::new(1);
        let until_rest =
            |looks: &mut Looks| (0..).take_while(|_| looks.period(true).is_some()).count();
        assert_eq!(until_rest(&mut looks), 3);
        assert_eq!(until_rest(&mut looks), 3);
        assert_eq!(looks.period(true), Some(PERIOD));
        assert_eq!(looks.period(false), Some(PERIOD), "something ran");
        assert_eq!(until_rest(&mut looks), 3);
    }

    #[test]
    fn a_spare_is_kept_for_a_while() {
        let mut looks = Looks::new(1);
        for _ in 1..SPARED_LOOKS {
            assert!(!looks.is_spared(1, 0));
        }
        assert!(looks.is_spared(1, 0));
        assert!(!looks.is_spared(1, 1));
        assert!(!looks.is_spared(1, 0), "it begins anew");
    }
}
