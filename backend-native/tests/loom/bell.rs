//! A bell for models, which have no time: it rings as soon as it is set. Otherwise it keeps what
//! `executor/monitor/bell/mod.rs` says of a bell.

use std::{io, time::Duration};

use crate::sync::{Condvar, Mutex, lock};

#[derive(Debug)]
pub(crate) struct Bell {
    rang: Mutex<bool>,
    condvar: Condvar,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            rang: Mutex::new(false),
            condvar: Condvar::new(),
        })
    }

    pub(crate) fn ring_after(&self, _: Duration) {
        *lock(&self.rang) = true;
        self.condvar.notify_one();
    }

    pub(crate) fn silence(&self) {
        *lock(&self.rang) = false;
    }

    pub(crate) fn wait(&self) {
        let mut rang = lock(&self.rang);
        while !*rang {
            rang = self.condvar.wait(rang).expect("no model panics here");
        }
        *rang = false;
    }
}
