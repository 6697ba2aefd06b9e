//! The runs as JUnit's XML, which CI services read.
//!
//! It knows nothing of how the runs came about.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::record::{Run, Test, Verdict};

/// A suite a run, a case a law's function.
pub(crate) fn report(runs: &[Run]) -> Result<String, String> {
    let mut report = Report::new("laws");
    for run in runs {
        let mut suite = TestSuite::new(run.backend);
        suite.set_time(Duration::from_secs_f64(run.seconds.unwrap_or_default()));
        suite.add_property(Property::new("time_scale", run.time_scale.to_string()));
        if let Some(workers) = &run.workers {
            suite.add_property(Property::new("workers", format!("{workers:?}")));
        }
        suite.add_test_cases(run.tests.iter().map(|test| case(run, test)));
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|e| format!("junit: {e}"))
}

fn case(run: &Run, test: &Test) -> TestCase {
    let mut status = match test.verdict {
        Verdict::Held | Verdict::Deviates => TestCaseStatus::success(),
        Verdict::Skipped | Verdict::Unshown => TestCaseStatus::skipped(),
        Verdict::Hang | Verdict::Abort => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::Broken | Verdict::Slow | Verdict::Undeserved => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    let reason = test.deviation.as_ref().map(|deviation| &deviation.why);
    let reason = reason.or(test.reason.as_ref());
    if let Some(why) = test.observed.as_ref().or(reason) {
        status.set_message(why.lines().next().unwrap_or_default());
    }
    if test.verdict.is_failure() {
        status.set_type(format!("{:?}", test.verdict).to_lowercase());
        let part = |name: &str, value: &Option<String>| {
            format!("{name}: {}\n", value.as_deref().unwrap_or_default())
        };
        let description = part("promised", &test.promised)
            + &part("observed", &test.observed)
            + &part("again", &test.again)
            + test.stdout.as_deref().unwrap_or_default();
        status.set_description(description);
    }
    let mut case = TestCase::new(test.name.as_str(), status);
    case.set_classname(format!("{}.{}", run.backend, test.group));
    case.set_time(Duration::from_secs_f64(test.exec_time.unwrap_or_default()));
    if let Some(reason) = reason {
        case.add_property(Property::new("reason", reason.as_str()));
    }
    case
}

#[cfg(test)]
mod tests {
    use super::super::example::example;
    use super::*;

    #[test]
    fn a_service_reads_what_failed_and_what_was_skipped() {
        let xml = report(&example()).expect("it is written into memory");
        for part in [
            r#"<testsuite name="native" tests="4""#,
            r#"<testcase name="l015_drop" classname="native.SP""#,
            r#"<failure message="it ran" type="broken">"#,
            r#"<skipped message="threads of its own""#,
            r#"<property name="reason" value="one thread"/>"#,
        ] {
            assert!(xml.contains(part), "{part} is not in:\n{xml}");
        }
    }
}
