//! A case from outside: its process below `strace`, its limit, and whether a call failed at all.

use std::env;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use rustix::process::{Pid, Signal, kill_process_group};

use super::doing::LEN;
use super::inside;
use super::table::Case;

/// A trial for each backend that the case is meant for.
pub(super) fn trials(case: &'static Case) -> impl Iterator<Item = Trial> {
    case.on.iter().map(move |on| {
        let trial = move || run(case, on, LIMIT).map_err(Failed::from);
        Trial::test(format!("{}::{on}", case.name), trial)
    })
}

/// A case takes a second or two.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs a case on a backend: what is wrong, if anything is.
pub(super) fn run(case: &Case, on: &str, limit: Duration) -> Result<(), String> {
    let error = |e: &dyn std::fmt::Display| format!("{}: {e}", case.name);
    let folder = tempfile::tempdir().map_err(|e| error(&e))?;
    let bytes: Vec<_> = (0..LEN).map(|at| at as u8).collect();
    fs::write(inside::place(folder.path()), bytes).map_err(|e| error(&e))?;
    let said = folder.path().join("said");
    let output = File::create(&said).map_err(|e| error(&e))?;
    let errors = output.try_clone().map_err(|e| error(&e))?;
    let asked = format!("{} {on} {}", case.name, folder.path().display());
    let child = strace(case, folder.path())
        .arg(env::current_exe().map_err(|e| error(&e))?)
        .env(inside::VARIABLE, asked)
        .env("RUST_BACKTRACE", "0")
        .stdout(output)
        .stderr(errors)
        // So that all of it can be ended, if it has to be.
        .process_group(0)
        .spawn()
        .map_err(|e| format!("strace is needed, and is not there: {e}"))?;
    let status = within(limit, child)?;
    let said = fs::read_to_string(&said).map_err(|e| error(&e))?;
    let log = fs::read_to_string(log(folder.path())).map_err(|e| error(&e))?;
    if !log.contains("(INJECTED)") {
        return Err(format!(
            "none of these calls was made: {}\n{said}",
            case.calls
        ));
    }
    if !status.success() || said.contains("panicked") {
        return Err(format!("{status}\n{said}"));
    }
    Ok(())
}

fn log(folder: &Path) -> std::path::PathBuf {
    folder.join("log")
}

/// `strace` so that it answers the case's calls.
fn strace(case: &Case, folder: &Path) -> Command {
    let (calls, errno, when) = (case.calls, case.errno.raw_os_error(), case.when);
    let mut command = Command::new("strace");
    command.args(["-f", "--seccomp-bpf", "-qq", "-o"]);
    command.arg(log(folder));
    command.args(["-e", &format!("trace={calls}")]);
    command.args(["-e", &format!("inject={calls}:error={errno}:when={when}")]);
    if case.doing.is_of_a_file() {
        command.arg("-P").arg(inside::place(folder));
    }
    command
}

/// Waits for the process; ends it and its group if it takes longer.
fn within(limit: Duration, mut child: Child) -> Result<ExitStatus, String> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
                    // It may have ended just now.
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.wait();
                return Err(format!("it hung: nothing came in {limit:?}"));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
