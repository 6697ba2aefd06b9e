//! What stands in the attribute's parentheses.
//!
//! It reads `native, tokio, workers = 4, crate = path` and knows neither which names are backends
//! nor which options a backend has. `expand` calls it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// The arguments of one attribute.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// The path of the facade, if the attribute gives one.
    pub(crate) krate: Option<TokenStream>,
    /// The backends that are named, in their order.
    pub(crate) backends: Vec<Ident>,
    /// Options of the backend's builder, with their values.
    pub(crate) options: Vec<(Ident, TokenStream)>,
}

impl Arguments {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self, Mistake> {
        let mut arguments = Self::default();
        for part in split_at_commas(tokens) {
            arguments.add(part)?;
        }
        Ok(arguments)
    }

    fn add(&mut self, part: Vec<TokenTree>) -> Result<(), Mistake> {
        let mut tokens = part.into_iter();
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => name,
            Some(other) => return Err(Mistake::new(other.span(), GRAMMAR)),
            None => return Err(Mistake::new(Span::call_site(), GRAMMAR)),
        };
        match tokens.next() {
            None => self.add_backend(name),
            Some(TokenTree::Punct(sign)) if sign.as_char() == '=' => {
                let value: TokenStream = tokens.collect();
                if value.is_empty() {
                    return Err(Mistake::new(
                        name.span(),
                        format!("`{name} =` has no value"),
                    ));
                }
                self.add_option(name, value)
            }
            Some(other) => Err(Mistake::new(other.span(), GRAMMAR)),
        }
    }

    fn add_backend(&mut self, name: Ident) -> Result<(), Mistake> {
        if self.backends.contains(&name) {
            return Err(Mistake::new(
                name.span(),
                format!("`{name}` is named twice"),
            ));
        }
        self.backends.push(name);
        Ok(())
    }

    fn add_option(&mut self, name: Ident, value: TokenStream) -> Result<(), Mistake> {
        let known = match name == "crate" {
            true => self.krate.is_some(),
            false => self.options.iter().any(|(other, _)| *other == name),
        };
        if known {
            return Err(Mistake::new(
                name.span(),
                format!("`{name}` is given twice"),
            ));
        }
        match name == "crate" {
            true => self.krate = Some(value),
            false => self.options.push((name, value)),
        }
        Ok(())
    }
}

/// What is wrong with an attribute's use, and where.
#[derive(Debug)]
pub(crate) struct Mistake {
    span: Span,
    message: String,
}

impl Mistake {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }

    pub(crate) fn to_compile_error(&self) -> TokenStream {
        let message = &self.message;
        quote_spanned! { self.span => ::core::compile_error! { #message } }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

/// One part for each comma of the top level; a last comma makes no empty part.
fn split_at_commas(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == ',' => {
                parts.push(std::mem::take(&mut part))
            }
            other => part.push(other),
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

const GRAMMAR: &str = "expected the name of a backend, as `native`, or an option, as `workers = 4`";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Arguments, Mistake> {
        Arguments::parse(text.parse().expect("the test's text is made of tokens"))
    }

    fn mistake(text: &str) -> String {
        parse(text)
            .expect_err("the arguments are wrong")
            .message()
            .to_owned()
    }

    #[test]
    fn backends_options_and_the_crate_in_any_order() {
        let arguments =
            parse("workers = 2 + 2, native, crate = a::b, tokio,").expect("they are right");
        let names: Vec<_> = arguments.backends.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["native", "tokio"]);
        assert_eq!(arguments.options[0].0, "workers");
        assert_eq!(arguments.options[0].1.to_string(), "2 + 2");
        assert_eq!(arguments.krate.expect("it is given").to_string(), "a :: b");
    }

    #[test]
    fn nothing_is_no_mistake() {
        let arguments = parse("").expect("bare attributes exist");
        assert!(arguments.backends.is_empty() && arguments.options.is_empty());
    }

    #[test]
    fn what_is_given_twice_is_refused() {
        assert_eq!(mistake("native, native"), "`native` is named twice");
        assert_eq!(
            mistake("workers = 1, workers = 2"),
            "`workers` is given twice"
        );
        assert_eq!(mistake("crate = a, crate = b"), "`crate` is given twice");
    }

    #[test]
    fn what_is_no_argument_is_refused() {
        assert_eq!(mistake("\"native\""), GRAMMAR);
        assert_eq!(mistake("native tokio"), GRAMMAR);
        assert_eq!(mistake("native,,tokio"), GRAMMAR);
        assert_eq!(mistake("workers ="), "`workers =` has no value");
    }
}
