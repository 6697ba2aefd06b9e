//! Laws can fail: backends with one defect each, and the law that must find it.
//!
//! Each is the native runtime in a wrapper (`sick.rs`) that does one thing wrong. The same wrapper
//! with nothing wrong obeys the same laws, so that it is the defect which is found.
#![forbid(unsafe_code)]

mod sick;

use std::process::ExitCode;

use anyrt_laws::{Verdict, all, as_child, judge};
use libtest_mimic::{Arguments, Trial};
use sick::{Broken, defect};

/// What a law must say of a backend.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Held,
    Broken,
    Hang,
    Abort,
}

fn main() -> ExitCode {
    if let Some(code) = child() {
        return code;
    }
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

/// If this process is the child for one law of one of them.
fn child() -> Option<ExitCode> {
    as_child::<Broken<{ defect::NONE }>>()
        .or_else(as_child::<Broken<{ defect::CANCELS_ON_DROP }>>)
        .or_else(as_child::<Broken<{ defect::POLLS_INLINE }>>)
        .or_else(as_child::<Broken<{ defect::FIRES_EARLY }>>)
        .or_else(as_child::<Broken<{ defect::DROPS_WAKERS }>>)
        .or_else(as_child::<Broken<{ defect::LOSES_A_BYTE }>>)
        .or_else(as_child::<Broken<{ defect::NESTS }>>)
        .or_else(as_child::<Broken<{ defect::ABORTS }>>)
        .or_else(as_child::<Broken<{ defect::UNWINDS }>>)
        .or_else(as_child::<Broken<{ defect::FINISHES_EARLY }>>)
        .or_else(as_child::<Broken<{ defect::RETRIES_REFUSALS }>>)
}

fn trials() -> Vec<Trial> {
    use Expected::{Abort, Broken as Breaks, Hang};
    let mut trials = Vec::new();
    add::<{ defect::CANCELS_ON_DROP }>(&mut trials, "l015_drop_detaches", Breaks);
    add::<{ defect::POLLS_INLINE }>(&mut trials, "l013_never_polls_on_the_callers_stack", Breaks);
    add::<{ defect::FIRES_EARLY }>(&mut trials, "l068_never_early", Breaks);
    add::<{ defect::DROPS_WAKERS }>(&mut trials, "l070_the_deadline_is_fixed_at_the_call", Hang);
    add::<{ defect::LOSES_A_BYTE }>(
        &mut trials,
        "l153_a_dropped_operation_is_whole_or_none",
        Breaks,
    );
    add::<{ defect::NESTS }>(&mut trials, "l047_nested_block_on_panics", Breaks);
    add::<{ defect::ABORTS }>(
        &mut trials,
        "l020_destructor_that_panics_in_a_cancel",
        Abort,
    );
    add::<{ defect::UNWINDS }>(&mut trials, "l018_panic_is_the_joiners_error", Breaks);
    add::<{ defect::FINISHES_EARLY }>(&mut trials, "l022_is_finished_after_the_destructor", Breaks);
    add::<{ defect::RETRIES_REFUSALS }>(&mut trials, "l108_nobody_listens", Hang);
    trials
}

/// The law finds this defect, and holds on the same wrapper without it.
fn add<const DEFECT: u8>(trials: &mut Vec<Trial>, law: &'static str, expected: Expected) {
    trials.push(Trial::test(law, move || {
        verdict::<{ defect::NONE }>(law, Expected::Held)?;
        verdict::<DEFECT>(law, expected)
    }));
}

fn verdict<const DEFECT: u8>(
    law: &'static str,
    expected: Expected,
) -> Result<(), libtest_mimic::Failed> {
    let laws = all::<Broken<DEFECT>>();
    let law = laws.iter().find(|known| known.name() == law);
    let verdict = judge(law.ok_or("no law has this name")?);
    let said = match &verdict {
        Verdict::Held { .. } => Expected::Held,
        Verdict::Broken { .. } => Expected::Broken,
        Verdict::Hang { .. } => Expected::Hang,
        _ => Expected::Abort,
    };
    match said == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?} of defect {DEFECT}, got {verdict:#?}").into()),
    }
}
