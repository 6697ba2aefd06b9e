//! The handle: [`Smol`]. What it can do stands in `runtime.rs`.

use std::fmt;
use std::sync::Arc;

use anyrt_api::AnyRuntime;

use crate::home::Home;

/// A handle to a smol runtime: cheap to clone, cannot block.
///
/// It comes from an owner ([`Runtime::handle`](crate::Runtime::handle)). It keeps memory alive, no
/// thread.
///
/// Anybody may poll what it makes: another executor, another runtime, a bare waker.
pub struct Smol {
    pub(crate) home: Arc<Home>,
    /// `None` in the handle that stands in the erased form itself, which would else own itself.
    any: Option<AnyRuntime>,
}

impl Smol {
    pub(crate) fn new(home: Arc<Home>) -> Self {
        let any = Some(home.any());
        Smol { home, any }
    }

    /// The handle inside the erased form.
    pub(crate) fn inner(home: Arc<Home>) -> Self {
        Smol { home, any: None }
    }

    /// The erased form of this runtime.
    #[inline]
    pub(crate) fn any(&self) -> AnyRuntime {
        match &self.any {
            Some(any) => any.clone(),
            None => self.home.any(),
        }
    }
}

impl Clone for Smol {
    // Inlined, it lets the compiler see that nobody else has the future which a handle is cloned
    // into, and build that in its place.
    #[inline]
    fn clone(&self) -> Self {
        Smol {
            home: Arc::clone(&self.home),
            any: Some(self.any()),
        }
    }
}

impl From<Smol> for AnyRuntime {
    /// No allocation: all handles of a runtime share one erased form.
    fn from(rt: Smol) -> Self {
        rt.any()
    }
}

impl fmt::Debug for Smol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smol").field(&self.home).finish()
    }
}
