//! The models in a package of their own under `target/`, where a text of them can be changed.
//!
//! The models compile the protocols' own files and nothing else of the runtime, so loom is all that
//! the package depends on, and a build takes seconds. It knows nothing of what the models say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::mutations::Mutation;
use crate::{build, step};

/// The crate whose protocols they are.
pub(super) const CRATE: &str = "backend-native";

/// The package, and where it is built.
#[derive(Debug)]
pub(super) struct Package {
    folder: PathBuf,
    target: PathBuf,
}

impl Package {
    /// Copies the sources anew.
    pub(super) fn lay(root: &Path) -> Result<Self, String> {
        let base = step::target_folder(root).join("loom");
        let folder = base.join("package");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let manifest = read(&root.join("Cargo.toml"))?;
        write(&folder.join("Cargo.toml"), &manifest_of(&manifest)?)?;
        // The versions that the workspace has been tested with.
        write(&folder.join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)?;
        for part in ["src", "tests/loom"] {
            copy(&root.join(CRATE).join(part), &folder.join(part))?;
        }
        let target = base.join("build");
        Ok(Self { folder, target })
    }

    /// Builds the models as they are now: the program that runs them.
    pub(super) fn build(&self) -> Result<PathBuf, String> {
        let mut cargo = step::cargo();
        cargo
            .args(["test", "--quiet", "--release", "--no-run", "--test", "loom"])
            .env("RUSTFLAGS", "--cfg anyrt_loom")
            .env("CARGO_TARGET_DIR", &self.target)
            .current_dir(&self.folder);
        Ok(build::program(&mut cargo, "loom")?.path)
    }

    /// The names of all models, by the program itself.
    pub(super) fn models(&self, program: &Path) -> Result<Vec<String>, String> {
        let mut command = Command::new(program);
        let output = command.args(["--list", "--format", "terse"]).output();
        let output = output.map_err(|e| format!("{}: {e}", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(names.map(str::to_owned).collect())
    }

    /// Runs `f` while `mutation` is in its file.
    pub(super) fn mutated<T>(
        &self,
        mutation: &Mutation,
        f: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        let path = self.folder.join(mutation.file);
        let text = read(&path)?;
        write(&path, &mutation.apply(&text)?)?;
        let output = f();
        write(&path, &text)?;
        output
    }
}

/// A manifest with the models as its one target and loom as the workspace has it.
fn manifest_of(workspace: &str) -> Result<String, String> {
    let mut lines = workspace.lines();
    let loom = lines.find(|line| line.starts_with("loom = "));
    let loom = loom.ok_or("the workspace has no dependency `loom`")?;
    Ok(format!(
        "[package]\nname = \"anyrt-native-models\"\nedition = \"2024\"\npublish = false\n\
         autolib = false\nautobins = false\nautotests = false\n\n\
         [workspace]\n\n[dependencies]\n{loom}\n\n\
         {PROFILE}[lints.rust]\n\
         unexpected_cfgs = {{ level = \"warn\", check-cfg = \
               [\"cfg(anyrt_counted)\", \"cfg(anyrt_loom)\", \"cfg(anyrt_tsan)\"] }}\n\n\
         [[test]]\nname = \"loom\"\npath = \"tests/loom/main.rs\"\n"
    ))
}
/// Of all that loom needs, these alone take part in an exploration; the rest is built quickly.
const PROFILE: &str = "\
[profile.release]\nincremental = true\n\
[profile.release.package.\"*\"]\nopt-level = 0\n\
[profile.release.package.loom]\nopt-level = 3\n\
[profile.release.package.generator]\nopt-level = 3\n\
[profile.release.package.tracing]\nopt-level = 3\n\
[profile.release.package.tracing-core]\nopt-level = 3\n\n";

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let error = |e: std::io::Error| format!("{}: {e}", from.display());
    for entry in fs::read_dir(from).map_err(error)? {
        let entry = entry.map_err(error)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to)?,
            false => write(&to, &read(&from)?)?,
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_depend_on_the_loom_of_the_workspace() {
        let manifest = manifest_of("[workspace]\nloom = \"0.7\"\nother = \"1\"\n");
        let manifest = manifest.expect("there is a loom");
        assert!(
            manifest.contains("[dependencies]\nloom = \"0.7\"\n\n"),
            "{manifest}"
        );
        assert!(manifest_of("[workspace]\n").is_err());
    }
}
