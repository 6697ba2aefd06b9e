//! Dependencies: each with its reason, each in its direction.
//!
//! It reads manifests line by line and asks for one line a dependency, so that it can.

use super::{Finding, Source};

/// What a crate of ours may depend on; the second list is for tests.
struct Direction {
    package: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

const BINDING: &[&str] = &["anyrt", "anyrt-api"];
const BACKEND: &[&str] = &["anyrt-api", "anyrt-kit"];

/// application -> facade -> {macros, backends} -> kit -> api; libraries -> api; laws -> api.
const DIRECTIONS: &[Direction] = &[
    Direction {
        package: "api",
        uses: &[],
        tests_use: &[],
    },
    Direction {
        package: "backend-kit",
        uses: &["anyrt-api"],
        tests_use: &[],
    },
    Direction {
        package: "backend-native",
        uses: BACKEND,
        tests_use: &["anyrt-laws"],
    },
    Direction {
        package: "backend-tokio",
        uses: BACKEND,
        tests_use: &["anyrt-laws"],
    },
    Direction {
        package: "backend-smol",
        uses: BACKEND,
        tests_use: &["anyrt-laws"],
    },
    Direction {
        package: "compat-tests",
        uses: &["anyrt-api"],
        tests_use: &[],
    },
    Direction {
        package: "macros",
        uses: &[],
        tests_use: &[],
    },
    Direction {
        package: "macros/tests/none",
        uses: &[],
        tests_use: BINDING,
    },
    Direction {
        package: "macros/tests/one",
        uses: &[],
        tests_use: BINDING,
    },
    Direction {
        package: "macros/tests/two",
        uses: &[],
        tests_use: BINDING,
    },
    Direction {
        package: "facade",
        uses: &[
            "anyrt-api",
            "anyrt-macros",
            "anyrt-native",
            "anyrt-smol",
            "anyrt-tokio",
        ],
        tests_use: &[],
    },
    Direction {
        package: "xtask",
        uses: &[],
        tests_use: &[],
    },
    Direction {
        package: "examples/backend-mem",
        uses: BACKEND,
        tests_use: &["anyrt-laws", "kv"],
    },
    Direction {
        package: "examples/kv",
        uses: &["anyrt-api", "anyrt"],
        tests_use: ALL,
    },
    Direction {
        package: "examples/library",
        uses: &["anyrt-api"],
        tests_use: &["anyrt"],
    },
    Direction {
        package: "examples/small",
        uses: ALL,
        tests_use: ALL,
    },
    Direction {
        package: "tests",
        uses: ALL,
        tests_use: ALL,
    },
    Direction {
        package: "benches",
        uses: ALL,
        tests_use: ALL,
    },
    Direction {
        package: "benches/layers",
        uses: &["anyrt-api", "anyrt-native", "anyrt-smol", "anyrt-tokio"],
        tests_use: &[],
    },
];

const ALL: &[&str] = &[
    "anyrt",
    "anyrt-api",
    "anyrt-kit",
    "anyrt-laws",
    "anyrt-macros",
    "anyrt-mem",
    "anyrt-native",
    "anyrt-smol",
    "anyrt-tokio",
    "kv",
];

/// Crates that are a runtime or an operating system's door: never under the contract.
const RUNTIMES: [&str; 14] = [
    "async-executor",
    "async-io",
    "async-std",
    "async-task",
    "blocking",
    "getrandom",
    "libc",
    "mio",
    "nix",
    "polling",
    "rustix",
    "smol",
    "socket2",
    "tokio",
];

/// Every dependency says in its line why it is there.
pub(crate) fn reasons(file: &Source) -> Vec<Finding> {
    let bare = dependencies(&file.text).into_iter().filter(|dependency| {
        let why = dependency.text.split_once(" # ");
        why.is_none_or(|(_, why)| why.trim().is_empty())
    });
    let advice = |name: &str| format!("`{name}` has no reason: one line, with `# why`");
    bare.map(|dependency| file.finding(dependency.line, advice(dependency.name)))
        .collect()
}

/// Dependencies point one way.
pub(crate) fn directions(file: &Source) -> Vec<Finding> {
    let package = file.package();
    if package.is_empty() {
        return Vec::new();
    }
    let Some(direction) = DIRECTIONS
        .iter()
        .find(|direction| direction.package == package)
    else {
        return vec![file.finding(1, "a new crate: say in `DIRECTIONS` what it may depend on")];
    };
    let wrong = dependencies(&file.text).into_iter().filter(|dependency| {
        let ours = ALL.contains(&dependency.name);
        let may = direction.uses.contains(&dependency.name)
            || dependency.for_tests && direction.tests_use.contains(&dependency.name);
        let runtime = package == "api" && RUNTIMES.contains(&dependency.name);
        ours && !may || runtime
    });
    let advice = |name: &str| format!("`{package}` does not know `{name}`");
    wrong
        .map(|dependency| file.finding(dependency.line, advice(dependency.name)))
        .collect()
}

/// Every member of the workspace says what it is.
pub(crate) fn members(file: &Source) -> Vec<Finding> {
    let is_end = |line: &&str| line.trim() != "]";
    let lines = file.text.lines().enumerate();
    let members = lines
        .skip_while(|(_, line)| line.trim() != "members = [")
        .skip(1);
    let members = members.take_while(|(_, line)| is_end(line));
    let bare = members.filter(|(_, line)| !line.contains(" # "));
    bare.map(|(i, _)| file.finding(i + 1, "say what the member is: `# what`"))
        .collect()
}

/// The facade binds nothing by default, and the contract has no feature at all.
pub(crate) fn features(file: &Source) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    let wrong = lines.filter(|(_, line)| match file.package() {
        "api" => line.trim() == "[features]",
        "facade" => line.starts_with("default = [") && !line.starts_with("default = []"),
        _ => false,
    });
    let advice = "a feature makes names exist where it is asked for: none is on by default";
    wrong.map(|(i, _)| file.finding(i + 1, advice)).collect()
}

