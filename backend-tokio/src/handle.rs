//! The handle: [`Tokio`]. What it can do stands in `runtime.rs`; how it is had from a tokio runtime
//! that is there already, in `lent.rs`.

use std::fmt;
use std::sync::Arc;

use anyrt_api::AnyRuntime;

use crate::home::Home;

/// A handle to a tokio runtime: cheap to clone, cannot block.
///
/// It comes from an owner ([`Runtime::handle`](crate::Runtime::handle)), from the tokio runtime
/// that surrounds the caller ([`Tokio::current`]), or from a tokio handle
/// ([`Tokio::try_from_handle`]). It keeps memory alive, no thread.
///
/// Anybody may poll what it makes: another executor, another runtime, a bare waker.
pub struct Tokio {
    pub(crate) home: Arc<Home>,
    /// `None` in the handle that stands in the erased form itself, which would else own itself.
    any: Option<AnyRuntime>,
}

impl Tokio {
    pub(crate) fn new(home: Arc<Home>) -> Self {
        let any = Some(home.any());
        Tokio { home, any }
    }

    /// The handle inside the erased form.
    pub(crate) fn inner(home: Arc<Home>) -> Self {
        Tokio { home, any: None }
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

impl Clone for Tokio {
    // Inlined, it lets the compiler see that nobody else has the future which a handle is cloned
    // into, and build that in its place.
    #[inline]
    fn clone(&self) -> Self {
        Tokio {
            home: Arc::clone(&self.home),
            any: Some(self.any()),
        }
    }
}

impl From<Tokio> for AnyRuntime {
    /// No allocation: all handles of a runtime share one erased form.
    fn from(rt: Tokio) -> Self {
        rt.any()
    }
}

impl fmt::Debug for Tokio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokio")
            .field("id", &self.home.handle.id())
            .field("flavor", &self.home.handle.runtime_flavor())
            .finish()
    }
}
