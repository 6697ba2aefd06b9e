//! A worker's slot, its owner and those who claim it: `executor/queue/place.rs`.

use std::sync::atomic::Ordering::Relaxed;

use loom::{
    sync::{Arc, atomic::AtomicUsize},
    thread,
};

use crate::{barrier::Barrier, explore, place::Owner};

/// The sum of what came out, which is a number once.
#[derive(Default)]
struct Sum(AtomicUsize);

impl Sum {
    fn add(&self, taken: Option<usize>) {
        self.0.fetch_add(taken.unwrap_or(0), Relaxed);
    }
}

#[test]
fn a_slot_is_used_by_its_owner_or_claimed_and_never_both() {
    explore(3, || {
        let mut owner = Owner::new(Barrier::new());
        let sum = Arc::new(Sum::default());
        owner.put(1);
        let (claimer, theirs) = (owner.claimer(), sum.clone());
        let claimer = thread::spawn(move || theirs.add(claimer.take()));
        sum.add(owner.put(2));
        sum.add(owner.take());
        claimer.join().expect("it ends");
        assert!(owner.is_empty());
        assert_eq!(sum.0.load(Relaxed), 3);
    });
}

#[test]
fn two_that_claim_a_slot_take_what_is_there_once() {
    explore(2, || {
        let mut owner = Owner::new(Barrier::new());
        let sum = Arc::new(Sum::default());
        owner.put(1);
        let claimers = [owner.claimer(), owner.claimer()];
        let claimers = claimers.map(|claimer| {
            let theirs = sum.clone();
            thread::spawn(move || theirs.add(claimer.take()))
        });
        sum.add(owner.put(2));
        for claimer in claimers {
            claimer.join().expect("it ends");
        }
        sum.add(owner.take());
        assert_eq!(sum.0.load(Relaxed), 3);
    });
}

/// What is there while its owner is elsewhere is not left there.
#[test]
fn a_slot_whose_owner_is_elsewhere_is_claimed() {
    explore(3, || {
        let mut owner = Owner::new(Barrier::new());
        owner.put(1);
        let (first, second) = (owner.claimer(), owner.claimer());
        let first = thread::spawn(move || first.take());
        let second = second.take();
        let first = first.join().expect("it ends");
        assert_eq!(first.or(second), Some(1));
    });
}
