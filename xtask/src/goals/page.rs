//! What a run leaves in docs/performance.md, between two marks.
//!
//! It knows nothing of the rest of the page, which people write.

use std::fmt::Write as _;
use std::path::Path;

use super::record::Run;
use super::table;
use crate::region;

/// Writes the tables of these runs into the page, unless one was a look.
pub(crate) fn write(root: &Path, runs: &[Run]) -> Result<(), String> {
    if let Some(look) = runs.iter().find(|run| run.machine.quick) {
        let title = look.allocator.title;
        return Err(format!(
            "what was measured with {title} was a look (`--quick`): measure anew"
        ));
    }
    region::write(root, PAGE, [BEGIN, END], &tables(runs))
}

fn tables(runs: &[Run]) -> String {
    let mut text = String::new();
    for run in runs {
        let _ = writeln!(text, "\n{}\n{}", table::head(run), table::goals(run, true));
    }
    for line in table::sums(runs).lines() {
        let _ = write!(text, "\n{line}.  ");
    }
    text + "\n\n"
}

const PAGE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- goals: written by `cargo xtask goals --write` -->";
const END: &str = "<!-- end of goals -->";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_look_is_not_written() {
        let head = r#"{"kernel":"k","processor":"p","workers":2,"rounds":2,"quick":true}"#;
        let look = Run::parse(&super::super::ALLOCATORS[0], head).expect("it is a head");
        let folder = tempfile::tempdir().expect("a folder");
        let error = write(folder.path(), &[look]).expect_err("it was a look");
        assert!(error.contains("--quick"), "{error}");
    }

    #[test]
    fn the_page_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let page = fs::read_to_string(root.join(PAGE)).expect("there is one");
        let new = region::replaced(&page, BEGIN, END, &tables(&[])).expect("the marks are there");
        assert!(new.starts_with("# "), "{new}");
    }
}
