//! An `async fn`, taken apart into the pieces that the attributes need.
//!
//! It reads the outline of the item and knows nothing of what is in its types or its body, so that
//! those keep their tokens and the compiler's messages point into them. `expand` calls it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::arguments::Mistake;

/// The pieces of an `async fn`, in the order of the source.
#[derive(Debug)]
pub(crate) struct Function {
    /// Outer attributes, each `#[..]`.
    pub(crate) attributes: Vec<Attribute>,
    /// `pub`, `pub(crate)` or nothing.
    pub(crate) visibility: TokenStream,
    pub(crate) name: Ident,
    /// `<..>` or nothing.
    pub(crate) generics: TokenStream,
    /// The parameters with their parentheses.
    pub(crate) parameters: Group,
    /// `-> Type` or nothing.
    pub(crate) output: TokenStream,
    /// `where ..` or nothing.
    pub(crate) bounds: TokenStream,
    /// The body with its braces.
    pub(crate) body: Group,
}

/// One outer attribute.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// The first word of its path.
    pub(crate) name: String,
    /// All of it.
    pub(crate) tokens: TokenStream,
}

impl Function {
    pub(crate) fn parse(item: TokenStream) -> Result<Self, Mistake> {
        let mut tokens: Vec<TokenTree> = item.into_iter().collect();
        let body = match tokens.pop() {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
            Some(other) => return Err(Mistake::new(other.span(), NO_FUNCTION)),
            None => return Err(Mistake::new(Span::call_site(), NO_FUNCTION)),
        };
        let mut rest = tokens.into_iter().peekable();
        let attributes = attributes(&mut rest);
        let visibility = qualifiers(&mut rest, body.span())?;
        let name = match rest.next() {
            Some(TokenTree::Ident(name)) => name,
            _ => return Err(Mistake::new(body.span(), NO_FUNCTION)),
        };
        let (generics, parameters) = signature(&mut rest, &name)?;
        let is_where =
            |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "where");
        let mut output = Vec::new();
        while let Some(token) = rest.next_if(|token| !is_where(token)) {
            output.push(token);
        }
        Ok(Self {
            attributes,
            visibility,
            name,
            generics,
            parameters,
            output: output.into_iter().collect(),
            bounds: rest.collect(),
            body,
        })
    }

    /// True if the function takes the runtime, false if it takes nothing.
    pub(crate) fn takes_runtime(&self) -> Result<bool, Mistake> {
        let parameters: Vec<TokenTree> = self.parameters.stream().into_iter().collect();
        let mut depth = Angles::default();
        let comma = parameters.iter().position(|token| {
            depth.pass(token);
            depth.is_outside() && matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',')
        });
        match comma {
            _ if parameters.is_empty() => Ok(false),
            Some(at) if at + 1 < parameters.len() => {
                Err(Mistake::new(parameters[at + 1].span(), TOO_MANY))
            }
            _ => Ok(true),
        }
    }
}

type Rest = std::iter::Peekable<std::vec::IntoIter<TokenTree>>;

/// Takes the attributes off the front.
fn attributes(rest: &mut Rest) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    let is_hash =
        |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == '#');
    while let Some(hash) = rest.next_if(is_hash) {
        let Some(TokenTree::Group(content)) = rest.next() else {
            break;
        };
        let name = match content.stream().into_iter().next() {
            Some(TokenTree::Ident(name)) => name.to_string(),
            _ => String::new(),
        };
        let tokens = [hash, TokenTree::Group(content)].into_iter().collect();
        attributes.push(Attribute { name, tokens });
    }
    attributes
}

/// Takes everything up to and with `fn` off the front; answers the visibility.
fn qualifiers(rest: &mut Rest, end: Span) -> Result<TokenStream, Mistake> {
    let mut visibility = Vec::new();
    let mut is_async = false;
    for token in rest.by_ref() {
        match &token {
            TokenTree::Ident(word) if word == "fn" => {
                return match is_async {
                    true => Ok(visibility.into_iter().collect()),
                    false => Err(Mistake::new(word.span(), NOT_ASYNC)),
                };
            }
            TokenTree::Ident(word) if word == "async" => is_async = true,
            TokenTree::Ident(word) if word == "pub" => visibility.push(token),
            TokenTree::Group(_) if !visibility.is_empty() => visibility.push(token),
            other => return Err(Mistake::new(other.span(), NO_FUNCTION)),
        }
    }
    Err(Mistake::new(end, NO_FUNCTION))
}

