//! What a sanitizer has to say, in files of a folder, whichever process said it.
//!
//! A law runs in a process of its own and may start others, whose ends nobody looks at; a file is
//! seen all the same. It knows nothing of what the reports say. `mod.rs` and `planted.rs` call it.

use std::fs;
use std::path::PathBuf;

/// A folder of reports.
#[derive(Debug)]
pub(super) struct Reports(PathBuf);

impl Reports {
    /// Makes the folder, empty.
    pub(super) fn in_folder(folder: PathBuf) -> Result<Self, String> {
        let error = |e: std::io::Error| format!("{}: {e}", folder.display());
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(error)?;
        }
        fs::create_dir_all(&folder).map_err(error)?;
        Ok(Self(folder))
    }

    /// What tells a sanitizer to write here. To the name it adds the number of the process.
    pub(super) fn option(&self) -> String {
        format!("log_path='{}'", self.0.join("report").display())
    }

    /// Takes the reports that are there.
    pub(super) fn take(&self) -> Result<Vec<String>, String> {
        let error = |e: std::io::Error| format!("{}: {e}", self.0.display());
        let mut reports = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(error)? {
            let path = entry.map_err(error)?.path();
            let bytes = fs::read(&path).map_err(error)?;
            fs::remove_file(&path).map_err(error)?;
            reports.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(reports)
    }

    /// Shows the reports of what has just run, and says how many there were, if there were any.
    pub(super) fn said_by(&self, what: &str) -> Result<Option<String>, String> {
        let reports = self.take()?;
        for report in &reports {
            println!("{report}");
        }
        let say = || format!("reports of the sanitizer on {what}: {}", reports.len());
        Ok((!reports.is_empty()).then(say))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_taken_once() -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("reports");
        let reports = Reports::in_folder(path.clone())?;
        assert_eq!(reports.said_by("nobody")?, None);
        fs::write(path.join("report.17"), "WARNING: a race").expect("it can be written");
        let said = reports.said_by("somebody")?.expect("there is one");
        assert!(said.ends_with("on somebody: 1"), "{said}");
        assert_eq!(reports.take()?, [""; 0]);
        fs::write(path.join("report.18"), "an old one").expect("it can be written");
        assert_eq!(Reports::in_folder(path)?.take()?, [""; 0]);
        Ok(())
    }
}
