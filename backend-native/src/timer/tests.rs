//! Which clock is asked, and what its answers are good for.

use super::*;

/// What the precise clock says where it is not to be asked.
fn unasked() -> u64 {
    panic!("the coarse clock is enough")
}

#[test]
fn the_precise_clock_is_not_asked_for_what_is_far() {
    let now = 7_000;
    assert_eq!(before(now + FAR, FAR, Some(now), unasked), Some(now));
    assert_eq!(before(u64::MAX, FAR, Some(now), unasked), Some(now));
}

#[test]
fn the_precise_clock_decides_on_what_is_near() {
    let (coarse, precise) = (7_000, 9_000);
    let near = |deadline| before(deadline, FAR, Some(coarse), || precise);
    assert_eq!(near(coarse + FAR - 1), Some(precise));
    assert_eq!(near(precise + 1), Some(precise));
    assert_eq!(near(precise), None);
    assert_eq!(near(coarse), None);
    assert_eq!(near(0), None);
}

#[test]
fn without_a_coarse_clock_the_precise_one_decides() {
    assert_eq!(before(FAR * 2, FAR, None, || 1), Some(1));
    assert_eq!(before(1, FAR, None, || 1), None);
}

/// A coarse clock that stood still: what is taken for far comes out at the next look, and not
/// before its time.
#[test]
fn what_has_passed_unseen_is_fired_at_the_next_look() {
    let timers = Timers::new(1);
    let insert = |now, deadline| timers.insert(now, deadline, Waker::noop().clone());
    let precise = timers.now() + FAR * 100;
    let (stale, passed) = (0, precise - FAR);
    assert_eq!(before(passed, FAR, Some(stale), unasked), Some(stale));
    insert(stale, passed).expect("it is open");
    insert(stale, precise + FAR).expect("it is open");
    let mut due = Vec::new();
    timers.shards.fire(ticks_down(passed - 1), &mut due);
    assert!(due.is_empty(), "it is early");
    timers.shards.fire(ticks_down(precise), &mut due);
    assert_eq!(due.len(), 1);
}

#[test]
fn the_coarse_clock_is_not_ahead() {
    let timers = Timers::new(1);
    for _ in 0..1000 {
        let coarse = timers.coarse.nanos();
        assert!(coarse.is_none_or(|coarse| coarse <= timers.now()));
    }
    assert!(timers.far >= FAR);
}

#[test]
fn times_outside_stand_at_the_ends() {
    let timers = Timers::new(1);
    let earlier = timers.start.checked_sub(Duration::from_nanos(1));
    assert_eq!(earlier.map_or(0, |at| timers.time_of(at)), 0);
    let later = timers.start.checked_add(Duration::from_secs(1 << 40));
    assert_eq!(later.map_or(u64::MAX, |at| timers.time_of(at)), u64::MAX);
    assert!(ticks_up(u64::MAX) < NEVER);
    assert_eq!(ticks_up(1), 1);
    assert_eq!(ticks_down(u64::MAX), u64::MAX >> TICK_BITS);
}
