//! The contract's sentences and the suite's laws: each has the other.
//!
//! A sentence is a line of a doc comment in `api`, a bullet or not, that opens with its id. A law
//! is a function of `compat-tests` whose name opens with it, or a line of its list of what cannot
//! be shown.

use std::collections::BTreeMap;

use xtask::contract::{self, Sentence};

use super::{Finding, Source};

/// Every sentence has a law, every law has a sentence, and no sentence stands twice.
pub(crate) fn both_sides(files: &[Source]) -> Vec<Finding> {
    let code: Vec<_> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .collect();
    let mut sentences: BTreeMap<u16, Place<'_>> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in code.iter().filter(|file| file.path.starts_with("api/src/")) {
        for Sentence { id, line, .. } in contract::sentences(&file.path, &file.text) {
            if let Some((first, at)) = sentences.insert(id, (file, line)) {
                let advice = format!("`L{id:03}` stands at {}:{at} too: say it once", first.path);
                findings.push(file.finding(line, advice));
            }
        }
    }
    let mut laws: BTreeMap<u16, Place<'_>> = BTreeMap::new();
    for file in code
        .iter()
        .filter(|file| file.path.starts_with("compat-tests/src/"))
    {
        laws.extend(
            law_ids(file)
                .into_iter()
                .map(|(line, id)| (id, (*file, line))),
        );
    }
    for (id, (file, line)) in sentences.iter().filter(|(id, _)| !laws.contains_key(id)) {
        findings.push(file.finding(
            *line,
            format!("`L{id:03}` has no law: test it or delete it"),
        ));
    }
    for (id, (file, line)) in laws.iter().filter(|(id, _)| !sentences.contains_key(id)) {
        findings.push(file.finding(*line, format!("law L{id:03} has no sentence in `api`")));
    }
    findings
}

type Place<'a> = (&'a Source, usize);

/// What is written from the contract's docs says what they say: the page of the laws, in which each
/// has its row, and the promises that the suite quotes.
///
/// The other cells of a row are the programs' to say: `cargo xtask laws --check-docs` asks them.
pub(crate) fn documents(files: &[Source]) -> Vec<Finding> {
    let api = files
        .iter()
        .filter(|file| file.path.starts_with("api/src/"));
    let api = api.filter(|file| file.path.ends_with(".rs"));
    let mut sentences: Vec<_> = api
        .flat_map(|file| contract::sentences(&file.path, &file.text))
        .collect();
    sentences.sort_by_key(|sentence| sentence.id);
    let find = |path: &str| files.iter().find(|file| file.path == path);
    let mut findings = Vec::new();
    if let Some(page) = find("docs/laws.md") {
        let rows = page.text.lines().enumerate();
        let rows: Vec<_> = rows.filter(|(_, line)| line.starts_with("| L")).collect();
        let is_of = |row: &str, sentence: &Sentence| row.starts_with(&sentence.cells());
        findings.extend(
            rows.iter()
                .filter(|(_, row)| !sentences.iter().any(|sentence| is_of(row, sentence)))
                .map(|(i, _)| page.finding(i + 1, format!("not as `api` has it: {WRITE}"))),
        );
        findings.extend(
            sentences
                .iter()
                .filter(|sentence| !rows.iter().any(|(_, row)| is_of(row, sentence)))
                .map(|sentence| page.finding(1, format!("no row for {}: {WRITE}", sentence.law()))),
        );
    }
    if let Some(quoted) = find("compat-tests/src/promises.txt") {
        let stale = quoted.text != contract::promises(&sentences);
        findings.extend(stale.then(|| quoted.finding(1, format!("stale: {WRITE}"))));
    }
    findings
}

const WRITE: &str = "`cargo xtask laws --write`";

/// Functions that are named after a law, as `l015_drop_detaches`; in the list of what cannot be
/// shown the names stand in quotes.
fn law_ids(file: &Source) -> Vec<(usize, u16)> {
    if file.path.ends_with("/untested.rs") {
        let lines = file.text.lines().enumerate();
        let quoted = lines.filter_map(|(i, line)| Some((i + 1, line.split('"').nth(1)?)));
        return quoted
            .filter_map(|(line, name)| Some((line, id_of(name)?)))
            .collect();
    }
    let tokens = file.tokens();
    let names = tokens
        .find("fn")
        .into_iter()
        .filter_map(|at| tokens.0.get(at + 1));
    names
        .filter_map(|token| Some((token.line, id_of(&token.text)?)))
        .collect()
}

/// The number in `l015_drop_detaches`.
fn id_of(name: &str) -> Option<u16> {
    let (id, _) = name.strip_prefix('l')?.split_once('_')?;
    (id.len() == 3).then(|| id.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(api: &str, suite: &str) -> Vec<String> {
        let files = [
            Source::new("api/src/task.rs", api),
            Source::new("compat-tests/src/spawn.rs", suite),
        ];
        both_sides(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sentence_with_its_law_is_right() {
        let law = "pub async fn l015_drop_detaches<R: Runtime>(rt: R) {}";
        assert_eq!(
            found("/// - `L015` Dropping detaches.\nfn f() {}", law),
            [""; 0]
        );
    }

    #[test]
    fn a_sentence_without_a_law_is_found() {
        let findings = found("/// - `L015` Dropping detaches.\nfn f() {}", "");
        assert_eq!(
            findings,
            ["api/src/task.rs:1: `L015` has no law: test it or delete it"]
        );
    }

    #[test]
    fn a_promise_that_cannot_be_shown_is_listed() {
        let api = Source::new(
            "api/src/task.rs",
            "/// - `L011` A panicking waker.\nfn f() {}",
        );
        let list = "vec![\n(\"l011_panicking_wake\", \"aborts the process\"),\n]";
        let list = Source::new("compat-tests/src/laws/untested.rs", list);
        assert!(both_sides(&[api, list]).is_empty());
    }

    #[test]
    fn a_law_without_a_sentence_is_found() {
        let findings = found("/// See `L015`.\nfn f() {}", "fn l015_drop_detaches() {}");
        assert_eq!(
            findings,
            ["compat-tests/src/spawn.rs:1: law L015 has no sentence in `api`"]
        );
    }

    #[test]
    fn a_sentence_that_stands_twice_is_found() {
        let twice = "/// - `L015` Once.\nfn f() {}\n/// - `L015` Twice.\nfn g() {}";
        assert_eq!(found(twice, "fn l015_drop_detaches() {}").len(), 1);
    }

    #[test]
    fn a_stale_page_is_found() {
        let api = || {
            Source::new(
                "api/src/task.rs",
                "/// - `L015` It detaches.\nfn spawn() {}",
            )
        };
        let quoted = |text| Source::new("compat-tests/src/promises.txt", text);
        let page = |text| Source::new("docs/laws.md", text);
        let found = |page, quoted| documents(&[api(), page, quoted]).len();
        let row = "| L015 | `spawn`: It detaches. | required |";
        let promise = "L015 `spawn`: It detaches.\n";
        assert_eq!(found(page(row), quoted(promise)), 0);
        assert_eq!(found(page(""), quoted(promise)), 1);
        assert_eq!(
            found(page("| L015 | `spawn`: It cancels. |"), quoted(promise)),
            2
        );
        assert_eq!(
            found(page(&format!("{row}\n| L016 | `f`: Gone. |")), quoted("")),
            2
        );
    }
}
