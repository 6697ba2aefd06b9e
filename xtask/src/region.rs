//! A part of a page that a command writes, between two marks that the page keeps.
//!
//! It knows nothing of what is written. `bench`, `laws`, `goals`, `layers` and `scaling` call it.

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
    fn what_stands_around_the_marks_stays() {
        let text = "before\n<a>\nold\n</a>\nafter";
        let new = replaced(text, "<a>", "</a>", "new\n");
        assert_eq!(new.as_deref(), Some("before\n<a>\nnew\n</a>\nafter"));
        assert_eq!(replaced("no marks", "<a>", "</a>", ""), None);
        assert_eq!(replaced("</a><a>", "<a>", "</a>", ""), None);
    }
}
