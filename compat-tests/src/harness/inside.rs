//! The same law once more, in a process that a tool of the system has prepared: [`inside`].
//!
//! Some laws need a system on which something goes wrong: a call that fails, a disk that is small,
//! no thread to be had. A tool (`strace`, `unshare`, a shell) makes it so for one process and what
//! it starts, and nothing of it is left when that process ends. Knows nothing of what goes wrong.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::child::{self, FOLDER};
use crate::unshown::unshown;

/// A tool with its arguments; a program and its arguments are put behind them.
#[derive(Debug)]
pub(crate) struct Tool {
    prefix: Vec<OsString>,
    /// A command line that shows whether the tool can be used.
    probe: Vec<OsString>,
}

impl Tool {
    pub(crate) fn new<S: AsRef<OsStr>>(prefix: impl IntoIterator<Item = S>) -> Self {
        let prefix = owned(prefix);
        let mut probe = prefix.clone();
        probe.push("true".into());
        Tool { prefix, probe }
    }

    /// Another command line that shows whether the tool can be used.
    pub(crate) fn probed_by<S: AsRef<OsStr>>(mut self, line: impl IntoIterator<Item = S>) -> Self {
        self.probe = owned(line);
        self
    }

    /// Why it cannot be used here, if it cannot.
    fn fault(&self) -> Option<String> {
        let name = self.prefix[0].to_string_lossy();
        match command(&self.probe).stdin(Stdio::null()).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Some(format!("`{name}` is not installed"))
            }
            Err(error) => Some(format!("`{name}`: {error}")),
            Ok(tried) if tried.status.success() => None,
            Ok(tried) => {
                let text = String::from_utf8_lossy(&tried.stderr);
                let line = text.lines().find(|line| !line.trim().is_empty());
                Some(format!("`{name}`: {}", line.unwrap_or("it refuses")))
            }
        }
    }
}

fn owned<S: AsRef<OsStr>>(line: impl IntoIterator<Item = S>) -> Vec<OsString> {
    let parts = line.into_iter().map(|part| part.as_ref().to_owned());
    parts.collect()
}

fn command(line: &[OsString]) -> Command {
    let (tool, arguments) = line.split_first().expect("a tool has a name");
    let mut command = Command::new(tool);
    command.args(arguments);
    command
}

/// Runs `law` below `tool`, in a child of this process that is for the same law; what it says is
/// what this process says. True in this process, false in that one, after the law.
///
/// Where the tool cannot be used the law is not shown.
pub(crate) fn inside(tool: &Tool, law: impl FnOnce()) -> bool {
    if is_inside() {
        law();
        return false;
    }
    if let Some((status, _)) = run(tool, Stdio::inherit()) {
        child::adopt(status);
    }
    true
}

/// The same for a law in which the process may end: whether the law held there, and what was said
/// as an error. None in that process, and where it is not shown.
pub(crate) fn ends_inside(tool: &Tool, law: impl FnOnce()) -> Option<(bool, String)> {
    if is_inside() {
        law();
        return None;
    }
    let (status, said) = run(tool, Stdio::piped())?;
    eprint!("{said}");
    Some((child::is_held(status), said))
}

/// How the process below the tool ended, and what it wrote to `errors`, if that can be read.
fn run(tool: &Tool, errors: Stdio) -> Option<(ExitStatus, String)> {
    if let Some(fault) = tool.fault() {
        unshown(fault);
        return None;
    }
    let program = env::current_exe().expect("a program knows itself");
    // It ends when its input does, as every law's process, so also when this one is killed. What it
    // writes goes where ours goes.
    let mut command = command(&tool.prefix);
    command.arg(program).env(INSIDE, "1");
    command.stdin(Stdio::piped()).stderr(errors);
    let mut child = command.spawn().expect("it was there just now");
    let lifeline = child.stdin.take();
    let said = child.stderr.take().map(read_to_string);
    let status = child.wait().expect("it can be waited for");
    drop(lifeline);
    let said = said.map(|said| said.expect("it can be read"));
    Some((status, said.unwrap_or_default()))
}

/// True in a process below a tool.
fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// A path of one name in this law's folder, which is the same on both sides of a tool, and is made.
pub(crate) fn shared_folder(name: &str) -> PathBuf {
    let own = env::var_os(FOLDER).expect("a law has a folder");
    let folder = PathBuf::from(own).join(name);
    fs::create_dir_all(&folder).expect("a folder for the law");
    folder
}

/// Lines of the file in which a tool wrote what it did.
pub(crate) fn lines_with(mark: &str, file: &Path) -> usize {
    let log = fs::File::open(file).and_then(read_to_string);
    let log = log.unwrap_or_default();
    log.lines().filter(|line| line.contains(mark)).count()
}

/// Set below a tool.
const INSIDE: &str = "ANYRT_LAWS_INSIDE";
