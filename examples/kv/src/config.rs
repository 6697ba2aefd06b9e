//! What a store may be told when it starts.
//!
//! It knows nothing of how the settings are honoured. The binary fills it from its command line.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// When a write counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fsync {
    /// Before it is acknowledged: not even a power cut loses an acknowledged write.
    Always,
    /// The log is synced once a second: a power cut loses at most the last one or two seconds.
    #[default]
    EverySec,
    /// When the operating system likes. The death of the process alone loses nothing acknowledged.
    No,
}

impl Fsync {
    /// The name under which Redis knows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::EverySec => "everysec",
            Self::No => "no",
        }
    }
}

/// Address, directory and limits of a store.
///
/// ```
/// let mut config = kv::Config::new("/var/lib/kv");
/// config.fsync = kv::Fsync::Always;
/// assert!(config.addr.ip().is_loopback());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen: 127.0.0.1:6379. Nobody is asked for a password: whoever reaches it owns it.
    pub addr: SocketAddr,
    /// The directory of the append-only file; it is made if its parent is there.
    pub dir: PathBuf,
    /// When a write counts as kept.
    pub fsync: Fsync,
    /// Clients at one time; one more is told so and closed.
    pub clients_max: usize,
    /// A client that neither sends nor takes anything for so long is closed; `None`: never.
    pub idle_timeout: Option<Duration>,
    /// Bytes of one request, and of one value. At most half of [`Config::output_max_bytes`].
    pub request_max_bytes: usize,
    /// Arguments of one request.
    pub arguments_max: usize,
    /// Bytes of replies that wait for one client; a reply that does not fit closes it.
    pub output_max_bytes: usize,
    /// How long a shutdown waits for clients that are being answered.
    pub shutdown_grace: Duration,
}

impl Config {
    /// The defaults, for a store in `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 6379)),
            dir: dir.into(),
            fsync: Fsync::default(),
            clients_max: 1000,
            idle_timeout: Some(Duration::from_secs(300)),
            request_max_bytes: 16 * MIB,
            arguments_max: 1024 * 1024,
            output_max_bytes: 32 * MIB,
            shutdown_grace: Duration::from_secs(5),
        }
    }

    /// Refuses settings under which a store could not answer.
    ///
    /// # Errors
    /// `InvalidInput`, with the setting.
    pub(crate) fn check(&self) -> io::Result<()> {
        let complaint = if self.clients_max == 0 {
            "the number of clients must be at least 1"
        } else if self.arguments_max == 0 {
            "the number of arguments must be at least 1"
        } else if self.request_max_bytes < 1024 {
            "the size of a request must be at least 1024 bytes"
        } else if self.request_max_bytes > REQUEST_LIMIT_BYTES {
            "the size of a request must be at most 512 MiB"
        } else if self.request_max_bytes > self.output_max_bytes / 2 {
            "the size of a request must be at most half of the output limit"
        } else {
            return Ok(());
        };
        Err(io::Error::new(io::ErrorKind::InvalidInput, complaint))
    }
}

/// The largest request that can be asked for; the log never holds a larger one.
pub(crate) const REQUEST_LIMIT_BYTES: usize = 512 * MIB;

const MIB: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_good_and_nonsense_is_refused() {
        let good = Config::new("somewhere");
        assert!(good.check().is_ok());
        let nonsense: [fn(&mut Config); 5] = [
            |config| config.clients_max = 0,
            |config| config.arguments_max = 0,
            |config| config.request_max_bytes = 100,
            |config| config.output_max_bytes = config.request_max_bytes,
            |config| (config.request_max_bytes, config.output_max_bytes) = (1 << 30, 1 << 32),
        ];
        for spoil in nonsense {
            let mut config = good.clone();
            spoil(&mut config);
            let error = config.check().expect_err("it is nonsense");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }
}
