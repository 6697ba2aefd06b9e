//! How long, how wide, how named: the shape of files and functions.
//!
//! It knows nothing of what the code does.

use super::{Finding, Source};

const LINES_MAX: usize = 600;
const LINES_LONG: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// The example that backend authors read from end to end, and the lines of code that it may have.
const EXAMPLE: &str = "examples/backend-mem/src/";
const EXAMPLE_LINES_MAX: usize = 1_800;

const NO_NAMES: [&str; 8] = [
    "util", "utils", "common", "misc", "helper", "helpers", "types", "prelude",
];

/// No file is longer than the hard limit.
pub(crate) fn file_length(file: &Source) -> Vec<Finding> {
    let lines = file.text.lines().count();
    let advice = || {
        file.finding(
            lines,
            format!("{lines} lines: split it, {LINES_MAX} is the most"),
        )
    };
    (lines > LINES_MAX).then(advice).into_iter().collect()
}

/// At most one file in ten is longer than the soft limit.
pub(crate) fn few_long_files(files: &[Source]) -> Vec<Finding> {
    let all: Vec<_> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .collect();
    let is_long = |file: &&&Source| file.text.lines().count() > LINES_LONG;
    let long: Vec<_> = all.iter().filter(is_long).collect();
    if long.len() * 10 <= all.len() {
        return Vec::new();
    }
    let advice = format!("more than {LINES_LONG} lines, as one file in ten may be: split it");
    long.iter()
        .map(|file| file.finding(LINES_LONG + 1, advice.as_str()))
        .collect()
}

/// No line is wider than the format allows.
pub(crate) fn columns(file: &Source) -> Vec<Finding> {
    let wide = |line: &str| line.chars().count() > COLUMNS_MAX;
    let lines = file.text.lines().enumerate().filter(|(_, line)| wide(line));
    lines
        .map(|(i, _)| file.finding(i + 1, format!("wider than {COLUMNS_MAX} columns")))
        .collect()
}

/// Every module says in its first line what it does.
pub(crate) fn module_docs(file: &Source) -> Vec<Finding> {
    let advice = "open with `//!`: what it does, what it knows nothing of, who calls it";
    let opens = ["//! ", "#![doc = include_str!("];
    let missing = !opens.iter().any(|open| file.text.starts_with(open));
    missing
        .then(|| file.finding(1, advice))
        .into_iter()
        .collect()
}

/// What has no name has no place yet.
pub(crate) fn names(file: &Source) -> Vec<Finding> {
    let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let bad = path.split('/').filter(|part| NO_NAMES.contains(part));
    bad.map(|part| file.finding(1, format!("`{part}` is no subject: name what is in it")))
        .collect()
}

/// A folder is a subject and its `mod.rs` is its face.
pub(crate) fn faces(files: &[Source]) -> Vec<Finding> {
    let code: Vec<_> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .collect();
    let beside = |file: &&&Source| {
        let folder = format!("{}/", file.path.trim_end_matches(".rs"));
        code.iter().any(|other| other.path.starts_with(&folder))
    };
    let advice = "stands beside a folder of its name: move it there as `mod.rs`";
    code.iter()
        .filter(beside)
        .map(|file| file.finding(1, advice))
        .collect()
}

/// No function is longer than a screen.
pub(crate) fn function_length(file: &Source) -> Vec<Finding> {
    let tokens = file.tokens();
    let mut findings = Vec::new();
    for at in tokens.find("fn") {
        let Some(open) = tokens
            .next_beside(at, &["{", ";"])
            .filter(|i| tokens.reads(*i, "{"))
        else {
            continue;
        };
        let lines = tokens.0[tokens.close_of(open)].line - tokens.0[at].line + 1;
        if lines > FUNCTION_LINES_MAX {
            let name = &tokens.0[at + 1].text;
            let advice = format!("`{name}` has {lines} lines: {FUNCTION_LINES_MAX} is the most");
            findings.push(file.finding(tokens.0[at].line, advice));
        }
    }
    findings
}

