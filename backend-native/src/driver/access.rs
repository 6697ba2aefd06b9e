//! The driver by way of a reference count that few threads share.
//!
//! What holds the driver for a moment, as a timeout does, counts itself in and out. If all workers
//! did so in one word, that word would cost them more than the timer. So there is a word for each
//! of their homes: see `timer/mod.rs`.

use std::{ops::Deref, sync::Arc};

use super::Driver;
use crate::timer;

/// A reference to the driver. It is held in an `Arc` of its own, whose count is what matters, and
/// stands on its cache lines alone.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Access(Arc<Driver>);

impl Access {
    pub(crate) fn new(driver: Arc<Driver>) -> Arc<Self> {
        Arc::new(Self(driver))
    }
}

impl Deref for Access {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.0
    }
}

/// An access for each home.
#[derive(Debug)]
pub(crate) struct Accesses(Box<[Arc<Access>]>);

impl Accesses {
    pub(crate) fn new(driver: &Arc<Driver>, n_workers: usize) -> Self {
        let each = (0..timer::n_homes(n_workers)).map(|_| Access::new(driver.clone()));
        Self(each.collect())
    }

    /// That of the calling thread; one of another runtime may share any of them.
    #[inline]
    pub(crate) fn here(&self) -> &Arc<Access> {
        &self.0[timer::home().min(self.0.len() - 1)]
    }
}
