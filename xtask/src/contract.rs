//! The contract's sentences, read out of the docs of `api`, and what is written from them.
//!
//! A sentence is a line of a doc comment, a bullet or not, that opens with its id, and the lines
//! that go on with it. One under `# Panics`, or another heading than `# Contract`, opens with that
//! heading. This reads text line by line; it knows nothing of laws and of backends.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One promise of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The number in `L015`.
    pub id: u16,
    /// What is promised, in one line, links as plain words.
    pub text: String,
    /// What promises it: `BlockOn::block_on`, `TcpStream`; a module by its name.
    pub item: String,
    /// From 1.
    pub line: usize,
}

impl Sentence {
    /// The id as it is written: `L015`.
    #[must_use]
    pub fn law(&self) -> String {
        format!("L{:03}", self.id)
    }

    /// The first two cells of its row in `docs/laws.md`.
    #[must_use]
    pub fn cells(&self) -> String {
        let text = self.text.replace('|', "\\|");
        format!("| {} | `{}`: {text} |", self.law(), self.item)
    }
}

/// The sentences of one file.
#[must_use]
pub fn sentences(path: &str, text: &str) -> Vec<Sentence> {
    let lines: Vec<_> = text.lines().collect();
    let numbered = lines.iter().copied().enumerate();
    let found = numbered.filter_map(|(i, line)| Some((i, opening(line)?)));
    found
        .map(|(i, (id, first))| {
            let rest = lines[i + 1..].iter().map_while(|line| continuation(line));
            let text: Vec<_> = [first].into_iter().chain(rest).collect();
            let heading = heading_above(&lines[..i]);
            Sentence {
                id,
                text: heading + &without_links(&text.join(" ")),
                item: item_of(path, &lines, i),
                line: i + 1,
            }
        })
        .collect()
}

/// All sentences of the contract, in the order of their ids.
///
/// # Errors
///
/// If the sources cannot be read.
pub fn all(root: &Path) -> io::Result<Vec<Sentence>> {
    let mut all = Vec::new();
    let mut left = vec![root.join("api/src")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path)?.map(|entry| Ok(entry?.path()));
            left.extend(entries.collect::<io::Result<Vec<PathBuf>>>()?);
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.extend(sentences(
                &path.to_string_lossy(),
                &fs::read_to_string(&path)?,
            ));
        }
    }
    all.sort_by_key(|sentence| sentence.id);
    Ok(all)
}

/// What `compat-tests/src/promises.txt` is to contain: a line a sentence.
#[must_use]
pub fn promises(sentences: &[Sentence]) -> String {
    let line = |s: &Sentence| format!("{} `{}`: {}\n", s.law(), s.item, s.text);
    sentences.iter().map(line).collect()
}

/// The text of a doc comment's line.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let doc = line
        .strip_prefix("///")
        .or_else(|| line.strip_prefix("//!"))?;
    Some(doc.trim())
}

/// The id and the first words of a line that opens a sentence.
fn opening(line: &str) -> Option<(u16, &str)> {
    let doc = doc(line)?;
    let rest = doc.strip_prefix("- ").unwrap_or(doc).strip_prefix("`L")?;
    let (id, text) = rest.split_once('`')?;
    let id = (id.len() == 3).then(|| id.parse().ok())??;
    Some((id, text.trim_start()))
}

/// The words of a line that goes on with the sentence above it.
fn continuation(line: &str) -> Option<&str> {
    let doc = doc(line)?;
    let is_other = doc.is_empty() || doc.starts_with(['-', '#']) || opening(line).is_some();
    (!is_other).then_some(doc)
}

/// The heading of a section of its own that a sentence below these lines stands under.
fn heading_above(lines: &[&str]) -> String {
    let docs = lines.iter().rev().map_while(|line| doc(line));
    let heading = docs.filter_map(|doc| doc.strip_prefix("# ")).next();
    let own = heading.filter(|heading| *heading != "Contract");
    own.map_or(String::new(), |heading| format!("{heading}: "))
}