/// The example for backend authors can be read in an afternoon.
pub(crate) fn short_example(files: &[Source]) -> Vec<Finding> {
    let own = files.iter().filter(|file| file.path.starts_with(EXAMPLE));
    let code = own.filter(|file| file.path.ends_with(".rs"));
    let lines: usize = code.map(|file| code_lines(&file.text)).sum();
    let advice = format!("{lines} lines of code: {EXAMPLE_LINES_MAX} is the most");
    let place = Source::new(EXAMPLE, "");
    let is_long = lines > EXAMPLE_LINES_MAX;
    is_long
        .then(|| place.finding(0, advice))
        .into_iter()
        .collect()
}

/// Lines that are neither blank nor a comment alone, as tokei and cloc count them.
fn code_lines(text: &str) -> usize {
    let mut in_comment = false;
    let is_code = |line: &&str| {
        let line = line.trim();
        if in_comment {
            in_comment = !line.ends_with("*/");
            return false;
        }
        if line.starts_with("/*") {
            in_comment = !line.contains("*/");
            return !in_comment && !line.ends_with("*/");
        }
        !line.is_empty() && !line.starts_with("//")
    };
    text.lines().filter(is_code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_what_is_neither_blank_nor_a_comment() {
        let text = "//! Docs.\n\nfn f() { // why\n    /// Docs.\n    g();\n}\n   \n";
        assert_eq!(code_lines(text), 3);
        assert_eq!(
            code_lines("/* one\n\ntwo();\n*/\nf();\n/* x */ g();\n/* y */"),
            2
        );
        assert_eq!(code_lines(""), 0);
    }

    #[test]
    fn an_example_that_grew_is_found() {
        let found = |lines: usize| {
            let half = "f();\n".repeat(lines / 2);
            let files = [
                file("examples/backend-mem/src/a.rs", &half),
                file("examples/backend-mem/src/net/b.rs", &half),
                file("examples/backend-mem/tests/c.rs", &half),
                file("examples/kv/src/d.rs", &half),
            ];
            short_example(&files).len()
        };
        assert_eq!((found(1_800), found(1_802)), (0, 1));
    }

    fn file(path: &str, text: &str) -> Source {
        Source::new(path, text)
    }

    #[test]
    fn a_file_may_have_600_lines() {
        assert!(file_length(&file("a.rs", &"\n".repeat(600))).is_empty());
        assert_eq!(file_length(&file("a.rs", &"\n".repeat(601))).len(), 1);
    }

    #[test]
    fn one_file_in_ten_may_be_long() {
        let mut files: Vec<_> = (0..9).map(|i| file(&format!("{i}.rs"), "")).collect();
        files.push(file("long.rs", &"\n".repeat(401)));
        assert!(few_long_files(&files).is_empty());
        files.push(file("longer.rs", &"\n".repeat(402)));
        assert_eq!(few_long_files(&files).len(), 2);
    }

    #[test]
    fn a_line_may_have_100_columns() {
        let line = "\u{e9}".repeat(100);
        assert!(columns(&file("a.rs", &line)).is_empty());
        assert_eq!(columns(&file("a.rs", &format!("{line}x"))).len(), 1);
    }

    #[test]
    fn a_module_opens_with_its_docs() {
        assert!(module_docs(&file("a.rs", "//! What it does.\n")).is_empty());
        assert_eq!(
            module_docs(&file("a.rs", "use std::fmt;\n//! Late.")).len(),
            1
        );
    }

    #[test]
    fn a_module_has_a_name() {
        assert!(names(&file("api/src/time.rs", "")).is_empty());
        assert_eq!(names(&file("api/src/util.rs", "")).len(), 1);
        assert_eq!(names(&file("api/src/common/mod.rs", "")).len(), 1);
    }

    #[test]
    fn a_folder_has_its_face_inside() {
        let inside = [file("net/mod.rs", ""), file("net/tcp.rs", "")];
        assert!(faces(&inside).is_empty());
        let beside = [file("net.rs", ""), file("net/tcp.rs", "")];
        assert_eq!(faces(&beside).len(), 1);
    }

    #[test]
    fn a_function_may_have_70_lines() {
        let function = |lines: usize| format!("fn f() {{{}}}", "\n".repeat(lines - 1));
        assert!(function_length(&file("a.rs", &function(70))).is_empty());
        assert_eq!(function_length(&file("a.rs", &function(71))).len(), 1);
        assert!(function_length(&file("a.rs", "trait T { fn f(); fn g(); }")).is_empty());
    }
}
