//! The contract is here under its own names, all of them.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

/// What a crate's root offers: its public modules, and what it takes up from others.
fn root_names(text: &str) -> BTreeSet<&str> {
    let code = || text.lines().filter(|line| !line.starts_with("//"));
    let modules = code().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let statements = text.split_inclusive(';');
    let uses = statements.filter_map(|statement| {
        let (_, used) = statement.rsplit_once("pub use ")?;
        let (_, names) = used.split_once("::")?;
        Some(names.split(|c: char| !c.is_alphanumeric() && c != '_'))
    });
    let names = modules.chain(uses.flatten());
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_name_of_the_contract_is_here() {
    let contract = root_names(include_str!("../../api/src/lib.rs"));
    let facade = root_names(include_str!("../src/lib.rs"));
    assert!(contract.contains("AnyRuntime") && contract.contains("task"));
    let missing: Vec<_> = contract.difference(&facade).collect();
    assert!(missing.is_empty(), "not in the facade: {missing:?}");
}

/// A program that depends on the facade alone can name what it may get from it: it is enough that
/// this compiles.
#[cfg(feature = "tokio")]
const _: fn(anyrt::tokio::HandleError) -> String = |refused| refused.to_string();
