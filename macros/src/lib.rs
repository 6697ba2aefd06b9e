//! The attributes of anyrt: `#[anyrt::main(..)]` and `#[anyrt::test]`.
//!
//! They rewrite a function's tokens and know no backend: which backends exist, which of them are
//! compiled in, and what stands in a message about it, is said by `macro_rules` of the facade
//! (`anyrt::bind`), where the facade's features can be seen. Applications reach both attributes
//! through the facade, which re-exports them.
//!
//! ```text
//! #[anyrt::main(native)]           fn main() {
//! async fn main() { .. }       ->      async fn main() { .. }
//!                                      anyrt::__main! { .. }
//!                                  }
//!
//! #[anyrt::test(native, tokio)]    async fn name() { .. }
//! async fn name() { .. }       ->  mod name {
//!                                      #[test] fn native() { .. }
//!                                      #[test] fn tokio() { .. }
//!                                  }
//! ```
#![forbid(unsafe_code)]

mod arguments;
mod expand;
mod function;

use proc_macro::TokenStream;

/// Runs an `async fn` as the program's `main`, on the backend that is named.
///
/// ```text
/// #[anyrt::main(native)]
/// async fn main() -> std::io::Result<()> {
///     anyrt::fs::write("hello.txt", "hello").await
/// }
/// ```
///
/// The function takes nothing, and works on the current runtime; or it takes the runtime's handle,
/// `rt: impl Runtime`. It returns whatever a `main` may return.
///
/// The runtime starts before the function and begins to shut down after it. Tasks that are still
/// running then are not waited for: keep their handles, or a `TaskGroup`.
///
/// # Arguments
///
/// - the backend: `native`, `tokio` or `smol`. It is never guessed: without it, or with one whose
///   feature is off, the program does not compile and the error says what to write.
/// - any option of that backend's `Builder`, as `workers = 4`.
/// - `crate = path` where the facade is not a direct dependency; a renamed dependency is found
///   without it.
///
/// # Panics
///
/// The program panics, naming the backend, if its runtime cannot start.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::main(arguments.into(), item.into()).into()
}

/// Runs an `async fn` as a test, once on each backend.
///
/// ```text
/// #[anyrt::test]                       // each backend that is compiled in
/// async fn echoes() { .. }
///
/// #[anyrt::test(native, tokio)]        // each backend that is named
/// async fn echoes_in(rt: impl Runtime) -> std::io::Result<()> { .. }
/// ```
///
/// The cases are called `echoes::native`, `echoes::tokio`; each has a runtime of its own. The
/// function takes nothing, and works on the current runtime, or takes the handle, `rt: impl
/// Runtime`. It returns whatever a `#[test]` may return. `#[ignore]` and `#[should_panic]` hold
/// for every case.
///
/// # Arguments
///
/// - backends: `native`, `tokio`, `smol`; none stands for all that are compiled in. If that is
///   none at all, the test does not compile: a test without a case cannot fail.
/// - any option of the backends' `Builder`s, as `workers = 1`.
/// - `crate = path`, an absolute path, where the facade is not a direct dependency.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::test(arguments.into(), item.into()).into()
}