/// The changelog has the version that the workspace has.
pub(crate) fn changelog(files: &[Source]) -> Vec<Finding> {
    let text = |path: &str| {
        files
            .iter()
            .find(|file| file.path == path)
            .map_or("", |f| &f.text)
    };
    let version = text("Cargo.toml")
        .lines()
        .find_map(|line| line.strip_prefix("version = \""));
    let version = version
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("no version");
    let heading = format!("## {version}");
    let is_heading = |line: &str| line == heading || line.starts_with(&format!("{heading} "));
    let missing = !text("CHANGELOG.md").lines().any(is_heading);
    let advice = format!("has no heading `{heading}`");
    let changelog = Source::new("CHANGELOG.md", "");
    missing
        .then(|| changelog.finding(1, advice))
        .into_iter()
        .collect()
}

/// A line of a table of dependencies.
#[derive(Debug)]
struct Dependency<'a> {
    name: &'a str,
    text: &'a str,
    line: usize,
    for_tests: bool,
}

/// All dependencies but the versions that the workspace gives.
fn dependencies(manifest: &str) -> Vec<Dependency<'_>> {
    let mut table = "";
    let mut all = Vec::new();
    for (i, text) in manifest.lines().enumerate() {
        let text = text.trim();
        if text.starts_with('[') {
            table = text.trim_matches(['[', ']']);
            // A table of its own is a dependency without a line; it is reported as one.
            if let Some((_, name)) = table.rsplit_once("dependencies.") {
                all.push(Dependency {
                    name,
                    text,
                    line: i + 1,
                    for_tests: false,
                });
            }
            continue;
        }
        let is_table = table.ends_with("dependencies") && table != "workspace.dependencies";
        if !is_table || text.is_empty() || text.starts_with('#') {
            continue;
        }
        let name = text
            .split(['.', ' ', '='])
            .next()
            .expect("split gives one part at least");
        let for_tests = table.ends_with("dev-dependencies");
        all.push(Dependency {
            name,
            text,
            line: i + 1,
            for_tests,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(package: &str, text: &str) -> Source {
        Source::new(&format!("{package}/Cargo.toml"), text)
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let found = |text| reasons(&manifest("api", text)).len();
        assert_eq!(found("[dependencies]\nslab.workspace = true"), 1);
        assert_eq!(found("[dependencies.slab]\nworkspace = true"), 1);
        assert_eq!(found("[target.'cfg(unix)'.dependencies]\nlibc = \"1\""), 1);
        assert_eq!(
            found("[dependencies]\nslab.workspace = true # keys of sockets"),
            0
        );
        assert_eq!(
            found("[package]\nname = \"x\"\n[workspace.dependencies]\nslab = \"1\""),
            0
        );
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let found = |package, text| directions(&manifest(package, text)).len();
        assert_eq!(
            found("api", "[dependencies]\nanyrt-kit.workspace = true"),
            1
        );
        assert_eq!(found("api", "[dependencies]\ntokio.workspace = true"), 1);
        assert_eq!(
            found(
                "backend-smol",
                "[dev-dependencies]\nanyrt-tokio.workspace = true"
            ),
            1
        );
        assert_eq!(
            found(
                "compat-tests",
                "[dev-dependencies]\nanyrt-native.workspace = true"
            ),
            1
        );
        assert_eq!(
            found(
                "backend-tokio",
                "[dependencies]\nanyrt-laws.workspace = true"
            ),
            1
        );
        assert_eq!(
            found(
                "backend-tokio",
                "[dev-dependencies]\nanyrt-laws.workspace = true"
            ),
            0
        );
        assert_eq!(found("new", "[dependencies]"), 1);
    }

    #[test]
    fn a_member_that_says_nothing_is_found() {
        let root = "[workspace]\nmembers = [\n  \"api\", # the contract\n  \"new\",\n]\n";
        assert_eq!(members(&Source::new("Cargo.toml", root)).len(), 1);
    }

    #[test]
    fn a_feature_that_nobody_asked_for_is_found() {
        let found = |package, text| features(&manifest(package, text)).len();
        assert_eq!(found("facade", "[features]\ndefault = [\"native\"]"), 1);
        assert_eq!(found("facade", "[features]\nnative = []"), 0);
        assert_eq!(found("api", "[features]\nnative = []"), 1);
    }

    #[test]
    fn a_version_that_the_changelog_lacks_is_found() {
        let root = Source::new("Cargo.toml", "[workspace.package]\nversion = \"0.2.0\"\n");
        let old = Source::new("CHANGELOG.md", "# Changelog\n## 0.1.0\n## 0.2.01\n");
        assert_eq!(changelog(&[root, old]).len(), 1);
        let root = Source::new("Cargo.toml", "[workspace.package]\nversion = \"0.2.0\"\n");
        let new = Source::new("CHANGELOG.md", "# Changelog\n## 0.2.0 (unreleased)\n");
        assert_eq!(changelog(&[root, new]).len(), 0);
    }
}
