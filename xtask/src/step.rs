//! One command, run as a step: announced, timed, its failure an error.
//!
//! It knows nothing of what the command is. The other modules call it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A `cargo` that is the one that runs this program.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The folder where cargo builds. What is built with other flags has a folder of its own in it.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

/// What the reader is told of a time.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Runs `command` with this program's output; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let text = text(command);
    println!("==> {text}");
    let clock = Stopwatch::start();
    let status = command.status().map_err(|e| format!("{text}: {e}"))?;
    match status.success() {
        true => {
            println!("    {:.1} s", clock.seconds());
            Ok(())
        }
        false => Err(format!("{text}: {status}")),
    }
}

/// The command as it would be typed.
fn text(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| {
        Some(format!(
            "{}={}",
            name.to_string_lossy(),
            value?.to_string_lossy()
        ))
    });
    let program = Path::new(command.get_program());
    let program = program
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    set.chain([program])
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_step_reads_as_it_would_be_typed() {
        let mut command = Command::new("/some/bin/cargo");
        assert_eq!(
            text(command.args(["check", "-p", "x"]).env("A", "1")),
            "A=1 cargo check -p x"
        );
    }

    #[test]
    fn a_step_that_fails_is_an_error() {
        let message =
            run(cargo().arg("no-such-command").stderr(Stdio::null())).expect_err("there is none");
        assert!(message.starts_with("cargo no-such-command: "), "{message}");
    }
}
