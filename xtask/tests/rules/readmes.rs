//! The examples of a README are doctests of some crate.
//!
//! It reads fences and `include_str!`; whether an example compiles is for `cargo test` to show.

use super::{Finding, Source};

/// Every README with an example in Rust is the doc of something.
pub(crate) fn are_doctests(files: &[Source]) -> Vec<Finding> {
    let code = files.iter().filter(|file| file.path.ends_with(".rs"));
    let included: Vec<String> = code.flat_map(included).collect();
    let readmes = files.iter().filter(|file| file.path.ends_with("README.md"));
    let advice = "its examples are no doctests: `#[doc = include_str!(..)]` in a crate";
    readmes
        .filter(|readme| readme.text.contains("```rust\n"))
        .filter(|readme| !included.contains(&readme.path))
        .map(|readme| readme.finding(1, advice))
        .collect()
}

/// The files that `file` includes as its docs, from the root of the workspace.
fn included(file: &Source) -> Vec<String> {
    let calls = file.text.split("doc = include_str!(\"").skip(1);
    let paths = calls.filter_map(|rest| Some(rest.split_once('"')?.0));
    paths.map(|path| resolve(&file.path, path)).collect()
}

/// `path` as seen from beside `file`.
fn resolve(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_that_is_no_doctest_is_found() {
        let readme = |path| Source::new(path, "# A\n```rust\nlet a = 1;\n```\n");
        let crate_root = "#![doc = include_str!(\"../README.md\")]";
        let inside = [
            readme("api/README.md"),
            Source::new("api/src/lib.rs", crate_root),
        ];
        assert!(are_doctests(&inside).is_empty());
        let outside = [
            readme("README.md"),
            Source::new("api/src/lib.rs", crate_root),
        ];
        assert_eq!(are_doctests(&outside).len(), 1);
        assert!(are_doctests(&[Source::new("README.md", "```sh\nls\n```")]).is_empty());
    }
}
