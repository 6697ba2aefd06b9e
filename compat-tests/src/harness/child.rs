//! One law in a process of its own: [`judge`] starts it, [`as_child`] is it.
//!
//! A law that hangs or aborts is the reason for the process: both are verdicts, not the end of the
//! run. The child ends with its parent. Knows nothing of reports.

use std::any::{Any, type_name};
use std::env;
use std::fs;
use std::io::{self, PipeReader, Read};
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::bound::{self, Measured};
use crate::laws::all;
use crate::unshown::{self, UNSHOWN};
use crate::{Backend, Lab, Law};

/// What came of one law.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It held.
    Held {
        /// What it measured: the worst values and their bounds.
        measured: Vec<Measured>,
    },
    /// This machine cannot show it: a tool or a permission is not there.
    Unshown {
        /// What is missing.
        why: String,
    },
    /// An assertion of the law failed.
    Broken {
        /// What the law's process wrote.
        output: String,
    },
    /// A measured time was beyond its bound. A slow backend does so each time, a busy machine now
    /// and then.
    Slow {
        /// What it measured: the worst values and their bounds.
        measured: Vec<Measured>,
        /// What the law's process wrote.
        output: String,
    },
    /// The law did not end within its limit, and was killed.
    Hang {
        /// The limit.
        limit: Duration,
        /// What the law's process wrote.
        output: String,
    },
    /// The law's process ended without a verdict: it aborted, or something ended it.
    Abort {
        /// How it ended.
        status: String,
        /// What the law's process wrote.
        output: String,
    },
}

impl Verdict {
    /// The verdict in a word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Verdict::Held { .. } => "held",
            Verdict::Unshown { .. } => "unshown",
            Verdict::Broken { .. } => "broken",
            Verdict::Slow { .. } => "slow",
            Verdict::Hang { .. } => "hang",
            Verdict::Abort { .. } => "abort",
        }
    }

    /// What the law measured, if it came so far.
    pub(super) fn measured(&self) -> &[Measured] {
        match self {
            Verdict::Held { measured } | Verdict::Slow { measured, .. } => measured,
            _ => &[],
        }
    }

    /// What the law's process wrote. Of a law that held nobody keeps it.
    pub(super) fn output(&self) -> &str {
        match self {
            Verdict::Held { .. } | Verdict::Unshown { .. } => "",
            Verdict::Broken { output }
            | Verdict::Slow { output, .. }
            | Verdict::Hang { output, .. }
            | Verdict::Abort { output, .. } => output,
        }
    }
}

/// What the process of a law is given besides what the law asks for: nothing, by default.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// A shorter limit than the law's own, as it is: `LAWS_TIME_SCALE` does not widen it.
    pub limit: Option<Duration>,
    /// Variables of its environment, which [`Backend::start`] may read.
    pub variables: Vec<(&'static str, &'static str)>,
}

/// Runs one law in a child of this process and waits for it, at most as long as it may take.
///
/// The program's `main` must ask [`as_child`] first for this backend.
#[must_use]
pub fn judge<B: Backend>(law: &Law<B>) -> Verdict {
    judge_under(law, &Conditions::default())
}

/// The same under conditions of the caller's: [`judge`].
#[must_use]
pub fn judge_under<B: Backend>(law: &Law<B>, conditions: &Conditions) -> Verdict {
    let folder = scratch_folder();
    let own = law.time_limit().mul_f64(bound::scale());
    let limit = conditions.limit.unwrap_or(own).min(own);
    let mut command = command::<B>(law.name(), &folder);
    command.envs(conditions.variables.iter().copied());
    let verdict = run_child(command, limit)
        .unwrap_or_else(|error| panic!("a child process cannot be run: {error}"));
    // It is there only if the law made it, and a killed law cannot clean up.
    let _ = fs::remove_dir_all(&folder);
    verdict
}

/// This program, as the child for one law.
fn command<B: Backend>(name: &str, folder: &PathBuf) -> Command {
    let program = env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    command.env(CHILD, child_key::<B>(name)).env(FOLDER, folder);
    // Laws panic on purpose, and to write one backtrace takes longer than most laws do.
    if env::var("RUST_BACKTRACE").is_ok_and(|set| set != "full") {
        command.env_remove("RUST_BACKTRACE");
    }
    command
}

fn run_child(mut command: Command, limit: Duration) -> io::Result<Verdict> {
    let (reader, writer) = io::pipe()?;
    command
        .stdin(Stdio::piped())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn()?;
    // The command holds our copies of the pipe's other end.
    drop(command);
    // Held open until the verdict stands: the child ends when it closes.
    let lifeline = child.stdin.take();
    let ended = at_end_of(reader)?;
    let verdict = match ended.recv_timeout(limit) {
        Err(RecvTimeoutError::Timeout) => {
            child.kill()?;
            child.wait()?;
            // What is left in the pipe comes at once, unless a grandchild holds it open.
            let output = ended
                .recv_timeout(Duration::from_millis(500))
                .unwrap_or_default();
            Verdict::Hang { limit, output }
        }
        Ok(output) => verdict_of(child.wait()?, output),
        Err(RecvTimeoutError::Disconnected) => verdict_of(child.wait()?, String::new()),
    };
    drop(lifeline);
    Ok(verdict)
}

