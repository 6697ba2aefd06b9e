//! Which optional traits a backend has: [`Capabilities`], and how an erased runtime reaches them.

use std::fmt;

use super::Erasing;
use super::fs::ErasedFs;
use super::net::ErasedNet;
use super::os::ErasedOs;
#[cfg(unix)]
use super::os_unix::ErasedOsUnix;
use super::placed::SpawnPlaced;
#[cfg(unix)]
use super::unix::ErasedUnixNet;
#[cfg(unix)]
use crate::AsyncUnixNet;
use crate::os::OsHandles;
#[cfg(unix)]
use crate::os::OsUnixHandles;
use crate::{AsyncFs, AsyncNet, Core};

/// Which optional traits a backend has. [`Core::capabilities`] fills it in, one call a trait:
///
/// ```
/// # use anyrt_api::any::Capabilities;
/// # use anyrt_api::{AsyncFs, AsyncNet, Core};
/// # trait Backend: Core + AsyncNet + AsyncFs {
/// fn capabilities(c: &mut Capabilities<Self>) {
///     c.net().fs();
/// }
/// # }
/// ```
pub struct Capabilities<R> {
    net: Option<for<'a> fn(&'a R) -> &'a dyn ErasedNet>,
    fs: Option<for<'a> fn(&'a R) -> &'a dyn ErasedFs>,
    os: Option<for<'a> fn(&'a R) -> &'a dyn ErasedOs>,
    placed: Option<for<'a> fn(&'a R) -> &'a dyn SpawnPlaced>,
    #[cfg(unix)]
    unix_net: Option<for<'a> fn(&'a R) -> &'a dyn ErasedUnixNet>,
    #[cfg(unix)]
    os_unix: Option<for<'a> fn(&'a R) -> &'a dyn ErasedOsUnix>,
}

impl<R: Core> Capabilities<R> {
    pub(super) fn of() -> Self {
        let mut capabilities = Capabilities {
            net: None,
            fs: None,
            os: None,
            placed: None,
            #[cfg(unix)]
            unix_net: None,
            #[cfg(unix)]
            os_unix: None,
        };
        R::capabilities(&mut capabilities);
        capabilities
    }

    /// It has internet sockets.
    pub fn net(&mut self) -> &mut Self
    where
        R: AsyncNet,
    {
        self.net = Some(|rt| rt);
        self
    }

    /// It has files.
    pub fn fs(&mut self) -> &mut Self
    where
        R: AsyncFs,
    {
        self.fs = Some(|rt| rt);
        self
    }

    /// Its sockets and files are the operating system's.
    pub fn os_handles(&mut self) -> &mut Self
    where
        R: OsHandles,
    {
        self.os = Some(|rt| rt);
        self
    }

    /// It starts erased tasks in memory of its own.
    pub fn placed(&mut self) -> &mut Self
    where
        R: SpawnPlaced,
    {
        self.placed = Some(|rt| rt);
        self
    }

    /// It has Unix sockets.
    #[cfg(unix)]
    pub fn unix_net(&mut self) -> &mut Self
    where
        R: AsyncUnixNet,
    {
        self.unix_net = Some(|rt| rt);
        self
    }

    /// Its Unix sockets are the operating system's.
    #[cfg(unix)]
    pub fn os_unix_handles(&mut self) -> &mut Self
    where
        R: OsUnixHandles,
    {
        self.os_unix = Some(|rt| rt);
        self
    }
}

impl<R> fmt::Debug for Capabilities<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Capabilities");
        out.field("net", &self.net.is_some());
        out.field("fs", &self.fs.is_some());
        out.field("os_handles", &self.os.is_some());
        out.field("placed", &self.placed.is_some());
        out.finish_non_exhaustive()
    }
}

/// The optional parts of an erased backend; `None` for what it has not.
pub(super) trait Reach: Send + Sync {
    fn net(&self) -> Option<&dyn ErasedNet>;
    fn fs(&self) -> Option<&dyn ErasedFs>;
    fn os(&self) -> Option<&dyn ErasedOs>;
    fn placed(&self) -> Option<&dyn SpawnPlaced>;
    #[cfg(unix)]
    fn unix_net(&self) -> Option<&dyn ErasedUnixNet>;
    #[cfg(unix)]
    fn os_unix(&self) -> Option<&dyn ErasedOsUnix>;
}

impl<R: Core> Reach for Erasing<R> {
    fn net(&self) -> Option<&dyn ErasedNet> {
        self.reach.net.map(|reach| reach(&self.rt))
    }

    fn fs(&self) -> Option<&dyn ErasedFs> {
        self.reach.fs.map(|reach| reach(&self.rt))
    }

    fn os(&self) -> Option<&dyn ErasedOs> {
        self.reach.os.map(|reach| reach(&self.rt))
    }

    fn placed(&self) -> Option<&dyn SpawnPlaced> {
        self.reach.placed.map(|reach| reach(&self.rt))
    }

    #[cfg(unix)]
    fn unix_net(&self) -> Option<&dyn ErasedUnixNet> {
        self.reach.unix_net.map(|reach| reach(&self.rt))
    }

    #[cfg(unix)]
    fn os_unix(&self) -> Option<&dyn ErasedOsUnix> {
        self.reach.os_unix.map(|reach| reach(&self.rt))
    }
}
