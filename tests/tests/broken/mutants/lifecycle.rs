//! Mutants of a runtime's life: L043 to L055.

use std::future::Future;
use std::pin::Pin;

use anyrt_api::{AnyRuntime, current};

use crate::backend::Owner;
use crate::mutant::Mutant;

mutants! {
    Nests: l047_nested_block_on_panics => Broken;
}

/// `block_on` may stand inside `block_on`.
#[derive(Default)]
struct Nests;

impl Mutant for Nests {
    fn block_on(&self, owner: &Owner, future: Pin<&mut dyn Future<Output = ()>>) {
        match current::is_driving() {
            true => futures_lite::future::block_on(future),
            false => owner.drive(future, &AnyRuntime::new(owner.rt.clone())),
        }
    }
}
