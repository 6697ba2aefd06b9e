//! Programs with a planted defect, which a sanitizer has to find, and one without any, of which it
//! must say nothing.
//!
//! They are built with the flags of the tests, in a package of their own under `target/`, whose std
//! is the same. It knows nothing of the tests. `mod.rs` calls it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Place, Sanitizer};
use crate::build;
use crate::step::Stopwatch;

/// A program, and what a sanitizer has to say of it.
#[derive(Debug)]
pub(super) struct Planted {
    pub(super) name: &'static str,
    /// What is in the report; nothing where there must be none.
    pub(super) report: Option<&'static str>,
    pub(super) source: &'static str,
}

/// Builds and runs those of `sanitizer`, and the sound one.
pub(super) fn check(place: &Place, sanitizer: &Sanitizer) -> Result<(), String> {
    let clock = Stopwatch::start();
    println!(
        "==> build std and planted defects with the {} sanitizer",
        sanitizer.name
    );
    let folder = place.target.join("planted");
    let all = || sanitizer.planted.iter().chain([&SOUND]);
    lay(&folder, all())?;
    let mut cargo = place.build(sanitizer, "build");
    let programs = build::programs(cargo.current_dir(&folder))?;
    println!("    {:.1} s", clock.seconds());
    for planted in all() {
        let program = programs.iter().find(|program| program.name == planted.name);
        let program = program.ok_or("the build did not name every program that it built")?;
        let mut command = Command::new(&program.path);
        let status = command
            .envs(place.watching(sanitizer))
            .stderr(Stdio::null())
            .status()
            .map_err(|e| format!("{}: {e}", planted.name))?;
        let seen = planted.judge(status.code(), &place.reports.take()?)?;
        println!("{seen}");
    }
    Ok(())
}

impl Planted {
    /// What to tell the reader, or an error if the sanitizer is not to be trusted.
    fn judge(&self, code: Option<i32>, reports: &[String]) -> Result<String, String> {
        let name = self.name.replace('-', " ");
        match self.report {
            None if code == Some(0) && reports.is_empty() => {
                Ok(format!("    the sanitizer finds nothing in {name}: yes"))
            }
            None => Err(format!(
                "the sanitizer finds what is not there, in {name}: {code:?}\n{}",
                reports.join("\n")
            )),
            Some(text) => {
                let is_told = reports.iter().any(|report| report.contains(text));
                match is_told && code == Some(FOUND) {
                    true => Ok(format!("    the sanitizer finds {name}: yes")),
                    false => Err(format!(
                        "the sanitizer does not find {name}: nothing that it passes is shown; \
                         it ended with {code:?}\n{}",
                        reports.join("\n")
                    )),
                }
            }
        }
    }
}

/// Writes the package.
fn lay<'a>(folder: &Path, all: impl Iterator<Item = &'a Planted>) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        let parent = path.parent().expect("it is in the package");
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| format!("{}: {e}", path.display()))
    };
    write("Cargo.toml", MANIFEST)?;
    for planted in all {
        write(&format!("src/bin/{}.rs", planted.name), planted.source)?;
    }
    Ok(())
}

/// Two threads write a word, and nothing stands between them: what is relaxed orders nothing. One
/// writes when the other has written and is still there, since of two that write at one moment the
/// sanitizer may miss both.
pub(super) const RACE: Planted = Planted {
    name: "a-planted-race",
    report: Some("data race"),
    source: "\
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
static mut WORD: usize = 0;
static IS_WRITTEN: AtomicBool = AtomicBool::new(false);
fn main() {
    let other = std::thread::spawn(|| {
        while !IS_WRITTEN.load(Relaxed) {
            std::thread::yield_now();
        }
        unsafe { (&raw mut WORD).write_volatile(1) };
    });
    unsafe { (&raw mut WORD).write_volatile(2) };
    IS_WRITTEN.store(true, Relaxed);
    other.join().unwrap();
}
",
};

/// A box is read when it is gone.
pub(super) const USE_AFTER_FREE: Planted = Planted {
    name: "a-planted-use-after-free",
    report: Some("heap-use-after-free"),
    source: "\
fn main() {
    let gone = Box::into_raw(Box::new(7_u64));
    unsafe { drop(Box::from_raw(gone)) };
    println!(\"{}\", unsafe { gone.read_volatile() });
}
",
};

/// A box is forgotten.
pub(super) const LEAK: Planted = Planted {
    name: "a-planted-leak",
    report: Some("detected memory leaks"),
    source: "\
fn main() {
    std::thread::spawn(|| std::mem::forget(vec![7_u64; 100])).join().unwrap();
}
",
};

/// Threads share a word as they should, by what std has for it.
const SOUND: Planted = Planted {
    name: "a-sound-program",
    report: None,
    source: "\
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
fn main() {
    let word = Arc::new(Mutex::new(0_usize));
    let (sender, receiver) = mpsc::channel();
    for _ in 0..4 {
        let (word, sender) = (word.clone(), sender.clone());
        thread::spawn(move || {
            *word.lock().unwrap() += 1;
            sender.send(Box::new(1_usize)).unwrap();
        });
    }
    drop(sender);
    assert_eq!(receiver.iter().map(|one| *one).sum::<usize>(), *word.lock().unwrap());
}
",
};

/// How a program ends of which there is a report.
pub(super) const FOUND: i32 = 66;

/// The profile is the workspace's, so that both have one std.
const MANIFEST: &str = "\
[package]\nname = \"planted\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
[profile.dev]\ndebug = \"line-tables-only\"\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_that_is_not_found_is_an_error() {
        let report = ["WARNING: ThreadSanitizer: data race (pid=1)".to_owned()];
        let found = RACE.judge(Some(FOUND), &report);
        assert_eq!(
            found.as_deref(),
            Ok("    the sanitizer finds a planted race: yes")
        );
        assert!(RACE.judge(Some(0), &[]).is_err());
        assert!(RACE.judge(Some(0), &report).is_err(), "it has to end so");
        assert!(LEAK.judge(Some(FOUND), &report).is_err(), "it is another");
    }

    #[test]
    fn a_report_on_a_sound_program_is_an_error() {
        assert!(SOUND.judge(Some(0), &[]).is_ok());
        assert!(SOUND.judge(Some(0), &["a race".to_owned()]).is_err());
        assert!(SOUND.judge(Some(101), &[]).is_err());
    }
}