fn verdict_of(status: ExitStatus, output: String) -> Verdict {
    match status.code() {
        Some(code) if code == i32::from(HELD) => Verdict::Held {
            measured: bound::measured(&output),
        },
        Some(code) if code == i32::from(HIDDEN) => Verdict::Unshown {
            why: lines_after(UNSHOWN, &output).join("; "),
        },
        Some(code) if code == i32::from(BROKEN) => Verdict::Broken { output },
        Some(code) if code == i32::from(SLOW) => Verdict::Slow {
            measured: bound::measured(&output),
            output,
        },
        _ => Verdict::Abort {
            status: status.to_string(),
            output,
        },
    }
}

/// What stands behind `mark` in lines that open with it, each once.
fn lines_after(mark: &str, output: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in output.lines().filter_map(|line| line.strip_prefix(mark)) {
        if !found.iter().any(|known| known == line) {
            found.push(line.to_owned());
        }
    }
    found
}

/// Everything that comes out of the pipe, once its other ends are closed.
fn at_end_of(mut reader: PipeReader) -> io::Result<Receiver<String>> {
    let (sender, receiver) = channel();
    let read = move || {
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    };
    thread::Builder::new()
        .name("law-output".into())
        .spawn(read)?;
    Ok(receiver)
}

/// If this process is the child for a law of `B`: runs that law and says how to exit.
///
/// [`main`](crate::main) asks this itself; a program that calls [`judge`] for several backends asks
/// it for each of them before anything else.
#[must_use]
pub fn as_child<B: Backend>() -> Option<ExitCode> {
    let key = env::var(CHILD).ok()?;
    let laws = all::<B>();
    let law = laws.iter().find(|law| child_key::<B>(law.name()) == key)?;
    end_with_parent();
    // A panic of the law ends here, after the hook has written it out; nothing else of the process
    // decides the verdict.
    let run = std::panic::catch_unwind(|| law.run(&Lab::new()));
    if let Err(panic) = &run {
        say_observed(panic.as_ref());
    }
    Some(ExitCode::from(match run.is_ok() {
        true if unshown::is_unshown() => HIDDEN,
        true => HELD,
        false if bound::is_beyond() => SLOW,
        false => BROKEN,
    }))
}

/// Writes the panic's message for the report, whatever the law did to the hook.
fn say_observed(panic: &dyn Any) {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied());
    let lines = text.unwrap_or("a panic without a message").lines();
    lines.for_each(|line| println!("{OBSERVED}{line}"));
}

/// Takes the verdict of a child that was for the same law, whose output is ours, for our own.
pub(super) fn adopt(status: ExitStatus) {
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(HELD) => {}
        Some(HIDDEN) => unshown::note(),
        Some(SLOW) => bound::fail_beyond(),
        _ => panic!("the law's process below a tool: {status}"),
    }
}

/// True if a child that was for a law says that the law held.
pub(super) fn is_held(status: ExitStatus) -> bool {
    status.code() == Some(i32::from(HELD))
}

/// Ends this process when its parent does: a killed run leaves no hanging law behind.
///
/// Returns when that thread has all that it needs: a law may take the process's memory away, and
/// std aborts a thread that has none for its signal stack.
fn end_with_parent() {
    let (runs, is_running) = channel();
    let wait = move || {
        let mut stdin = io::stdin().lock();
        let _ = runs.send(());
        let _ = stdin.read_to_end(&mut Vec::new());
        std::process::exit(i32::from(BROKEN));
    };
    thread::Builder::new()
        .name("law-lifeline".into())
        .spawn(wait)
        .expect("a thread for the lifeline");
    is_running.recv().expect("the lifeline runs");
}

/// A name for a folder that nobody has made. In a law's process it is inside the one that is gone
/// after the verdict, whatever that is.
pub(crate) fn scratch_folder() -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    match env::var_os(FOLDER) {
        Some(own) => PathBuf::from(own).join(number.to_string()),
        None => env::temp_dir().join(format!("anyrt-laws-{}-{number}", std::process::id())),
    }
}

/// A backend's type tells it apart from others of the same program, erased or not.
fn child_key<B: Backend>(name: &str) -> String {
    format!("{}/{name}", type_name::<B>())
}

/// How long the machine takes: for the report, not for a law.
#[derive(Debug)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Stopwatch(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Which law this process is for.
const CHILD: &str = "ANYRT_LAWS_CHILD";
/// Where that law may make files.
pub(super) const FOLDER: &str = "ANYRT_LAWS_FOLDER";

/// Opens a line of a child's output that says what was seen instead of what was promised.
pub(super) const OBSERVED: &str = "observed: ";

/// Exit codes of a child; anything else is not a verdict of the law.
const HELD: u8 = 60;
const BROKEN: u8 = 61;
const SLOW: u8 = 62;
const HIDDEN: u8 = 63;
