//! A build by cargo whose programs somebody wants to run, and what rustc says of itself.
//!
//! It knows nothing of what they are. `bench`, `goals`, `inject`, `laws`, `loom`, `sanitize`,
//! `scaling`, `soak` and `targets` call it.

use std::io::BufReader;
use std::path::{Path, PathBuf};
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

/// Runs `cargo`, a build, and finds the program `name` among those that came of it.
pub(crate) fn program(cargo: &mut Command, name: &str) -> Result<Program, String> {
    let built = programs(cargo)?;
    let found = built.into_iter().find(|program| program.name == name);
    found.ok_or_else(|| format!("the build named no program `{name}`"))
}

/// An error unless std can be built from its sources.
pub(crate) fn require_std_sources() -> Result<(), String> {
    let sysroot = said_by_rustc(&["--print", "sysroot"])?;
    let lock = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock");
    match lock.exists() {
        true => Ok(()),
        false => Err("the sources of std are missing: `rustup component add rust-src`".to_owned()),
    }
}

/// The target that rustc compiles for if none is named: this system.
pub(crate) fn host() -> Result<String, String> {
    let said = said_by_rustc(&["--version", "--verbose"])?;
    let mut hosts = said.lines().filter_map(|line| line.strip_prefix("host: "));
    let host = hosts.next().ok_or("rustc does not say for which system")?;
    Ok(host.to_owned())
}

fn said_by_rustc(arguments: &[&str]) -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output();
    let output = output.map_err(|e| format!("rustc {}: {e}", arguments.join(" ")))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
