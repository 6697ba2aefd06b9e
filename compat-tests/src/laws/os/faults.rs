//! Calls that fail: [`with`] runs a law below `strace`, which answers chosen system calls with an
//! error.
//!
//! Which calls a backend makes is its own affair. So a law names all that could serve, and is not
//! shown if none of them was made: it never holds for want of a fault.

use std::path::Path;

use crate::bound::note;
use crate::harness::{Tool, ends_inside, inside, lines_with, shared_folder};
use crate::unshown::unshown;

/// What is to go wrong.
pub(super) struct Fault<'a> {
    /// System calls, divided by commas; a `?` before one that not every system has.
    pub(super) calls: &'a str,
    /// What they answer: `error=EINTR`.
    pub(super) answer: &'a str,
    /// Which of them, counted by thread: `3`, `3+` (from the third on), `2..40`, `5+2` (every
    /// second from the fifth on).
    pub(super) when: &'a str,
    /// Only those on this file.
    pub(super) path: Option<&'a Path>,
}

/// Runs `law` in a process in which `fault` happens.
pub(super) fn with(fault: &Fault<'_>, law: impl FnOnce()) {
    let log = shared_folder("faults").join("log");
    if inside(&tool(fault, &log), law) {
        tell(fault, &log);
    }
}

/// The same where the process may end by it: whether the law held, and what was said of it.
pub(super) fn end_with(fault: &Fault<'_>, law: impl FnOnce()) -> Option<(bool, String)> {
    let log = shared_folder("faults").join("log");
    let ended = ends_inside(&tool(fault, &log), law)?;
    tell(fault, &log);
    Some(ended)
}

fn tool(fault: &Fault<'_>, log: &Path) -> Tool {
    let trace = format!("trace={}", fault.calls);
    let inject = format!(
        "inject={}:{}:when={}",
        fault.calls, fault.answer, fault.when
    );
    let mut line = STRACE.map(str::to_owned).to_vec();
    line.extend(["-o".into(), log.display().to_string()]);
    line.extend(["-e".into(), trace, "-e".into(), inject]);
    if let Some(path) = fault.path {
        line.extend(["-P".into(), path.display().to_string()]);
    }
    let probe = STRACE.iter().chain(&["-o", "/dev/null", "true"]);
    Tool::new(line).probed_by(probe)
}

/// Says how many calls went wrong.
fn tell(fault: &Fault<'_>, log: &Path) {
    match lines_with("INJECTED", log) {
        0 => unshown(format!("none of these calls was made: {}", fault.calls)),
        n => note("calls that went wrong:", n),
    }
}

/// It follows threads, and stops at the chosen calls alone.
const STRACE: [&str; 4] = ["strace", "-f", "--seccomp-bpf", "-qq"];
