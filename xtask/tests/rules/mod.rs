//! The rules, and what they are written over: files and findings.
//!
//! `tidy.rs` calls them.

pub(crate) mod bans;
pub(crate) mod doors;
pub(crate) mod laws;
pub(crate) mod manifests;
pub(crate) mod messages;
pub(crate) mod readmes;
pub(crate) mod shape;
pub(crate) mod system;
mod tokens;

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

pub(crate) use tokens::{Token, Tokens};

/// A text file of the workspace.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    tokens: OnceLock<Tokens>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (path, text) = (path.to_owned(), text.to_owned());
        Self {
            path,
            text,
            tokens: OnceLock::new(),
        }
    }

    /// The crate's folder: `api`, `examples/kv`.
    pub(crate) fn package(&self) -> &str {
        // Packages that stand among another's tests.
        let nested = ["macros/tests/none", "macros/tests/one", "macros/tests/two"];
        if let Some(package) = nested
            .iter()
            .find(|package| self.path.starts_with(**package))
        {
            return package;
        }
        let inside = ["/src/", "/tests/", "/benches/", "/Cargo.toml"];
        let end = inside.iter().filter_map(|part| self.path.find(part)).min();
        &self.path[..end.unwrap_or(0)]
    }

    /// True for what is compiled for tests and measurements alone.
    pub(crate) fn is_test_code(&self) -> bool {
        let path = self.path.as_str();
        let folders = path.starts_with("tests/") || path.starts_with("benches/");
        folders || path.contains("/tests/") || path.ends_with("/tests.rs")
    }

    /// Of a file of Rust.
    pub(crate) fn tokens(&self) -> &Tokens {
        self.tokens
            .get_or_init(|| Tokens::of(&self.path, &self.text))
    }

    pub(crate) fn finding(&self, line: usize, advice: impl Into<String>) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            advice: advice.into(),
        }
    }
}

/// A place where a rule does not hold, and what to do.
#[derive(Debug)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.advice)
    }
}

/// All text files of the workspace but what is built and what git keeps.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) files: Vec<Source>,
}

impl Workspace {
    /// Read once for all tests.
    pub(crate) fn load() -> &'static Self {
        static WORKSPACE: OnceLock<Workspace> = OnceLock::new();
        WORKSPACE.get_or_init(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .expect("xtask/ has a parent");
            let mut files = Vec::new();
            walk(root, "", &mut files);
            files.sort_by(|a, b| a.path.cmp(&b.path));
            Self { files }
        })
    }

    /// The findings of a rule over the files whose path ends so.
    pub(crate) fn each(&self, end: &str, rule: fn(&Source) -> Vec<Finding>) -> Vec<Finding> {
        self.files
            .iter()
            .filter(|file| file.path.ends_with(end))
            .flat_map(rule)
            .collect()
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("the workspace can be read") {
        let entry = entry.expect("the workspace can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let file_type = entry.file_type().expect("the workspace can be read");
        if file_type.is_dir() {
            if !["target", ".git", "wip"].contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), files);
            }
        } else if file_type.is_file() && !["Cargo.lock", ".git"].contains(&name.as_str()) {
            // What is not text is not ours to judge.
            if let Ok(text) = fs::read_to_string(entry.path()) {
                files.push(Source::new(&path, &text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_package() {
        let package = |path| Source::new(path, "").package().to_owned();
        assert_eq!(package("api/src/net/mod.rs"), "api");
        assert_eq!(package("examples/kv/Cargo.toml"), "examples/kv");
        assert_eq!(package("examples/kv/tests/a.rs"), "examples/kv");
        assert_eq!(package("macros/tests/one/Cargo.toml"), "macros/tests/one");
        assert_eq!(package("README.md"), "");
    }
}
