//! The laws where a panic ends the process, as `panic = "abort"` in a profile has it.
//!
//! Some are about what comes after a panic. They run too, and have to end their process: so the
//! list of them says no more than is true, and every other law holds. `mod.rs` calls it.

use super::record::{Run, Verdict};

/// What rustc has to be told. Of a profile's word cargo makes nothing where it builds tests.
pub(super) const FLAGS: &str = "-C panic=abort";

/// Sorts the laws of the list out of a run: those that ended their process did what they had to.
pub(super) fn sort_out(run: &mut Run) {
    for test in &mut run.tests {
        if !AFTER_A_PANIC.contains(&test.name.as_str()) {
            continue;
        }
        let observed = test.observed.as_deref().unwrap_or_default();
        match test.verdict {
            Verdict::Abort if observed.contains("SIGABRT") => {
                test.verdict = Verdict::Skipped;
                test.reason = Some(MISSING.to_owned());
            }
            Verdict::Held => {
                test.verdict = Verdict::Undeserved;
                test.observed = Some(UNDESERVED.to_owned());
            }
            _ => {}
        }
    }
}

/// An error if the list has a law that a run of all of them has not.
pub(super) fn check(run: &Run) -> Result<(), String> {
    let is_there = |name: &str| run.tests.iter().any(|test| test.name == name);
    match AFTER_A_PANIC.iter().find(|name| !is_there(name)) {
        Some(name) => Err(format!(
            "`{name}` is no law: take it off the list in abort.rs"
        )),
        None => Ok(()),
    }
}

/// Laws in which something panics and that look at what comes then.
const AFTER_A_PANIC: [&str; 19] = [
    "l011_a_waker_of_a_closure_that_panics",
    "l011_a_waker_of_a_join_that_panics",
    "l011_a_waker_of_a_socket_that_panics",
    "l011_a_waker_of_an_alarm_that_panics",
    "l018_panic_is_the_joiners_error",
    "l019_detached_panic_disturbs_nobody",
    "l020_destructor_that_panics_in_a_cancel",
    "l021_output_that_panics_on_drop",
    "l027_every_combination_of_end_and_handle",
    "l036_panic_in_a_closure",
    "l045_block_on_raises_the_futures_panic",
    "l047_nested_block_on_panics",
    "l052_sleeps_outlive_the_runtime",
    "l057_a_forked_child_is_told",
    "l084_a_zero_period_panics",
    "l185_a_panic_leaves_no_value_behind",
    "l194_nested_in_a_blocking_closure",
    "l195_outside_any_runtime_it_panics",
    "l196_the_default_is_a_resolver",
];

/// What such a build has not got.
const MISSING: &str = "panics that can be caught (each of these ended its process, as it has to)";
const UNDESERVED: &str =
    "it holds where a panic ends the process: take it off the list in abort.rs";

#[cfg(test)]
mod tests {
    use super::super::example::example;
    use super::*;

    /// What becomes of a law of that name which came to this.
    fn sorted(name: &str, verdict: Verdict, observed: &str) -> Verdict {
        let mut run = example().remove(0);
        run.tests[0].name = name.to_owned();
        run.tests[0].verdict = verdict;
        run.tests[0].observed = Some(observed.to_owned());
        sort_out(&mut run);
        run.tests[0].verdict
    }

    #[test]
    fn a_law_of_the_list_has_to_end_its_process() {
        let law = AFTER_A_PANIC[0];
        assert_eq!(
            sorted(law, Verdict::Abort, "signal: 6 (SIGABRT)"),
            Verdict::Skipped
        );
        assert_eq!(sorted(law, Verdict::Held, ""), Verdict::Undeserved);
        assert_eq!(
            sorted(law, Verdict::Abort, "signal: 11 (SIGSEGV)"),
            Verdict::Abort
        );
        assert_eq!(sorted(law, Verdict::Hang, ""), Verdict::Hang);
        let other = "l015_drop_detaches";
        assert_eq!(
            sorted(other, Verdict::Abort, "signal: 6 (SIGABRT)"),
            Verdict::Abort
        );
    }

    #[test]
    fn a_name_that_is_no_laws_is_an_error() {
        let error = check(&example()[0]).expect_err("the example has none of them");
        assert!(error.contains(AFTER_A_PANIC[0]), "{error}");
    }
}
