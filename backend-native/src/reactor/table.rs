//! The places of all sources: [`Table`], and the [`Page`]s that they lie in.
//!
//! It knows sources as indices, and nothing of descriptors or events. The reactor has it under a
//! lock.
//!
//! A page is one allocation of [`PAGE`] places. The table has a reference to it while a source is
//! in it, and each of its sources has one, so a source reaches its place without the table's lock.
//! A page also refers to its driver, on behalf of its sources: that is a circle, but only as long
//! as there are sources, which keep their driver anyway.

use std::{fmt, io, sync::Arc};

use anyrt_kit::gone;

use super::{event::Token, slot::Slot};
use crate::driver::{Driver, NAME};

/// Places in a page: as many as a word has bits.
const PAGE: usize = u64::BITS as usize;

/// Where [`PAGE`] sources have their places.
pub(super) struct Page {
    driver: Arc<Driver>,
    slots: [Slot; PAGE],
}

impl Page {
    fn new(driver: &Arc<Driver>) -> Arc<Self> {
        Arc::new(Self {
            driver: driver.clone(),
            slots: std::array::from_fn(|_| Slot::new()),
        })
    }

    pub(super) fn driver(&self) -> &Arc<Driver> {
        &self.driver
    }

    /// The place with this index in the table, which must be of this page.
    #[inline]
    pub(super) fn slot(&self, index: u32) -> &Slot {
        &self.slots[index as usize % PAGE]
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the driver, which would print its pages.
        f.debug_struct("Page").finish_non_exhaustive()
    }
}

/// Which places there are, and which of them are taken.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    /// The entries that have room.
    roomy: Vec<u32>,
    n_sources: usize,
    closed: bool,
}

#[derive(Debug, Default)]
struct Entry {
    /// `None` while nobody is in it.
    page: Option<Arc<Page>>,
    /// A bit for each place that is taken.
    taken: u64,
    /// Grows each time that a place of this page is given away, and outlives the page.
    generation: u32,
}

impl Table {
    /// A place for a new source.
    ///
    /// # Errors
    ///
    /// That the runtime is gone.
    pub(super) fn insert(
        &mut self,
        driver: &Arc<Driver>,
        is_writable: bool,
    ) -> io::Result<(Arc<Page>, u32)> {
        if self.closed {
            return Err(gone::error(NAME));
        }
        let at = self.room();
        let entry = &mut self.entries[at as usize];
        let place = entry.taken.trailing_ones();
        entry.taken |= 1 << place;
        entry.generation = entry.generation.wrapping_add(1);
        if entry.taken == u64::MAX {
            self.roomy.pop();
        }
        self.n_sources += 1;
        let page = entry.page.get_or_insert_with(|| Page::new(driver));
        page.slot(place).reset(entry.generation, is_writable);
        Ok((page.clone(), at * PAGE as u32 + place))
    }

    /// The entry that the next source comes into: the last of those that have room.
    fn room(&mut self) -> u32 {
        if let Some(&at) = self.roomy.last() {
            return at;
        }
        let at = u32::try_from(self.entries.len()).ok();
        let at = at.filter(|&at| at < Token::RESERVED / PAGE as u32);
        let at = at.expect("descriptors end before four billion sources");
        self.entries.push(Entry::default());
        self.roomy.push(at);
        at
    }

    /// Takes a place back. The page is returned if it was the last one in it, to be dropped once
    /// the lock is released.
    #[must_use = "a page is dropped after the lock"]
    pub(super) fn remove(&mut self, index: u32) -> Option<Arc<Page>> {
        let at = index / PAGE as u32;
        let entry = &mut self.entries[at as usize];
        if entry.taken == u64::MAX {
            self.roomy.push(at);
        }
        entry.taken &= !(1 << (index % PAGE as u32));
        self.n_sources -= 1;
        match entry.taken {
            0 => entry.page.take(),
            _ => None,
        }
    }

    /// The place of the source with this token, if it is still there.
    pub(super) fn find(&self, token: Token) -> Option<&Slot> {
        let entry = self.entries.get(token.index as usize / PAGE)?;
        if entry.taken & 1 << (token.index % PAGE as u32) == 0 {
            return None;
        }
        let slot = entry.page.as_ref()?.slot(token.index);
        (slot.generation() == token.generation).then_some(slot)
    }

    /// No source comes any more; all that are there.
    pub(super) fn close(&mut self) -> impl Iterator<Item = &Slot> {
        self.closed = true;
        self.entries.iter().flat_map(|entry| {
            let slots = entry.page.iter().flat_map(|page| page.slots.iter());
            let slots = slots.enumerate();
            slots.filter_map(|(place, slot)| (entry.taken >> place & 1 == 1).then_some(slot))
        })
    }

    pub(super) fn n_sources(&self) -> usize {
        self.n_sources
    }
}

#[cfg(all(test, not(anyrt_loom)))]
mod tests {
    use super::*;

    fn driver() -> Arc<Driver> {
        Arc::new(Driver::new(1).expect("descriptors are left"))
    }

    fn insert(table: &mut Table, driver: &Arc<Driver>) -> Token {
        let (page, index) = table.insert(driver, true).expect("it is open");
        Token {
            index,
            generation: page.slot(index).generation(),
        }
    }

    #[test]
    fn every_source_has_a_place_of_its_own() {
        let (mut table, driver) = (Table::default(), driver());
        let tokens: Vec<_> = (0..3 * PAGE + 1)
            .map(|_| insert(&mut table, &driver))
            .collect();
        let mut indices: Vec<_> = tokens.iter().map(|token| token.index).collect();
        indices.sort_unstable();
        indices.dedup();
        assert_eq!((indices.len(), table.entries.len()), (3 * PAGE + 1, 4));
        assert!(tokens.iter().all(|&token| table.find(token).is_some()));
        assert_eq!(table.close().count(), table.n_sources());
    }

    #[test]
    fn who_has_left_is_not_found_in_a_place_that_is_given_away_again() {
        let (mut table, driver) = (Table::default(), driver());
        let gone = insert(&mut table, &driver);
        let stays = insert(&mut table, &driver);
        assert!(table.remove(gone.index).is_none(), "one is left in it");
        assert!(table.find(gone).is_none());
        let new = insert(&mut table, &driver);
        assert_eq!(new.index, gone.index);
        assert!(table.find(gone).is_none() && table.find(new).is_some());
        for token in [new, stays] {
            drop(table.remove(token.index));
        }
        // Another page by now.
        let again = insert(&mut table, &driver);
        assert_eq!(again.index, gone.index);
        for old in [gone, new] {
            assert!(table.find(old).is_none());
        }
    }

    #[test]
    fn a_page_and_its_driver_live_as_long_as_somebody_is_there() {
        let (mut table, driver) = (Table::default(), driver());
        let tokens: Vec<_> = (0..PAGE + 1).map(|_| insert(&mut table, &driver)).collect();
        assert_eq!(Arc::strong_count(&driver), 3);
        for token in &tokens {
            drop(table.remove(token.index));
        }
        assert_eq!(Arc::strong_count(&driver), 1);
        assert_eq!(table.n_sources(), 0);
        insert(&mut table, &driver);
        assert_eq!(table.entries.len(), 2, "the places are used again");
    }
}
