//! `cargo xtask ci`: the script of CI, so that there is one list of steps.
//!
//! It knows none of the steps. `main.rs` calls it.

use std::path::Path;
use std::process::Command;

use crate::step;

/// Runs `.ci/run`.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    step::run(
        Command::new("bash")
            .arg(root.join(".ci/run"))
            .current_dir(root),
    )
}
