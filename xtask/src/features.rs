//! `cargo xtask features`: the facade compiles under every combination of its features.
//!
//! It knows the features' names and nothing of what they bring. `main.rs` calls it.

use std::path::Path;

use crate::step;

/// Checks the facade with no feature, with each, with each pair, and so on up to all.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    for features in combinations(&FEATURES) {
        let features = features.join(",");
        step::run(
            step::cargo()
                .args([
                    "check",
                    "--quiet",
                    "--package",
                    "anyrt",
                    "--no-default-features",
                ])
                .args(["--features", &features])
                .env("RUSTFLAGS", "-Dwarnings")
                .current_dir(root),
        )?;
    }
    Ok(())
}

/// All subsets, the small ones first.
fn combinations(names: &[&'static str]) -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&'static str>> = vec![Vec::new()];
    for name in names {
        let with: Vec<_> = all
            .iter()
            .map(|rest| [rest.as_slice(), &[*name]].concat())
            .collect();
        all.extend(with);
    }
    all.sort_by_key(Vec::len);
    all
}

/// The facade's features; a test compares them with its manifest.
const FEATURES: [&str; 3] = ["native", "tokio", "smol"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_there_once() {
        let all = combinations(&["a", "b", "c"]);
        let text: Vec<_> = all.iter().map(|features| features.concat()).collect();
        assert_eq!(text, ["", "a", "b", "c", "ab", "ac", "bc", "abc"]);
    }

    #[test]
    fn the_names_are_those_of_the_manifest() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../facade/Cargo.toml");
        let text = std::fs::read_to_string(manifest).expect("the facade has a manifest");
        let table = text
            .split("[features]")
            .nth(1)
            .expect("the facade has features");
        let names = table.lines().take_while(|line| !line.starts_with('['));
        let mut names: Vec<_> = names
            .filter_map(|line| Some(line.split_once(" = ")?.0))
            .collect();
        names.sort_unstable();
        let mut ours = FEATURES;
        ours.sort_unstable();
        assert_eq!(names, ours);
    }
}
