//! The programs that hold a backend against the laws: which there are, and where cargo puts them.
//!
//! It knows nothing of what they say.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::abort;
use crate::{build, step};

/// A conformance program of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// What the command line and the tables call the backend.
    pub(crate) key: &'static str,
    /// What it calls itself.
    pub(crate) title: &'static str,
    pub(crate) package: &'static str,
    /// The package's folder.
    pub(crate) folder: &'static str,
    /// The name of the test.
    pub(crate) test: &'static str,
}

/// All of them, in the order of the tables. A test of this file compares them with the sources.
pub(crate) const PROGRAMS: [Program; 8] = [
    Program {
        key: "native",
        title: "native",
        package: "anyrt-native",
        folder: "backend-native",
        test: "conformance",
    },
    Program {
        key: "tokio",
        title: "tokio",
        package: "anyrt-tokio",
        folder: "backend-tokio",
        test: "conformance",
    },
    Program {
        key: "tokio-single",
        title: "tokio, single-threaded",
        package: "anyrt-tests",
        folder: "tests",
        test: "tokio_single",
    },
    Program {
        key: "smol",
        title: "smol",
        package: "anyrt-smol",
        folder: "backend-smol",
        test: "conformance",
    },
    Program {
        key: "native-erased",
        title: "native, erased",
        package: "anyrt-tests",
        folder: "tests",
        test: "erased_native",
    },
    Program {
        key: "tokio-erased",
        title: "tokio, erased",
        package: "anyrt-tests",
        folder: "tests",
        test: "erased_tokio",
    },
    Program {
        key: "smol-erased",
        title: "smol, erased",
        package: "anyrt-tests",
        folder: "tests",
        test: "erased_smol",
    },
    Program {
        key: "mem",
        title: "mem",
        package: "anyrt-mem",
        folder: "examples/backend-mem",
        test: "conformance",
    },
];

/// How the programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    /// With optimizations.
    Release,
    /// The same, and a panic ends the process.
    PanicAbort,
}

impl Program {
    /// The program where cargo put it, run as cargo runs it: in its package's folder, and so that
    /// it can say how it is run again.
    pub(crate) fn command(&self, root: &Path, path: &Path) -> Command {
        let folder = root.join(self.folder);
        let mut command = Command::new(path);
        command
            .env("CARGO_PKG_NAME", self.package)
            .env("CARGO_MANIFEST_DIR", &folder)
            .current_dir(folder);
        command
    }
}

/// The program of that key, for the command line.
pub(crate) fn named(key: &str) -> Result<&'static Program, String> {
    let found = PROGRAMS.iter().find(|program| program.key == key);
    found.ok_or_else(|| {
        let keys: Vec<_> = PROGRAMS.iter().map(|program| program.key).collect();
        format!("no such backend; there are {}", keys.join(", "))
    })
}

/// Has cargo build these, and says where each is.
pub(crate) fn build(
    root: &Path,
    programs: &[&'static Program],
    profile: Profile,
) -> Result<Vec<(&'static Program, PathBuf)>, String> {
    let mut command = step::cargo();
    command.args(["test", "--no-run"]);
    // Not all that `cargo test --workspace` builds, though it may stand there already: what other
    // tests depend on unites features in another way, and to build those as well takes longer.
    let all = programs.len() == PROGRAMS.len();
    command.args(all.then_some("--workspace"));
    for program in programs {
        let package = ["--package", program.package];
        command.args(package.iter().filter(|_| !all));
        command.args(["--test", program.test]);
    }
    if profile != Profile::Dev {
        command.arg("--release");
        // Between the parts of a program, as cargo has it by default: no law sees it, and it is
        // half of the compiler's time.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off");
    }
    if profile == Profile::PanicAbort {
        // For a target that is named, so that the flag is for no program of the build's own.
        command.args(["--target", &build::host()?]);
        command.env("RUSTFLAGS", abort::FLAGS);
        let target = step::target_folder(root).join("panic-abort");
        command.env("CARGO_TARGET_DIR", target);
    }
    command.current_dir(root);
    let mut built = Vec::new();
    for found in build::programs(&mut command)? {
        let is_it = |program: &&&Program| {
            program.test == found.name && found.folder == root.join(program.folder)
        };
        let program = programs.iter().find(is_it);
        built.extend(program.map(|program| (*program, found.path.clone())));
    }
    built.sort_by_key(|(program, _)| programs.iter().position(|known| known == program));
    match built.len() == programs.len() {
        true => Ok(built),
        false => Err("the build did not name every program that it built".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The test programs of the workspace that call the suite's `main`.
    fn in_the_sources(root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut left = vec![root.to_owned()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder).expect("the workspace can be read") {
                let path = entry.expect("the workspace can be read").path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if path.is_dir() && !["target", ".git", "wip", "src"].contains(&&*name) {
                    left.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = fs::read_to_string(&path).expect("a source is a text");
                    if text.contains("anyrt_laws::main::<") {
                        let path = path.strip_prefix(root).expect("it is inside");
                        found.push(path.to_string_lossy().replace('\\', "/"));
                    }
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn every_program_is_listed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("xtask/ is in the workspace");
        let path = |program: &Program| format!("{}/tests/{}.rs", program.folder, program.test);
        let mut listed: Vec<_> = PROGRAMS.iter().map(path).collect();
        listed.sort();
        assert_eq!(in_the_sources(root), listed);
    }

    #[test]
    fn a_backend_that_does_not_exist_is_an_error() {
        assert_eq!(
            named("smol").map(|program| program.package),
            Ok("anyrt-smol")
        );
        let error = named("glommio").expect_err("it is none of ours");
        assert!(error.contains("tokio-single"), "{error}");
    }
}