/// Takes the generics and the parameters off the front.
fn signature(rest: &mut Rest, name: &Ident) -> Result<(TokenStream, Group), Mistake> {
    let mut generics = Vec::new();
    let mut depth = Angles::default();
    for token in rest.by_ref() {
        match token {
            TokenTree::Group(parameters)
                if depth.is_outside() && parameters.delimiter() == Delimiter::Parenthesis =>
            {
                return Ok((generics.into_iter().collect(), parameters));
            }
            token => {
                depth.pass(&token);
                generics.push(token);
            }
        }
    }
    Err(Mistake::new(name.span(), NO_FUNCTION))
}

/// How deep in `<..>` a walk over tokens is; the `>` of `->` closes nothing.
#[derive(Debug, Default)]
struct Angles {
    depth: usize,
    after_minus: bool,
}

impl Angles {
    fn pass(&mut self, token: &TokenTree) {
        let sign = match token {
            TokenTree::Punct(sign) => sign.as_char(),
            _ => ' ',
        };
        match sign {
            '<' => self.depth += 1,
            '>' if !self.after_minus => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.after_minus = sign == '-';
    }

    fn is_outside(&self) -> bool {
        self.depth == 0
    }
}

const NO_FUNCTION: &str = "this attribute belongs on a plain `async fn`";
const NOT_ASYNC: &str = "the function must be async: write `async fn`";
const TOO_MANY: &str = "the function takes nothing, or the runtime alone: `rt: impl Runtime`";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Function, Mistake> {
        Function::parse(text.parse().expect("the test's text is made of tokens"))
    }

    fn mistake(text: &str) -> String {
        parse(text)
            .expect_err("the function is wrong")
            .message()
            .to_owned()
    }

    fn packed(tokens: &impl ToString) -> String {
        tokens.to_string().split_whitespace().collect()
    }

    #[test]
    fn all_pieces_are_found() {
        let text = "#[ignore = \"slow\"] #[doc = \"d\"] pub(crate) async fn \
            name<F: Fn(u8) -> Vec<u8>, R>(rt: R) -> Result<Vec<u8>, E> where R: Runtime { 1 }";
        let function = parse(text).expect("it is an async fn");
        let names: Vec<_> = function
            .attributes
            .iter()
            .map(|a| a.name.as_str())
            .collect();
        assert_eq!(names, ["ignore", "doc"]);
        assert_eq!(function.name, "name");
        assert_eq!(packed(&function.visibility), "pub(crate)");
        assert_eq!(packed(&function.generics), "<F:Fn(u8)->Vec<u8>,R>");
        assert_eq!(packed(&function.parameters), "(rt:R)");
        assert_eq!(packed(&function.output), "->Result<Vec<u8>,E>");
        assert_eq!(packed(&function.bounds), "whereR:Runtime");
        assert_eq!(packed(&function.body), "{1}");
    }

    #[test]
    fn parameters_are_none_or_the_runtime() {
        let takes = |text| parse(text).expect("it is an async fn").takes_runtime();
        assert!(!takes("async fn f() {}").expect("no parameter is right"));
        assert!(takes("async fn f(rt: impl Runtime) {}").expect("one is right"));
        assert!(takes("async fn f(rt: impl Has<A, B>,) {}").expect("one is right"));
        let two = takes("async fn f(a: A, b: B) {}").expect_err("two are wrong");
        assert_eq!(two.message(), TOO_MANY);
    }

    #[test]
    fn what_is_no_async_fn_is_refused() {
        assert_eq!(mistake("fn f() {}"), NOT_ASYNC);
        assert_eq!(mistake("struct S { a: u8 }"), NO_FUNCTION);
        assert_eq!(mistake("async fn f();"), NO_FUNCTION);
        assert_eq!(mistake("async unsafe fn f() {}"), NO_FUNCTION);
        assert_eq!(mistake("mod m {}"), NO_FUNCTION);
        assert_eq!(mistake(""), NO_FUNCTION);
    }
}