/// What the doc comment with line `at` is about, with the type or trait that it belongs to.
fn item_of(path: &str, lines: &[&str], at: usize) -> String {
    if lines[at].trim_start().starts_with("//!") {
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        return path.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let below = &lines[at..];
    let item = below.iter().find_map(|line| name_of(line));
    let item = item.unwrap_or("anyrt_api");
    let above = lines[..at].iter().rev();
    let owner = match lines[at].starts_with(' ') {
        true => above
            .filter(|line| !line.starts_with([' ', '}']))
            .find_map(|line| owner_of(line)),
        false => None,
    };
    match owner {
        Some(owner) => format!("{owner}::{item}"),
        None => item.to_owned(),
    }
}

/// The name that a line of code declares.
fn name_of(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let kind = words.find(|word| !MODIFIERS.contains(word))?;
    KINDS.contains(&kind).then(|| word_of(words.next()?))?
}

/// The type or trait in whose braces the lines below stand.
fn owner_of(line: &str) -> Option<&str> {
    let Some(rest) = line.strip_prefix("impl") else {
        return name_of(line);
    };
    let rest = match rest.starts_with('<') {
        true => after_brackets(rest),
        false => rest,
    };
    let subject = rest.split(" for ").last()?;
    word_of(subject.trim_start())
}

/// What follows the matching `>` of the `<` that `text` opens with.
fn after_brackets(text: &str) -> &str {
    let mut depth = 0;
    let end = text.char_indices().find(|(i, c)| {
        let is_arrow = text[..*i].ends_with('-');
        depth += match c {
            '<' => 1,
            '>' if !is_arrow => -1,
            _ => 0,
        };
        depth == 0
    });
    end.map_or("", |(i, _)| &text[i + 1..])
}

/// The identifier that `text` opens with.
fn word_of(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    let word = &text[..end.unwrap_or(text.len())];
    (!word.is_empty()).then_some(word)
}

/// `[words](target)` and `[words]` as `words`.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((words, after)) = link.split_once(']') else {
            break;
        };
        plain.push_str(before);
        plain.push_str(words);
        rest = match after.strip_prefix('(') {
            Some(target) => target.split_once(')').map_or("", |(_, rest)| rest),
            None => after,
        };
    }
    plain + rest
}

const MODIFIERS: [&str; 6] = ["pub", "pub(crate)", "async", "unsafe", "const", "default"];
const KINDS: [&str; 7] = ["fn", "struct", "enum", "trait", "type", "mod", "union"];

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Sentence {
        let mut found = sentences("api/src/net/mod.rs", text);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_sentence_ends_where_another_thing_begins() {
        let text = "/// - `L015` Dropping\n///   detaches.\n/// - More.\npub struct JoinHandle;";
        let sentence = only(text);
        assert_eq!(sentence.text, "Dropping detaches.");
        assert_eq!((sentence.id, sentence.line), (15, 1));
        assert_eq!(only("/// `L015` One\n///\n/// Two.\nfn f() {}").text, "One");
        assert_eq!(sentences("a.rs", "/// See `L015`.\nfn f() {}"), []);
    }

    #[test]
    fn a_sentence_names_who_promises() {
        let of = |text| only(text).item;
        assert_eq!(of("/// `L001` A.\n#[must_use]\npub async fn f() {}"), "f");
        assert_eq!(of("//! `L001` A.\nmod a;"), "net");
        let method = "impl<T, F: Fn() -> T> JoinHandle<T, F> {\n    /// `L001` A.\n    fn f() {}";
        assert_eq!(of(method), "JoinHandle::f");
        let method =
            "impl Drop for Source {\n}\npub trait Timer: Send {\n    /// `L001` A.\n    fn f();";
        assert_eq!(of(method), "Timer::f");
    }

    #[test]
    fn a_sentence_says_under_which_heading_it_stands() {
        let text = "/// # Contract\n///\n/// # Panics\n///\n/// - `L047` At once.\nfn f() {}";
        assert_eq!(only(text).text, "Panics: At once.");
        let text = "/// # Panics\n/// # Contract\n/// - `L047` At once.\nfn f() {}";
        assert_eq!(only(text).text, "At once.");
        let text = "/// # Panics\nfn f() {}\n/// `L047` At once.\nfn g() {}";
        assert_eq!(only(text).text, "At once.");
    }

    #[test]
    fn links_are_words() {
        let text = "After [`close`](Self::close) of a [`TcpStream`], not [before.";
        assert_eq!(
            without_links(text),
            "After `close` of a `TcpStream`, not [before."
        );
    }

    #[test]
    fn a_row_and_a_promise_read_so() {
        let sentence = only("/// `L001` A | B.\npub trait Core {}");
        assert_eq!(sentence.cells(), "| L001 | `Core`: A \\| B. |");
        assert_eq!(promises(&[sentence]), "L001 `Core`: A | B.\n");
    }
}
