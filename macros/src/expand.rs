//! What the two attributes write.
//!
//! The answer is always the user's function, its tokens untouched, and a call of a `macro_rules`
//! of the facade. It knows nothing of backends and features. `lib.rs` calls it.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::arguments::{Arguments, Mistake};
use crate::function::Function;

/// `#[anyrt::main(..)]`.
pub(crate) fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    or_error(item.clone(), || {
        let arguments = Arguments::parse(arguments)?;
        let function = Function::parse(item)?;
        if let Some(second) = arguments.backends.get(1) {
            return Err(Mistake::new(second.span(), ONE_BACKEND));
        }
        let call = call(&function, quote! {})?;
        let facade = Facade::find(arguments.krate);
        let bound = facade.call("__main", &arguments.backends, &arguments.options, call);
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
        Ok(quote! {
            #(#attributes)*
            #visibility fn #name() #output {
                async fn #name #generics #parameters #output #bounds #body
                #bound
            }
        })
    })
}

/// `#[anyrt::test]`, `#[anyrt::test(..)]`.
pub(crate) fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    or_error(item.clone(), || {
        let arguments = Arguments::parse(arguments)?;
        let function = Function::parse(item)?;
        let call = call(&function, quote! { super:: })?;
        let (of_cases, of_function): (Vec<_>, Vec<_>) = function
            .attributes
            .iter()
            .partition(|attribute| OF_CASES.contains(&attribute.name.as_str()));
        let of_cases = of_cases.iter().map(|attribute| &attribute.tokens);
        let of_function = of_function.iter().map(|attribute| &attribute.tokens);
        let facade = Facade::find(arguments.krate);
        let call = quote! { [#(#of_cases)*] #call };
        let cases = facade.call("__cases", &arguments.backends, &arguments.options, call);
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
    })
}

/// The expansion; or the mistake's message beside the item as it was, so that a `main` that is
/// merely misdeclared is not reported as missing too.
fn or_error(
    item: TokenStream,
    expand: impl FnOnce() -> Result<TokenStream, Mistake>,
) -> TokenStream {
    expand().unwrap_or_else(|mistake| {
        let error = mistake.to_compile_error();
        quote! { #error #item }
    })
}

/// A closure from the runtime's handle to the function's future.
fn call(function: &Function, path: TokenStream) -> Result<TokenStream, Mistake> {
    let name = &function.name;
    Ok(match function.takes_runtime()? {
        true => quote! { |rt| #path #name(rt) },
        false => quote! { |_| #path #name() },
    })
}

/// Where the facade is, seen from the crate that is being compiled.
struct Facade {
    path: TokenStream,
    /// The dependency's name, for messages.
    name: String,
}

impl Facade {
    fn find(given: Option<TokenStream>) -> Self {
        if let Some(path) = given {
            return Self {
                path,
                name: FACADE.to_owned(),
            };
        }
        // Where there is no manifest to ask, the facade has its own name.
        let name = match crate_name(FACADE) {
            Ok(FoundCrate::Name(name)) => name,
            Ok(FoundCrate::Itself) | Err(_) => FACADE.to_owned(),
        };
        let ident = Ident::new(&name, Span::call_site());
        Self {
            path: quote! { ::#ident },
            name,
        }
    }

    /// The call of one of the facade's macros; what it reports is reported at the backend's name,
    /// or at the attribute if none is named.
    fn call(
        &self,
        name: &str,
        backends: &[Ident],
        options: &[(Ident, TokenStream)],
        rest: TokenStream,
    ) -> TokenStream {
        let at = match backends {
            [backend] => Span::call_site().located_at(backend.span()),
            _ => Span::call_site(),
        };
        let (path, krate, name) = (&self.path, &self.name, format_ident!("{name}"));
        let options = options
            .iter()
            .map(|(option, value)| quote! { #option = (#value) });
        quote_spanned! { at => #path::#name! { #krate [#(#backends)*] [#(#options)*] #rest } }
    }
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
        let wanted = "#[x] fn main() -> T { async fn main() -> T { 1 } \
            a::b::__main! { \"anyrt\" [native] [workers = (4)] |_| main() } }";
        assert_eq!(packed(&text), packed(wanted));
    }

    #[test]
    fn test_gives_ignore_to_the_cases() {
        let item = "#[ignore] #[doc = \"d\"] async fn t(rt: impl Runtime) {}";
        let text = expanded(test, "crate = a", item);
        let wanted = "#[cfg(test)] #[doc = \"d\"] async fn t(rt: impl Runtime) {} \
            #[cfg(test)] mod t { #[allow(unused_imports)] use super::*; \
            a::__cases! { \"anyrt\" [] [] [#[ignore]] |rt| super::t(rt) } }";
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
        assert!(expanded(main, "native, tokio", "async fn main() {}").contains("one backend"));
    }
}
