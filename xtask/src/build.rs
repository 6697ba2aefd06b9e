//! A build by cargo whose programs somebody wants to run.
//!
//! It knows nothing of what they are. `laws` and `loom` call it.

use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cargo_metadata::Message;

/// A program that cargo has built.
#[derive(Debug)]
pub(crate) struct Program {
    /// The name of its target.
    pub(crate) name: String,
    /// The folder of its package.
    pub(crate) folder: PathBuf,
    pub(crate) path: PathBuf,
}

/// Runs `cargo`, a build, and says which programs came of it.
pub(crate) fn programs(cargo: &mut Command) -> Result<Vec<Program>, String> {
    cargo
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    let error = |e: &dyn std::fmt::Display| format!("the build: {e}");
    let mut child = cargo.spawn().map_err(|e| error(&e))?;
    let output = child.stdout.take().expect("the output is piped");
    let mut built = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        let Message::CompilerArtifact(artifact) = message.map_err(|e| error(&e))? else {
            continue;
        };
        let folder = artifact.manifest_path.parent();
        if let (Some(path), Some(folder)) = (artifact.executable, folder) {
            built.push(Program {
                name: artifact.target.name,
                folder: folder.as_std_path().to_owned(),
                path: path.into_std_path_buf(),
            });
        }
    }
    let status = child.wait().map_err(|e| error(&e))?;
    match status.success() {
        true => Ok(built),
        false => Err(error(&status)),
    }
}
