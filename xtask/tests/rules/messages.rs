//! The contract's public traits say what to write where they are not implemented.
//!
//! It reads attributes; whether a message is good is for `macros/tests` to show.

use super::{Finding, Source};

/// Every public trait of `api` has `#[diagnostic::on_unimplemented]`.
pub(crate) fn of_traits(file: &Source) -> Vec<Finding> {
    if file.package() != "api" {
        return Vec::new();
    }
    let tokens = file.tokens();
    let silent = tokens.find("pub trait").into_iter().filter(|at| {
        let before = tokens.0[..*at]
            .iter()
            .rev()
            .take_while(|token| token.text != ";");
        let attributes = before.take_while(|token| token.text != "}" && token.text != "{");
        !attributes
            .map(|token| token.text.as_str())
            .any(|text| text == "on_unimplemented")
    });
    let advice = |name: &str| format!("`{name}` needs `#[diagnostic::on_unimplemented]`");
    silent
        .map(|at| file.finding(tokens.0[at].line, advice(tokens.text(at + 2))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_trait_is_found() {
        let found = |text: &str| of_traits(&Source::new("api/src/a.rs", text)).len();
        let said =
            "#[diagnostic::on_unimplemented(message = \"m\")]\n#[must_use]\npub trait A {}\n";
        assert_eq!(found(said), 0);
        assert_eq!(found(&format!("{said}pub trait B {{}}")), 1);
        assert_eq!(found("trait Private {}"), 0);
    }
}
