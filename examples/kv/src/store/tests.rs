//! The store against a plain sorted map, and its undo against a copy.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Put(u8, Vec<u8>, Option<u64>),
    Append(u8, Vec<u8>),
    Deadline(u8, Option<u64>),
    Remove(u8),
    Clear,
}

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = || proptest::collection::vec(any::<u8>(), 0..6);
    let deadline = || proptest::option::of(0u64..20);
    let step = prop_oneof![
        4 => (0u8..8, value(), deadline()).prop_map(|(k, v, d)| Step::Put(k, v, d)),
        2 => (0u8..8, value()).prop_map(|(k, v)| Step::Append(k, v)),
        2 => (0u8..8, deadline()).prop_map(|(k, d)| Step::Deadline(k, d)),
        2 => (0u8..8).prop_map(Step::Remove),
        1 => Just(Step::Clear),
    ];
    proptest::collection::vec(step, 0..60)
}

fn run(store: &mut Store, step: &Step) -> Option<Undo> {
    match step {
        Step::Put(key, value, deadline) => Some(store.put(&[*key], value.clone(), *deadline)),
        Step::Append(key, suffix) => Some(store.append(&[*key], suffix)),
        Step::Deadline(key, deadline) => store.set_deadline(&[*key], *deadline),
        Step::Remove(key) => store.remove(&[*key]),
        Step::Clear => Some(store.clear()),
    }
}

fn run_model(model: &mut Model, step: &Step) {
    match step {
        Step::Put(key, value, deadline) => {
            model.insert(vec![*key], (value.clone(), *deadline));
        }
        Step::Append(key, suffix) => model.entry(vec![*key]).or_default().0.extend(suffix),
        Step::Deadline(key, deadline) => {
            if let Some(entry) = model.get_mut([*key].as_slice()) {
                entry.1 = *deadline;
            }
        }
        Step::Remove(key) => {
            model.remove([*key].as_slice());
        }
        Step::Clear => model.clear(),
    }
}

/// All that the store holds, stale keys too, with its inner indices checked.
fn contents(store: &Store) -> Model {
    let mut found = Model::new();
    for (slot, item) in &store.slots {
        assert_eq!(store.index.get(&item.key), Some(&slot));
        if let Some(at) = item.deadline_ms {
            assert!(store.deadlines.contains(&(at, Arc::clone(&item.key))));
        }
        found.insert(item.key.to_vec(), (item.value.clone(), item.deadline_ms));
    }
    assert_eq!(found.len(), store.len());
    assert_eq!(
        found.values().filter(|entry| entry.1.is_some()).count(),
        store.n_deadlines()
    );
    found
}

proptest! {
    #[test]
    fn agrees_with_a_sorted_map(steps in steps(), now in 0u64..20) {
        let (mut store, mut model) = (Store::default(), Model::new());
        for step in &steps {
            run(&mut store, step);
            run_model(&mut model, step);
        }
        prop_assert_eq!(contents(&store), model.clone());
        let live = |deadline: Option<u64>| deadline.is_none_or(|at| now < at);
        for key in 0u8..8 {
            let expected = model.get([key].as_slice()).filter(|entry| live(entry.1));
            let found = store.get(&[key], now).map(|e| (e.value.to_vec(), e.deadline_ms));
            prop_assert_eq!(found.as_ref(), expected);
        }
        let stale = model.values().filter(|entry| !live(entry.1)).count();
        prop_assert_eq!(store.stale_keys(now, usize::MAX, usize::MAX).len(), stale);
        prop_assert_eq!(store.keys(now).count(), model.len() - stale);
    }

    #[test]
    fn undo_in_reverse_restores(before in steps(), after in steps()) {
        let mut store = Store::default();
        for step in &before {
            run(&mut store, step);
        }
        let expected = contents(&store);
        let undo: Vec<Undo> = after.iter().filter_map(|step| run(&mut store, step)).collect();
        for undo in undo.into_iter().rev() {
            undo.apply(&mut store);
        }
        prop_assert_eq!(contents(&store), expected);
    }

    #[test]
    fn scan_meets_every_key_that_stays_once(
        steps in steps(),
        noise in proptest::collection::vec((8u8..40, any::<bool>()), 0..60),
        count in 1usize..5,
    ) {
        let mut store = Store::default();
        for step in &steps {
            run(&mut store, step);
        }
        let staying: Vec<Key> = store.keys(0).cloned().collect();
        let (mut seen, mut cursor, mut noise) = (Vec::new(), 0, noise.into_iter());
        loop {
            cursor = store.scan(cursor, count, 0, |key| seen.push(Arc::clone(key)));
            if cursor == 0 {
                break;
            }
            // Other keys come and go between the calls.
            for (key, put) in noise.by_ref().take(3) {
                let step = if put { Step::Put(key, vec![], None) } else { Step::Remove(key) };
                run(&mut store, &step);
            }
        }
        for key in &staying {
            prop_assert_eq!(seen.iter().filter(|other| *other == key).count(), 1);
        }
    }
}

#[test]
fn a_key_dies_at_its_deadline_and_not_before() {
    let mut store = Store::default();
    store.put(b"k", b"v".to_vec(), Some(1000));
    assert!(store.get(b"k", 999).is_some());
    assert!(store.get(b"k", 1000).is_none());
    assert!(store.is_stale(b"k", 1000) && !store.is_stale(b"k", 999));
    assert_eq!(store.len(), 1);
}
