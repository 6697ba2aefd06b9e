//! The rules of CONTRIBUTING.md that a program can check, held against the whole workspace.
//!
//! A rule is a plain function from a file, or from all files, to findings; it stands in `rules/`
//! with a test that shows it fail. This file runs each over the workspace and knows no rule's
//! inside.
#![forbid(unsafe_code)]

mod rules;

use rules::{Finding, Workspace, bans, doors, laws, manifests, messages, readmes, shape, system};

#[test]
fn the_walk_finds_the_workspace() {
    let workspace = Workspace::load();
    for path in [
        "api/src/lib.rs",
        "xtask/tests/tidy.rs",
        "facade/Cargo.toml",
        "CHANGELOG.md",
    ] {
        assert!(
            workspace.files.iter().any(|file| file.path == path),
            "{path} was not found"
        );
    }
}

#[test]
fn shape_of_the_files() {
    let workspace = Workspace::load();
    let mut findings = workspace.each(".rs", shape::file_length);
    findings.extend(workspace.each(".rs", shape::columns));
    findings.extend(workspace.each(".rs", shape::module_docs));
    findings.extend(workspace.each(".rs", shape::names));
    findings.extend(shape::few_long_files(&workspace.files));
    findings.extend(shape::short_example(&workspace.files));
    findings.extend(shape::faces(&workspace.files));
    report(findings);
}

#[test]
fn shape_of_the_functions() {
    report(Workspace::load().each(".rs", shape::function_length));
}

#[test]
fn what_stands_nowhere() {
    let workspace = Workspace::load();
    let mut findings = workspace.each(".rs", bans::leftovers);
    findings.extend(workspace.each("", bans::machine_paths));
    report(findings);
}

#[test]
fn what_stands_in_listed_files_alone() {
    let workspace = Workspace::load();
    let mut findings = workspace.each(".rs", bans::time_chance_and_threads);
    findings.extend(workspace.each(".rs", system::unsafe_code));
    findings.extend(workspace.each(".rs", system::roots_refuse_unsafe));
    findings.extend(workspace.each(".rs", system::cfg_sites));
    findings.extend(bans::lists_are_of_use(&workspace.files));
    findings.extend(system::lists_are_of_use(&workspace.files));
    report(findings);
}

#[test]
fn manifests_say_why_and_point_one_way() {
    let workspace = Workspace::load();
    let mut findings = workspace.each("Cargo.toml", manifests::reasons);
    findings.extend(workspace.each("Cargo.toml", manifests::directions));
    findings.extend(workspace.each("Cargo.toml", manifests::members));
    findings.extend(workspace.each("Cargo.toml", manifests::features));
    findings.extend(manifests::changelog(&workspace.files));
    report(findings);
}

#[test]
fn doors_and_floors_of_the_backends() {
    let workspace = Workspace::load();
    let mut findings = workspace.each(".rs", doors::root_traits);
    findings.extend(workspace.each(".rs", doors::bodies));
    findings.extend(workspace.each(".rs", doors::floors));
    report(findings);
}

#[test]
fn the_contract_and_its_laws() {
    let mut findings = laws::both_sides(&Workspace::load().files);
    findings.extend(laws::documents(&Workspace::load().files));
    report(findings);
}

#[test]
fn the_contract_says_what_to_write() {
    report(Workspace::load().each(".rs", messages::of_traits));
}

#[test]
fn readmes_are_doctests() {
    report(readmes::are_doctests(&Workspace::load().files));
}

/// Fails with all findings at once.
fn report(findings: Vec<Finding>) {
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} findings\n{}\n",
        lines.len(),
        lines.join("\n")
    );
}
