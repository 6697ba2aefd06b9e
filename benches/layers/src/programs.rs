//! The programs that are counted: a release build of this package, made by cargo.
//!
//! It knows nothing of what they do. `main.rs` and the test call it, so that both count the same.

use std::env;
use std::io::{self, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cargo_metadata::Message;

/// Where they are.
#[derive(Debug)]
pub struct Programs {
    /// Runs a loop, by its hidden command `loop`.
    pub looped: PathBuf,
    /// Runs a loop and says how often it allocated.
    pub counted: PathBuf,
}

impl Programs {
    /// Builds them, unless they are there.
    ///
    /// # Errors
    ///
    /// That cargo cannot be started, or that the build failed, of which cargo has said why.
    pub fn build() -> io::Result<Self> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut child = Command::new(cargo)
            .args(["build", "--release", "--quiet", "--bins", "--package"])
            .arg(env!("CARGO_PKG_NAME"))
            .arg("--message-format=json-render-diagnostics")
            // Whose line an instruction is of, and no more.
            .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().expect("the output is piped");
        let (mut looped, mut counted) = (None, None);
        for message in Message::parse_stream(BufReader::new(output)) {
            let Message::CompilerArtifact(artifact) = message? else {
                continue;
            };
            match artifact.target.name.as_str() {
                "anyrt-layers" => looped = artifact.executable,
                "anyrt-layers-counted" => counted = artifact.executable,
                _ => {}
            }
        }
        let status = child.wait()?;
        match (status.success(), looped, counted) {
            (true, Some(looped), Some(counted)) => Ok(Programs {
                looped: looped.into_std_path_buf(),
                counted: counted.into_std_path_buf(),
            }),
            _ => Err(io::Error::other(format!("the release build: {status}"))),
        }
    }
}
