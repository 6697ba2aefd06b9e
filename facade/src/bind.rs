//! What the attributes `main` and `test` call: the one place that sees which backends are there.
//!
//! A new backend is one `cfg` pair and one arm here. It knows nothing of what a backend does, only
//! that it has a `Builder` whose `build` gives a [`BlockOn`]. The attributes call it; nobody else.

use std::future::Future;
use std::io;

use anyrt_api::BlockOn;

/// Runs `body` on a runtime that was just built for it.
#[doc(hidden)]
pub fn run<B, F>(
    backend: &str,
    built: io::Result<B>,
    body: impl FnOnce(B::Runtime) -> F,
) -> F::Output
where
    B: BlockOn,
    F: Future,
{
    let owner = built.unwrap_or_else(|e| panic!("the runtime `{backend}` does not start: {e}"));
    owner.block_on(body(owner.handle()))
}

/// `main`: the name of the dependency, at most one backend with what to say if it is off, options,
/// the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __main {
    ($facade:literal [] $options:tt $body:expr) => {
        $crate::__if_any! {
            {
                ::core::compile_error!(::core::concat!(
                    "the program does not say which backend it runs on: write",
                    $crate::__write! { $facade native },
                    $crate::__write! { $facade tokio },
                    $crate::__write! { $facade smol },
                ))
            }
            { $crate::__none! { $facade "main(native)" } }
        }
    };
    ($facade:literal [$backend:ident $off:tt] $options:tt $body:expr) => {
        $crate::__run! { $backend $off $options $body }
    };
}

/// `test`: the name of the dependency, the backends or none for all, options, attributes, what a
/// case returns, the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __cases {
    ($facade:literal [] $options:tt $attributes:tt $returns:tt $body:expr) => {
        $crate::__if_any! { {} { $crate::__none! { $facade "test" } } }
        $crate::__backend! {
            native { $crate::__case! { native {} $options $attributes $returns $body } } {}
        }
        $crate::__backend! {
            tokio { $crate::__case! { tokio {} $options $attributes $returns $body } } {}
        }
        $crate::__backend! {
            smol { $crate::__case! { smol {} $options $attributes $returns $body } } {}
        }
    };
    ($facade:literal [$($backend:ident $off:tt)+] $options:tt $attributes:tt $returns:tt $body:expr)
    => {
        $($crate::__case! { $backend $off $options $attributes $returns $body })+
    };
}

/// One case of a test.
#[doc(hidden)]
#[macro_export]
macro_rules! __case {
    (
        $backend:ident $off:tt $options:tt [$($attribute:tt)*] [$($returns:tt)*] $body:expr
    ) => {
        #[::core::prelude::v1::test]
        $($attribute)*
        fn $backend() $($returns)* {
            $crate::__run! { $backend $off $options $body }
        }
    };
}

/// Builds the backend and runs the function on it; or says that its feature is off.
#[doc(hidden)]
#[macro_export]
macro_rules! __run {
    ($backend:ident $off:tt [$($option:ident = ($value:expr))*] $body:expr) => {
        $crate::__backend! {
            $backend
            {
                $crate::bind::run(
                    ::core::stringify!($backend),
                    $crate::$backend::Builder::new()$(.$option($value))*.build(),
                    $body,
                )
            }
            $off
        }
    };
}

/// The line that names a backend, if it is compiled in.
#[doc(hidden)]
#[macro_export]
macro_rules! __write {
    ($facade:literal $backend:ident) => {
        $crate::__backend! {
            $backend
            { ::core::concat!("\n    #[", $facade, "::main(", ::core::stringify!($backend), ")]") }
            { "" }
        }
    };
}

/// What is said where a backend is needed and none is compiled in.
#[doc(hidden)]
#[macro_export]
macro_rules! __none {
    ($facade:literal $write:literal) => {
        ::core::compile_error!(::core::concat!(
            "no backend is compiled in: add `features = [\"native\"]` (or `tokio`, or `smol`) ",
            "to the dependency `",
            $facade,
            "` in Cargo.toml, and write `#[",
            $facade,
            "::",
            $write,
            "]`",
        ));
    };
}

/// The first braces if the backend is compiled in, else the second.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend {
    (native $yes:tt $no:tt) => {
        $crate::__native! { $yes $no }
    };
    (tokio $yes:tt $no:tt) => {
        $crate::__tokio! { $yes $no }
    };
    (smol $yes:tt $no:tt) => {
        $crate::__smol! { $yes $no }
    };
    ($other:ident $yes:tt $no:tt) => {
        ::core::compile_error!(::core::concat!(
            "there is no backend `",
            ::core::stringify!($other),
            "`: ",
            "the backends are `native`, `tokio` and `smol`",
        ))
    };
}

/// Whether `native` is compiled in.
#[cfg(feature = "native")]
#[doc(hidden)]
#[macro_export]
macro_rules! __native {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($yes)* };
}

/// Whether `native` is compiled in.
#[cfg(not(feature = "native"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __native {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($no)* };
}

/// Whether `tokio` is compiled in.
#[cfg(feature = "tokio")]
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($yes)* };
}

/// Whether `tokio` is compiled in.
#[cfg(not(feature = "tokio"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __tokio {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($no)* };
}

/// Whether `smol` is compiled in.
#[cfg(feature = "smol")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smol {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($yes)* };
}

/// Whether `smol` is compiled in.
#[cfg(not(feature = "smol"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __smol {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($no)* };
}

/// Whether any backend is compiled in.
#[cfg(any(feature = "native", feature = "tokio", feature = "smol"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_any {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($yes)* };
}

/// Whether any backend is compiled in.
#[cfg(not(any(feature = "native", feature = "tokio", feature = "smol")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_any {
    ({ $($yes:tt)* } { $($no:tt)* }) => { $($no)* };
}
