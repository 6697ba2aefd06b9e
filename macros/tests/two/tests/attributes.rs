//! What the attributes make of functions that are right.

use std::io;
use std::process::Command;

use anyrt::{AnyRuntime, Runtime, task};

fn backend() -> &'static str {
    AnyRuntime::current().backend()
}

#[anyrt::test(native, tokio)]
async fn each_named_backend_is_run() {
    assert!(["native", "tokio"].contains(&backend()));
}

#[anyrt::test]
async fn a_bare_test_runs_on_what_is_compiled_in() {
    assert!(["native", "tokio", "smol"].contains(&backend()));
}

#[test]
fn there_is_a_case_for_each() {
    let this = std::env::current_exe().expect("a test has a path");
    let list = Command::new(this)
        .arg("--list")
        .output()
        .expect("a test lists its cases");
    let list = String::from_utf8(list.stdout).expect("names are text");
    for name in [
        "each_named_backend_is_run",
        "a_bare_test_runs_on_what_is_compiled_in",
    ] {
        for backend in ["native", "tokio"] {
            let case = format!("{name}::{backend}: test");
            assert!(
                list.lines().any(|line| line == case),
                "{case} is not there:\n{list}"
            );
        }
    }
    assert!(
        !list.contains("each_named_backend_is_run::smol"),
        "it was not named:\n{list}"
    );
}

#[anyrt::test(native, tokio)]
async fn the_runtime_is_given(rt: impl Runtime) {
    let task = rt.spawn(async { backend() });
    assert_eq!(
        task.await.expect("it does not panic"),
        AnyRuntime::new(rt).backend()
    );
}

#[anyrt::test(native, tokio)]
async fn generics_and_bounds_are_kept<R>(rt: R) -> io::Result<()>
where
    R: Runtime,
{
    task::spawn_in(async {}, &rt).await?;
    Ok(())
}

#[anyrt::test(native, tokio, workers = ONE)]
async fn an_option_goes_to_the_builder() {
    assert_eq!(
        task::spawn(async { 1 }).await.expect("it does not panic"),
        ONE
    );
}

const ONE: usize = 1;

#[anyrt::test(native, tokio)]
#[should_panic(expected = "seen by the case")]
async fn a_panic_is_the_cases() {
    panic!("seen by the case");
}

#[test]
fn main_hands_an_error_on() {
    #[anyrt::main(native)]
    async fn fails() -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
    assert_eq!(
        fails().expect_err("it is handed on").kind(),
        io::ErrorKind::NotFound
    );
}

#[test]
fn main_is_an_ordinary_function() {
    /// Docs and lints stay.
    #[anyrt::main(tokio, workers = 2)]
    #[must_use]
    async fn answer(rt: impl Runtime) -> usize {
        let task = rt.spawn(async { 41 });
        task.await.expect("it does not panic") + 1
    }
    assert_eq!(answer(), 42);
}
