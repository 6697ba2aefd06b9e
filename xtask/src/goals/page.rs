//! What a run leaves in docs/performance.md, between two marks.
//!
//! It knows nothing of the rest of the page, which people write.

use std::fmt::Write as _;
use std::path::Path;

use super::record::Run;
use super::table;
use crate::region;

/// Writes the tables of these runs into the page.
pub(crate) fn write(root: &Path, runs: &[Run]) -> Result<(), String> {
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
    fn the_page_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let page = fs::read_to_string(root.join(PAGE)).expect("there is one");
        let new = region::replaced(&page, BEGIN, END, &tables(&[])).expect("the marks are there");
        assert!(new.starts_with("# "), "{new}");
    }
}
