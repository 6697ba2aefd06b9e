//! The same backend behind `AnyRuntime`: [`Erased`]. It obeys the same laws.

use std::fmt;
use std::io;
use std::marker::PhantomData;

use anyrt_api::any::AnyOwner;

use crate::{Backend, Capability, Deviation, Setup};

/// A backend whose handle is [`AnyRuntime`](anyrt_api::AnyRuntime) over `B`'s.
///
/// Its laws, capabilities and deviations are `B`'s: `anyrt_laws::main::<Erased<Direct>>()`.
pub struct Erased<B>(PhantomData<fn() -> B>);

impl<B> fmt::Debug for Erased<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Erased")
    }
}

impl<B: Backend> Backend for Erased<B> {
    type Owner = AnyOwner;
    const NAME: &'static str = B::NAME;
    const DEVIATIONS: &'static [Deviation] = B::DEVIATIONS;
    const CAPABILITIES: &'static [Capability] = B::CAPABILITIES;

    fn title() -> String {
        format!("{}, erased", B::title())
    }

    fn start(setup: &Setup) -> io::Result<AnyOwner> {
        B::start(setup).map(AnyOwner::new)
    }
}
