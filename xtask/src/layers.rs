//! `cargo xtask layers`: what each layer costs, in instructions and allocations an operation.
//!
//! It runs `anyrt-layers`, which counts and makes the tables, and writes them into their page. It
//! knows nothing of what is counted.

use std::path::Path;
use std::process::Stdio;

use clap::Args;

use crate::{region, step};

/// What becomes of the tables.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Write the tables into docs/performance.md
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<(), String> {
    let mut cargo = step::cargo();
    cargo
        .args(["run", "--release", "--quiet", "--package", "anyrt-layers"])
        .current_dir(root)
        .stderr(Stdio::inherit());
    let output = cargo.output().map_err(|e| format!("anyrt-layers: {e}"))?;
    let tables = String::from_utf8_lossy(&output.stdout);
    print!("{tables}");
    if !output.status.success() {
        return Err(format!("anyrt-layers: {}", output.status));
    }
    match options.write {
        true => region::write(root, PAGE, [BEGIN, END], &format!("{tables}\n")),
        false => Ok(()),
    }
}

const PAGE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- layers: written by `cargo xtask layers --write` -->";
const END: &str = "<!-- end of layers -->";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_page_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("in the workspace");
        let page = fs::read_to_string(root.join(PAGE)).expect("there is one");
        let new = region::replaced(&page, BEGIN, END, "").expect("the marks are there");
        assert!(new.starts_with("# "), "{new}");
    }
}
