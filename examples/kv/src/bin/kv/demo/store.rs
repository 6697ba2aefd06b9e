//! A store as a child process.
//!
//! It knows the command line of `kv serve` and its first line of output. The acts of the demo own
//! one.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use redis::{Client, Connection};

use crate::choice::Choice;

/// A running store; dropping it kills it.
#[derive(Debug)]
pub(super) struct Store {
    child: Child,
    client: Client,
}

impl Store {
    /// Starts a store in `dir` on a free port, and waits until it listens. Blocks.
    pub(super) fn start(choice: Choice, dir: &Path, fsync: &str) -> io::Result<Self> {
        let complaints = dir.join("stderr.txt");
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--port", "0", "--runtime", &choice.to_string()])
            .args(["--appendfsync", fsync, "--dir"])
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints)?)
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let addr = line
            .strip_prefix("listening on ")
            .and_then(|rest| rest.split(' ').next());
        let opened = match addr {
            Some(addr) => Client::open(format!("redis://{addr}")).map_err(io::Error::other),
            None => Err(io::Error::other(format!(
                "the store did not start: {}",
                std::fs::read_to_string(&complaints)?.trim()
            ))),
        };
        match opened {
            Ok(client) => Ok(Self { child, client }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// A client of its own.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// A connection. Blocks.
    pub(super) fn connect(&self) -> io::Result<Connection> {
        self.client.get_connection().map_err(io::Error::other)
    }

    /// `kill -9`, wherever the store stands. Blocks until it is gone.
    pub(super) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // It may be gone already, which is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
