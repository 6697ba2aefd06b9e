//! Names to addresses: [`Lookups`]. Knows nothing of sockets; every backend over an operating
//! system answers `AsyncNet::lookup_host` with it.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use anyrt_api::Core;
use async_lock::Semaphore;

use crate::gone;
use crate::lock::Lock;

/// Lookups that one runtime makes at the same time, however many blocking calls its pool admits.
const LOOKUPS_MAX: usize = 32;

/// The name lookups of one runtime: [`std::net::ToSocketAddrs`] on its blocking pool.
///
/// `L140` They are capped, so that a resolver that hangs cannot take the pool from the files.
/// Cheap to clone.
#[derive(Clone)]
pub struct Lookups {
    free: Arc<Semaphore>,
}

impl Lookups {
    /// None is under way, and the pool is a large one: at most 32 at a time.
    #[must_use]
    pub fn new() -> Self {
        Lookups::within(usize::MAX)
    }

    /// None is under way, and the pool has so many threads: at most 32 at a time, and at most half
    /// of the threads. A pool of one thread is one lookup's as it is any call's.
    #[must_use]
    pub fn within(n_threads: usize) -> Self {
        let most = (n_threads / 2).clamp(1, LOOKUPS_MAX);
        Lookups {
            free: Arc::new(Semaphore::new(most)),
        }
    }

    /// Resolves a name, as the system does it and in its order.
    ///
    /// Dropping the future returns at once (`L139`); the lookup that is under way keeps its place
    /// under the cap until the system answers it.
    ///
    /// # Errors
    ///
    /// Those of [`std::net::ToSocketAddrs`]; or that the runtime is gone.
    pub async fn lookup<R: Core>(
        &self,
        rt: &R,
        host: &str,
        port: u16,
    ) -> io::Result<Vec<SocketAddr>> {
        // Shared: tokio keeps a closure for which it has no thread, and would keep its place.
        let place = Arc::new(Lock::new(Some(self.free.acquire_arc().await)));
        let (host, held) = (host.to_owned(), Arc::clone(&place));
        let call = rt.spawn_blocking(move || {
            let found = (host.as_str(), port).to_socket_addrs();
            let place = held.lock().take();
            drop(place);
            found.map(Iterator::collect)
        });
        let joined = call.await;
        if joined.is_err() {
            let place = place.lock().take();
            drop(place);
        }
        gone::joined(R::NAME, joined)?
    }
}

impl Default for Lookups {
    fn default() -> Self {
        Lookups::new()
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookups")
    }
}
