//! The doors and floors of the backends.
//!
//! A backend implements the contract in one file, and inside native the task, the reactor and the
//! timers do not know each other.

use super::{Finding, Source};

/// The traits that a backend's handle and owner implement.
const ROOT_TRAITS: [&str; 12] = [
    "Spawn",
    "Timer",
    "Entropy",
    "AsyncNet",
    "AsyncFs",
    "AsyncUnixNet",
    "AsyncProcess",
    "AsyncSignal",
    "OsHandles",
    "Core",
    "Runtime",
    "BlockOn",
];

/// What in native is joined by `Waker` and a schedule function alone.
const FLOORS: [&str; 3] = ["task", "reactor", "timer"];

/// Every impl of a root trait of a backend stands in its `runtime.rs`.
pub(crate) fn root_traits(file: &Source) -> Vec<Finding> {
    let backend = file.package();
    let door = format!("{backend}/src/runtime.rs");
    let inside = file.path.starts_with(&format!("{backend}/src/"));
    if !backend.starts_with("backend-") || backend == "backend-kit" || !inside || file.path == door
    {
        return Vec::new();
    }
    let tokens = file.tokens();
    let impls = ROOT_TRAITS
        .iter()
        .flat_map(|name| tokens.find(&format!("{name} for")));
    impls
        .filter(|at| {
            let before = tokens.0[..*at]
                .iter()
                .rev()
                .take_while(|token| token.text != "}");
            before
                .map(|token| token.text.as_str())
                .take_while(|text| *text != ";")
                .any(|text| text == "impl")
        })
        .filter(|at| !tokens.0[*at].in_tests)
        .map(|at| file.finding(tokens.0[at].line, format!("the impl belongs into `{door}`")))
        .collect()
}

/// In the door of a backend every body is one expression. What says which capabilities there are
/// has one for each.
pub(crate) fn bodies(file: &Source) -> Vec<Finding> {
    let backend = file.package();
    if !backend.starts_with("backend-") || file.path != format!("{backend}/src/runtime.rs") {
        return Vec::new();
    }
    let tokens = file.tokens();
    let impls = ROOT_TRAITS
        .iter()
        .flat_map(|name| tokens.find(&format!("{name} for")));
    let mut findings = Vec::new();
    for block in impls.filter_map(|at| tokens.next_beside(at, &["{"])) {
        let inside = block..tokens.close_of(block);
        let functions = inside.filter(|at| tokens.reads(*at, "fn"));
        for at in functions.filter(|at| tokens.text(at + 1) != "capabilities") {
            let Some(open) = tokens.next_beside(at, &["{"]) else {
                continue;
            };
            let close = tokens.close_of(open);
            let depth = tokens.0[open].depth + 1;
            let is_end = |i: &usize| tokens.text(*i) == ";" && tokens.0[*i].depth == depth;
            // A last `;` makes a statement of the one expression.
            if (open + 1..close - 1).any(|i| is_end(&i)) {
                let advice = format!("`{}` does more than forward", tokens.text(at + 1));
                findings.push(file.finding(tokens.0[at].line, advice));
            }
        }
    }
    findings
}

/// In native no floor names another.
pub(crate) fn floors(file: &Source) -> Vec<Finding> {
    let Some(inside) = file.path.strip_prefix("backend-native/src/") else {
        return Vec::new();
    };
    let Some(floor) = inside
        .split(['/', '.'])
        .next()
        .filter(|floor| FLOORS.contains(floor))
    else {
        return Vec::new();
    };
    let tokens = file.tokens();
    let others = FLOORS.iter().filter(|other| **other != floor);
    let named = others.flat_map(|other| tokens.find(&format!("crate :: {other}")));
    let advice = format!("`{floor}` knows no other floor: they are joined by `Waker`");
    named
        .map(|at| file.finding(tokens.0[at].line, advice.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impl_beside_the_door_is_found() {
        let found = |path, text| root_traits(&Source::new(path, text)).len();
        let spawn = "impl Spawn for Tokio { }";
        assert_eq!(found("backend-tokio/src/net.rs", spawn), 1);
        assert_eq!(
            found(
                "backend-tokio/src/net.rs",
                "use a;\nimpl<T> a::Timer for X<T> {}"
            ),
            1
        );
        assert_eq!(found("backend-tokio/src/runtime.rs", spawn), 0);
        assert_eq!(
            found("backend-tokio/src/net.rs", "impl fmt::Debug for Tokio {}"),
            0
        );
        assert_eq!(found("backend-kit/src/net.rs", spawn), 0);
    }

    #[test]
    fn a_door_that_does_more_than_forward_is_found() {
        let found = |body: &str| {
            let text = format!("impl Timer for Tokio {{ fn now(&self) -> Instant {{ {body} }} }}");
            bodies(&Source::new("backend-tokio/src/runtime.rs", &text)).len()
        };
        assert_eq!(found("self.clock.now()"), 0);
        assert_eq!(found("self.clock.now(|| { a(); b() });"), 0);
        assert_eq!(found("let now = self.clock.now(); now"), 1);
    }

    #[test]
    fn a_floor_that_names_another_is_found() {
        let found = |path, text| floors(&Source::new(path, text)).len();
        assert_eq!(
            found(
                "backend-native/src/task/mod.rs",
                "use crate::reactor::Reactor;"
            ),
            1
        );
        assert_eq!(
            found("backend-native/src/timer.rs", "use crate::task::Task;"),
            1
        );
        assert_eq!(
            found("backend-native/src/timer.rs", "use crate::timer::wheel;"),
            0
        );
        assert_eq!(
            found(
                "backend-native/src/driver.rs",
                "use crate::reactor::Reactor;"
            ),
            0
        );
    }
}
