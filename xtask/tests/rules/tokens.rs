//! A source file as a flat list of tokens, so that no rule trips over a comment or a string.
//!
//! It knows lines, brackets and what is compiled for tests alone. The rules over code call it.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token; a bracket is a token of its own.
#[derive(Debug)]
pub(crate) struct Token {
    /// As written; brackets as one character, literals as `"` alone.
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
    /// How many brackets are open around it.
    pub(crate) depth: usize,
    /// True in a module that is compiled for tests alone.
    pub(crate) in_tests: bool,
}

/// The tokens of a file, doc comments left out.
#[derive(Debug)]
pub(crate) struct Tokens(pub(crate) Vec<Token>);

impl Tokens {
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let stream: TokenStream = text
            .parse()
            .unwrap_or_else(|e| panic!("{path} is not made of tokens: {e}"));
        let mut tokens = Vec::new();
        flatten(stream, 0, &mut tokens);
        let mut tokens = Self(tokens);
        tokens.mark_tests();
        tokens
    }

    /// True if the tokens from `at` on read as `pattern`, which is split at spaces.
    pub(crate) fn reads(&self, at: usize, pattern: &str) -> bool {
        let words = pattern.split(' ');
        words
            .enumerate()
            .all(|(i, word)| self.0.get(at + i).is_some_and(|t| t.text == word))
    }

    /// Where `pattern` begins, each time it occurs.
    pub(crate) fn find(&self, pattern: &str) -> Vec<usize> {
        (0..self.0.len())
            .filter(|at| self.reads(*at, pattern))
            .collect()
    }

    /// The closing bracket of the one at `open`.
    pub(crate) fn close_of(&self, open: usize) -> usize {
        let depth = self.0[open].depth;
        let rest = self.0.iter().skip(open + 1);
        open + 1 + rest.take_while(|token| token.depth > depth).count()
    }

    /// The first of `texts` from `at` on, with as many open brackets as at `at`.
    pub(crate) fn next_beside(&self, at: usize, texts: &[&str]) -> Option<usize> {
        let depth = self.0[at].depth;
        (at..self.0.len())
            .take_while(|i| self.0[*i].depth >= depth)
            .find(|i| self.0[*i].depth == depth && texts.contains(&self.0[*i].text.as_str()))
    }

    /// The words of each `use` from std, as `time`, `Instant`.
    pub(crate) fn imports_from_std(&self) -> Vec<&str> {
        let uses = self.find("use std ::");
        let statements = uses
            .into_iter()
            .filter_map(|at| Some(at..self.next_beside(at, &[";"])?));
        statements
            .flat_map(|range| self.0[range].iter().map(|token| token.text.as_str()))
            .collect()
    }

    pub(crate) fn text(&self, at: usize) -> &str {
        &self.0[at].text
    }

    /// True inside a `use ..;`.
    pub(crate) fn in_use(&self, at: usize) -> bool {
        let before = self.0[..at].iter().rev().map(|token| token.text.as_str());
        before
            .take_while(|text| ![";", "fn"].contains(text))
            .any(|text| text == "use")
    }

    fn mark_tests(&mut self) {
        for at in self.find("# [ cfg ( test ) ]") {
            if let Some(open) = self
                .next_beside(at, &["{", ";"])
                .filter(|i| self.reads(*i, "{"))
            {
                let close = self.close_of(open);
                self.0[at..close]
                    .iter_mut()
                    .for_each(|token| token.in_tests = true);
            }
        }
    }
}

fn flatten(stream: TokenStream, depth: usize, tokens: &mut Vec<Token>) {
    let mut stream = stream.into_iter().peekable();
    while let Some(tree) = stream.next() {
        let line = tree.span().start().line;
        let mut push = |text: String, line| {
            tokens.push(Token {
                text,
                line,
                depth,
                in_tests: false,
            });
        };
        match tree {
            TokenTree::Ident(word) => push(word.to_string(), line),
            TokenTree::Literal(_) => push("\"".to_owned(), line),
            TokenTree::Punct(sign) if sign.as_char() == ':' => match stream.peek() {
                Some(TokenTree::Punct(next)) if next.as_char() == ':' => {
                    push("::".to_owned(), line);
                    stream.next();
                }
                _ => push(":".to_owned(), line),
            },
            TokenTree::Punct(sign) => push(sign.as_char().to_string(), line),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open.to_owned(), group.span_open().start().line);
                flatten(group.stream(), depth + 1, tokens);
                let line = group.span_close().start().line;
                tokens.push(Token {
                    text: close.to_owned(),
                    line,
                    depth,
                    in_tests: false,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_tokens() {
        let tokens = Tokens::of("x.rs", "/// a::b\nfn f() { \"a::b\"; a::b } // a::b");
        assert_eq!(tokens.find("a :: b").len(), 1);
    }

    #[test]
    fn brackets_find_their_partners() {
        let tokens = Tokens::of("x.rs", "fn f(a: [u8; 1]) {\n g({})\n}");
        let open = tokens.next_beside(0, &["{"]).expect("there is a body");
        assert_eq!(
            (tokens.0[open].line, tokens.0[tokens.close_of(open)].line),
            (1, 3)
        );
    }

    #[test]
    fn code_for_tests_is_told_from_the_rest() {
        let tokens = Tokens::of(
            "x.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}",
        );
        let in_tests = |name: &str| tokens.0[tokens.find(name)[0]].in_tests;
        assert_eq!(
            (in_tests("a"), in_tests("b"), in_tests("c")),
            (false, true, false)
        );
    }

    #[test]
    fn imports_are_those_of_std() {
        let tokens = Tokens::of(
            "x.rs",
            "use std::{fmt, time::Instant};\nuse other::Duration;",
        );
        let imports = tokens.imports_from_std();
        assert!(imports.contains(&"Instant") && !imports.contains(&"Duration"));
    }
}
