//! `cargo xtask outside`: a stranger's backend, in a folder outside the workspace, is held against
//! the laws of one group, by what `docs/testing-your-backend.md` tells him to copy.
//!
//! The backend is `xtask/outside/src/lib.rs`; its manifest and its conformance file are the page's.
//! It knows nothing of laws. `main.rs` calls it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::step;

/// Makes the crate, runs the group, and is an error unless laws ran and held.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let page = read(root, PAGE)?;
    let folder = tempfile::tempdir().map_err(|e| format!("a folder for the crate: {e}"))?;
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it is inside the folder"))
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| format!("{}: {e}", path.display()))
    };
    write("Cargo.toml", &manifest(root, &page)?)?;
    // The versions that the workspace has been tested with.
    write("Cargo.lock", &read(root, "Cargo.lock")?)?;
    write("src/lib.rs", &read(root, BACKEND)?)?;
    write("tests/conformance.rs", block(&page, "rust,ignore")?)?;
    let records = folder.path().join("records");
    step::run(
        test(root)
            .current_dir(folder.path())
            .env("LAWS_REPORT", &records),
    )?;
    let record = records.join("mine.jsonl");
    let record = fs::read_to_string(&record).map_err(|e| format!("{}: {e}", record.display()))?;
    match held(&record) {
        Some(1..) => Ok(()),
        _ => Err(format!("no law of the group {GROUP} was held:\n{record}")),
    }
}

/// The command that the page gives, for one group.
fn test(root: &Path) -> Command {
    let mut command = step::cargo();
    command
        .args(["test", "--test", "conformance", "--", "--group", GROUP])
        // What the workspace takes from elsewhere is built there already, the same way.
        .env("CARGO_TARGET_DIR", step::target_folder(root));
    command
}

/// The page's lines for a manifest in a manifest of their own, with the checkout in the place of
/// what is published.
fn manifest(root: &Path, page: &str) -> Result<String, String> {
    let head = "[package]\nname = \"my_backend\"\nedition = \"2024\"\n\n[workspace]\n\n\
                [profile.dev]\ndebug = \"line-tables-only\"\n\n\
                [dependencies]\nanyrt-api = \"0.1\"\nanyrt-mem = \"0.1\"\n\n";
    let text = format!("{head}{}", block(page, "toml")?);
    let line = |line: &str| match line.split_once(" = \"0.1\"") {
        Some((name, rest)) => {
            let path = FOLDERS.iter().find(|(known, _)| *known == name);
            let (_, folder) = path.ok_or_else(|| format!("the page names `{name}`"))?;
            Ok(format!(
                "{name} = {{ path = {:?} }}{rest}\n",
                root.join(folder)
            ))
        }
        None => Ok(format!("{line}\n")),
    };
    text.lines().map(line).collect()
}

/// The first block of the page in that language.
fn block<'a>(page: &'a str, language: &str) -> Result<&'a str, String> {
    let fence = format!("\n```{language}\n");
    let inside = page.split_once(&fence).map(|(_, rest)| rest);
    let inside = inside.and_then(|rest| Some(rest.split_once("```\n")?.0));
    inside.ok_or_else(|| format!("{PAGE} has no block of `{language}`"))
}

/// How many laws held, by the last line of a record.
fn held(record: &str) -> Option<u64> {
    let last: serde_json::Value = serde_json::from_str(record.lines().last()?).ok()?;
    last.get("held")?.as_u64()
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|e| format!("{path}: {e}"))
}

const PAGE: &str = "docs/testing-your-backend.md";
const BACKEND: &str = "xtask/outside/src/lib.rs";
/// A group with laws of both classes, quick on a virtual clock.
const GROUP: &str = "TM";
/// What a manifest may name, and where the checkout has it.
const FOLDERS: [(&str, &str); 3] = [
    ("anyrt-api", "api"),
    ("anyrt-laws", "compat-tests"),
    ("anyrt-mem", "examples/backend-mem"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_what_a_stranger_copies() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let page = read(root, PAGE).expect("there is a page");
        let manifest = manifest(root, &page).expect("it names what we have");
        assert!(manifest.contains("harness = false"), "{manifest}");
        assert!(manifest.contains("anyrt-laws = { path = "), "{manifest}");
        let conformance = block(&page, "rust,ignore").expect("a conformance file");
        assert!(conformance.contains("anyrt_laws::main::<"), "{conformance}");
    }

    #[test]
    fn a_page_that_lacks_a_block_is_an_error() {
        assert_eq!(block("a\n```toml\nx = 1\n```\nb", "toml"), Ok("x = 1\n"));
        assert!(block("a", "toml").is_err());
        let root = Path::new("/w");
        assert!(manifest(root, "\n```toml\nserde = \"0.1\"\n```\n").is_err());
    }

    #[test]
    fn a_record_without_a_sum_counts_nothing() {
        assert_eq!(held("{}\n{\"type\":\"suite\",\"held\":3}\n"), Some(3));
        assert_eq!(held("{\"type\":\"test\"}\n"), None);
        assert_eq!(held(""), None);
    }
}
