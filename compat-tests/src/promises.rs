//! The contract's sentences by their ids, so that a failure can quote what was promised.
//!
//! `promises.txt` holds them: it is read out of the docs of `anyrt-api` by a command of the
//! workspace, and a test there says when it is stale.

/// The sentence of this id, behind the name of the item that makes it.
pub(crate) fn promise(id: &str) -> &'static str {
    let mut lines = include_str!("promises.txt").lines();
    lines
        .find_map(|line| line.strip_prefix(id)?.strip_prefix(' '))
        .unwrap_or("a sentence that this version of the contract does not have")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_found_by_its_id() {
        assert!(promise("L015").contains("detaches"), "{}", promise("L015"));
        assert!(promise("L01").starts_with("a sentence that"));
    }
}
