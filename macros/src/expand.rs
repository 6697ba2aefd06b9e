//! What the two attributes write.
//!
//! The answer is always the user's function, its tokens untouched, and a call of a `macro_rules`
//! of the facade. It knows nothing of backends and features. `lib.rs` calls it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::arguments::{Arguments, Mistake};
use crate::function::Function;

/// `#[anyrt::main(..)]`.
pub(crate) fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match Function::parse(item.clone()) {
        Ok(function) => function,
        Err(mistake) => return beside(mistake, item),
    };
    // What is wrong from here on stands where the call would, so that a `main` is there and
    // nothing is reported twice.
    let bound = main_call(&function, arguments).unwrap_or_else(|m| m.to_compile_error());
    let Function {
        visibility,
        name,
        generics,
        parameters,
        output,
        bounds,
        body,
        ..
    } = &function;
    let attributes = function
        .attributes
        .iter()
        .map(|attribute| &attribute.tokens);
    quote! {
        #(#attributes)*
        #visibility fn #name() #output {
            #[allow(dead_code)]
            async fn #name #generics #parameters #output #bounds #body
            #bound
        }
    }
}

fn main_call(function: &Function, arguments: TokenStream) -> Result<TokenStream, Mistake> {
    let arguments = Arguments::parse(arguments)?;
    if let Some(second) = arguments.backends.get(1) {
        return Err(Mistake::new(second.span(), ONE_BACKEND));
    }
    let call = call(function, quote! {})?;
    Ok(facade_call("__main", arguments, call))
}

/// `#[anyrt::test]`, `#[anyrt::test(..)]`.
pub(crate) fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test_cases(arguments, item.clone()).unwrap_or_else(|mistake| beside(mistake, item))
}

fn test_cases(arguments: TokenStream, item: TokenStream) -> Result<TokenStream, Mistake> {
    let arguments = Arguments::parse(arguments)?;
    let function = Function::parse(item)?;
    let call = call(&function, quote! { super:: })?;
    let (of_cases, of_function): (Vec<_>, Vec<_>) = function
        .attributes
        .iter()
        .partition(|attribute| OF_CASES.contains(&attribute.name.as_str()));
    let of_cases = of_cases.iter().map(|attribute| &attribute.tokens);
    let of_function = of_function.iter().map(|attribute| &attribute.tokens);
    // libtest wants to see the unit type where a panic is expected; any other is inferred.
    let returns = match function.output.is_empty() {
        true => quote! {},
        false => quote! { -> impl ::std::process::Termination },
    };
    let rest = quote! { [#(#of_cases)*] [#returns] #call };
    let cases = facade_call("__cases", arguments, rest);
    let Function {
        visibility,
        name,
        generics,
        parameters,
        output,
        bounds,
        body,
        ..
    } = &function;
    Ok(quote! {
        #[cfg(test)]
        #(#of_function)*
        #visibility async fn #name #generics #parameters #output #bounds #body

        #[cfg(test)]
        mod #name {
            #[allow(unused_imports)]
            use super::*;
            #cases
        }
    })
}

/// The mistake's message beside the item as it was.
fn beside(mistake: Mistake, item: TokenStream) -> TokenStream {
    let error = mistake.to_compile_error();
    quote! { #error #item }
}

/// A closure from the runtime's handle to the function's future.
fn call(function: &Function, path: TokenStream) -> Result<TokenStream, Mistake> {
    let name = &function.name;
    Ok(match function.takes_runtime()? {
        true => quote! { |rt| #path #name(rt) },
        false => quote! { |_| #path #name() },
    })
}

/// The call of one of the facade's macros: the dependency's name for messages, the backends, the
/// options, and `rest`.
///
/// Each backend comes with what to say if its feature is off; so it is said at the backend's name.
fn facade_call(name: &str, arguments: Arguments, rest: TokenStream) -> TokenStream {
    let (path, dependency) = facade(arguments.krate);
    let backends = arguments.backends.iter().map(|backend| {
        let off = Mistake::new(
            backend.span(),
            format!(
                "the backend `{backend}` is not compiled in: add `features = [\"{backend}\"]` \
                 to the dependency `{dependency}` in Cargo.toml"
            ),
        );
        let off = off.to_compile_error();
        quote! { #backend { #off } }
    });
    let options = arguments
        .options
        .iter()
        .map(|(option, value)| quote! { #option = (#value) });
    let name = format_ident!("{name}");
    quote! { #path::#name! { #dependency [#(#backends)*] [#(#options)*] #rest } }
}

/// Where the facade is, seen from the crate that is being compiled: its path, and its name there.
fn facade(given: Option<TokenStream>) -> (TokenStream, String) {
    if let Some(path) = given {
        return (path, FACADE.to_owned());
    }
    // Where there is no manifest to ask, the facade has its own name.
    let name = match crate_name(FACADE) {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => FACADE.to_owned(),
    };
    let ident = Ident::new(&name, Span::call_site());
    (quote! { ::#ident }, name)
}

/// The attributes that belong to the test cases, not to the function that they call.
const OF_CASES: [&str; 2] = ["ignore", "should_panic"];
const FACADE: &str = "anyrt";
const ONE_BACKEND: &str = "a program runs on one backend: \
    name one, or start each runtime by its `Builder` in a plain `fn main`";

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        text.parse().expect("the test's text is made of tokens")
    }

    fn expanded(
        expand: fn(TokenStream, TokenStream) -> TokenStream,
        args: &str,
        item: &str,
    ) -> String {
        expand(tokens(args), tokens(item)).to_string()
    }

    fn packed(text: &str) -> String {
        text.split_whitespace().collect()
    }

    #[test]
    fn main_keeps_the_function_and_names_the_backend() {
        let text = expanded(
            main,
            "native, crate = a::b, workers = 4",
            "#[x] async fn main() -> T { 1 }",
        );
        let start = "#[x] fn main() -> T { #[allow(dead_code)] async fn main() -> T { 1 } \
            a::b::__main! { \"anyrt\" [native {";
        assert!(packed(&text).starts_with(&packed(start)), "{text}");
        assert!(
            packed(&text).ends_with("}][workers=(4)]|_|main()}}"),
            "{text}"
        );
    }

    #[test]
    fn test_gives_ignore_to_the_cases() {
        let item = "#[ignore] #[doc = \"d\"] async fn t(rt: impl Runtime) {}";
        let text = expanded(test, "crate = a", item);
        let wanted = "#[cfg(test)] #[doc = \"d\"] async fn t(rt: impl Runtime) {} \
            #[cfg(test)] mod t { #[allow(unused_imports)] use super::*; \
            a::__cases! { \"anyrt\" [] [] [#[ignore]] [] |rt| super::t(rt) } }";
        assert_eq!(packed(&text), packed(wanted));
    }

    #[test]
    fn a_mistake_leaves_the_item() {
        let text = expanded(main, "native", "fn main() {}");
        assert!(text.contains("compile_error"), "{text}");
        assert!(
            text.ends_with(&tokens("fn main() {}").to_string()),
            "{text}"
        );
    }

    #[test]
    fn two_backends_are_one_too_many_for_main() {
        let text = expanded(main, "native, tokio", "async fn main() {}");
        assert!(
            text.contains("one backend") && text.starts_with("fn main ()"),
            "{text}"
        );
    }
}
