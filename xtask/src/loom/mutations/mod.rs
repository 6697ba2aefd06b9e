//! What the protocols call necessary, each with a text that is without it and the model that has to
//! notice.
//!
//! What stands in a file under `src/` is the runtime's own step. Where a protocol goes through a
//! file that no model can compile (a worker's loop, the driver), its model in `tests/loom` has that
//! step again, and the text is the model's: that shows the step to be necessary, and the page names
//! the place where the runtime has it.

mod idle;
mod monitor;
mod readiness;
mod slot;
mod task;
mod timers;

/// One step that is left out.
#[derive(Debug)]
pub(super) struct Mutation {
    /// From the folder of the crate.
    pub(super) file: &'static str,
    /// What is missing, in a few words.
    pub(super) what: &'static str,
    /// Which sentence calls it necessary.
    pub(super) said: &'static str,
    /// Stands in the file once.
    pub(super) text: &'static str,
    pub(super) instead: &'static str,
    /// Each of them has to fail.
    pub(super) models: &'static [&'static str],
}

impl Mutation {
    /// The file's text without that step.
    pub(super) fn apply(&self, text: &str) -> Result<String, String> {
        match text.matches(self.text).count() {
            1 => Ok(text.replacen(self.text, self.instead, 1)),
            n => Err(format!("its text stands there {n} times")),
        }
    }
}

/// All of them, page by page.
pub(super) fn all() -> impl Iterator<Item = &'static Mutation> {
    let pages = [
        idle::ALL,
        monitor::ALL,
        readiness::ALL,
        task::ALL,
        slot::ALL,
        timers::ALL,
    ];
    pages.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn native() -> std::path::PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        root.expect("xtask/ is in the workspace")
            .join(crate::loom::package::CRATE)
    }

    #[test]
    fn every_text_stands_in_its_file_once() {
        for mutation in all() {
            let path = native().join(mutation.file);
            let text = fs::read_to_string(&path).expect("the file is there");
            let mutated = mutation.apply(&text);
            let mutated = mutated
                .unwrap_or_else(|e| panic!("{}, without {}: {e}", mutation.file, mutation.what));
            assert_ne!(mutated, text, "{}: {}", mutation.file, mutation.what);
        }
    }

    #[test]
    fn every_model_is_there_and_notices_something() {
        let folder = native().join("tests/loom");
        let mut models = Vec::new();
        for entry in fs::read_dir(folder).expect("there are models") {
            let path = entry.expect("it can be read").path();
            let text = fs::read_to_string(path).expect("a source is a text");
            let tests = text.split("#[test]\nfn ").skip(1);
            models.extend(tests.filter_map(|test| Some(test.split_once('(')?.0.to_owned())));
        }
        let named: Vec<_> = all().flat_map(|m| m.models).collect();
        for name in &named {
            assert!(
                models.iter().any(|model| model == *name),
                "no model `{name}`"
            );
        }
        for model in &models {
            assert!(
                named.iter().any(|name| *name == model),
                "nothing for `{model}`"
            );
        }
    }

    #[test]
    fn a_text_that_stands_there_twice_is_an_error() {
        let mutation = Mutation {
            file: "a.rs",
            what: "b",
            said: "c",
            text: "b",
            instead: "",
            models: &[],
        };
        assert_eq!(mutation.apply("abc"), Ok("ac".to_owned()));
        assert!(mutation.apply("abcb").is_err());
        assert!(mutation.apply("").is_err());
    }
}
