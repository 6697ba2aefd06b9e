//! Whose the instructions of a process are: what callgrind wrote, by the program's own lines.
//!
//! callgrind knows functions, and most of what is looked for here is inlined into others. So it is
//! asked for each instruction's address, and the program's debug lines say which file that stands
//! in, through all inlining. `parts.rs` has the names. It knows nothing of what is counted.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use addr2line::Loader;

use crate::parts::{self, Frame};

/// The instructions of one process.
#[derive(Debug, Default)]
pub struct Profile {
    /// By address in the program.
    program: HashMap<u64, Spent>,
    /// By function elsewhere: the C library and its loader.
    elsewhere: HashMap<Arc<str>, u64>,
}

#[derive(Debug)]
struct Spent {
    n: u64,
    function: Arc<str>,
}

impl Profile {
    /// Reads what callgrind writes with `--dump-instr=yes` and without its compression.
    ///
    /// `None` if it is no such text, or if what it says in sum is not the sum.
    #[must_use]
    pub fn parse(text: &str, program: &Path) -> Option<Self> {
        let mut profile = Profile::default();
        let (mut is_program, mut is_of_callee) = (false, false);
        let mut function: Arc<str> = "".into();
        let mut totals = None;
        for line in text.lines() {
            if let Some(object) = line.strip_prefix("ob=") {
                is_program = Path::new(object) == program;
            } else if let Some(name) = line.strip_prefix("fn=") {
                function = name.into();
            } else if line.starts_with("calls=") {
                // The next line is what the callee spent, which stands with the callee too.
                is_of_callee = true;
            } else if let Some(total) = line.strip_prefix("totals: ") {
                totals = total.trim().parse().ok();
            } else if let Some(rest) = line.strip_prefix("0x")
                && !std::mem::take(&mut is_of_callee)
            {
                profile.add(rest, is_program, &function)?;
            }
        }
        (totals == Some(profile.total())).then_some(profile)
    }

    fn add(&mut self, rest: &str, is_program: bool, function: &Arc<str>) -> Option<()> {
        let mut fields = rest.split(' ');
        let address = u64::from_str_radix(fields.next()?, 16).ok()?;
        let n: u64 = fields.nth(1)?.parse().ok()?;
        if is_program {
            let spent = self.program.entry(address).or_insert_with(|| Spent {
                n: 0,
                function: Arc::clone(function),
            });
            spent.n += n;
        } else {
            *self.elsewhere.entry(Arc::clone(function)).or_default() += n;
        }
        Some(())
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let program: u64 = self.program.values().map(|spent| spent.n).sum();
        program + self.elsewhere.values().sum::<u64>()
    }
}

/// The lines of a program.
pub struct Lines(Loader);

impl Lines {
    /// Reads the debug lines of `program`.
    ///
    /// # Errors
    ///
    /// That it has none.
    pub fn of(program: &Path) -> io::Result<Self> {
        let loader = Loader::new(program);
        loader
            .map(Lines)
            .map_err(|error| io::Error::other(format!("{}: {error}", program.display())))
    }

    /// A process's instructions by the names of their parts.
    #[must_use]
    pub fn parts(&self, profile: &Profile) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::<String, f64>::new();
        for (address, spent) in &profile.program {
            let part = parts::inside(&self.frames(*address), &spent.function);
            *sums.entry(part).or_default() += spent.n as f64;
        }
        for (function, n) in &profile.elsewhere {
            *sums
                .entry(parts::elsewhere(function).to_owned())
                .or_default() += *n as f64;
        }
        sums
    }

    /// The function that an address is in, and those that it was inlined into, from inside.
    fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        let Ok(mut found) = self.0.find_frames(address) else {
            return frames;
        };
        while let Ok(Some(frame)) = found.next() {
            let file = frame.location.and_then(|location| location.file);
            let name = frame
                .function
                .as_ref()
                .and_then(|name| name.demangle().ok());
            frames.push(Frame {
                file: file.unwrap_or_default().to_owned(),
                function: name.map_or_else(String::new, |name| name.into_owned()),
            });
        }
        frames
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "positions: instr line\nevents: Ir\n\
        ob=/the/program\nfl=a.rs\nfn=one\n0x10 1 5\n0x14 2 7\n\
        cob=/lib/libc.so\ncfn=malloc\ncalls=2 0x99 0\n0x14 2 40\n0x10 1 1\n\
        ob=/lib/libc.so\nfn=malloc\n0x99 0 40\n\ntotals: 53\n";

    #[test]
    fn what_a_callee_spent_counts_once() {
        let profile = Profile::parse(TEXT, Path::new("/the/program")).expect("a profile");
        assert_eq!(profile.total(), 53);
        assert_eq!(profile.program[&0x10].n, 6);
        assert_eq!(&*profile.program[&0x14].function, "one");
        assert_eq!(profile.elsewhere["malloc"], 40);
    }

    #[test]
    fn a_text_that_does_not_add_up_is_none() {
        let wrong = TEXT.replace("totals: 53", "totals: 54");
        assert!(Profile::parse(&wrong, Path::new("/the/program")).is_none());
        assert!(Profile::parse("", Path::new("/the/program")).is_none());
    }
}
