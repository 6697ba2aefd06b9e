//! A part of a page that a command writes, between two marks that the page keeps.
//!
//! It knows nothing of what is written. `bench`, `laws`, `goals`, `layers` and `scaling` call it.

use std::fmt::Display;
use std::fs;
use std::path::Path;

/// Writes `inside` into a page of the project, between the two marks.
///
/// # Errors
///
/// The system's, and that the page has no such marks.
pub(crate) fn write(
    root: &Path,
    page: &str,
    [begin, end]: [&str; 2],
    inside: &str,
) -> Result<(), String> {
    let path = root.join(page);
    let error = |e: &dyn Display| format!("{page}: {e}");
    let text = fs::read_to_string(&path).map_err(|e| error(&e))?;
    let new = replaced(&text, begin, end, inside);
    let new =
        new.ok_or_else(|| error(&format!("has no place for tables: `{begin}` .. `{end}`")))?;
    fs::write(&path, new).map_err(|e| error(&e))?;
    println!("wrote {page}");
    Ok(())
}

/// `text` with `inside` between the two marks, each on a line of its own; `None` if it has no such
/// marks.
pub(crate) fn replaced(text: &str, begin: &str, end: &str, inside: &str) -> Option<String> {
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n{inside}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_the_marks_stays_as_it_is() {
        let root = tempfile::tempdir().expect("a folder");
        let page = root.path().join("page.md");
        fs::write(&page, "<a>\nold\n</a>\n").expect("it is written");
        let write = |end| write(root.path(), "page.md", ["<a>", end], "new\n");
        assert!(write("</b>").is_err_and(|error| error.contains("no place")));
        let text = || fs::read_to_string(&page).expect("it is there");
        assert_eq!(text(), "<a>\nold\n</a>\n");
        assert_eq!(write("</a>"), Ok(()));
        assert_eq!(text(), "<a>\nnew\n</a>\n");
    }

    #[test]
    fn what_stands_around_the_marks_stays() {
        let text = "before\n<a>\nold\n</a>\nafter";
        let new = replaced(text, "<a>", "</a>", "new\n");
        assert_eq!(new.as_deref(), Some("before\n<a>\nnew\n</a>\nafter"));
        assert_eq!(replaced("no marks", "<a>", "</a>", ""), None);
        assert_eq!(replaced("</a><a>", "<a>", "</a>", ""), None);
    }
}
