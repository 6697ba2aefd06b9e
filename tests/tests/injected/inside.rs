//! A case in its own process: what was done, judged.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyrt_laws::Backend;
use anyrt_tests::{Native, Smol, Tokio};
use rustix::time::{ClockId, clock_gettime};

use super::doing::{self, Doing};
use super::table::{Case, Expect};
use super::{planted, table};

/// Which case, on which backend, and in which folder: how the process is told.
pub(super) const VARIABLE: &str = "ANYRT_INJECTED";

/// The folder's file, on which calls fail.
pub(super) fn place(folder: &Path) -> PathBuf {
    folder.join("file")
}

/// Runs the case that this process is meant for, if it is for one.
pub(super) fn asked() -> Option<ExitCode> {
    let asked = env::var(VARIABLE).ok()?;
    let [name, on, folder] = asked.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{VARIABLE} is a case, a backend and a folder: {asked}");
    };
    let mut all = table::CASES
        .iter()
        .chain(planted::CASES.iter().map(|(case, _)| case));
    let case = all.find(|case| case.name == name).expect("a case's name");
    let place = place(Path::new(folder));
    let complaints = match on {
        "native" => judged::<Native>(case, &place),
        "tokio" => judged::<Tokio>(case, &place),
        "smol" => judged::<Smol>(case, &place),
        _ => panic!("no such backend: {on}"),
    };
    for complaint in &complaints {
        println!("{complaint}");
    }
    Some(match complaints.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What the process has at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
}

fn judged<B: Backend>(case: &Case, place: &Path) -> Vec<String> {
    // What a backend starts once in a process is there before anything is counted.
    if B::NAME == "smol" {
        drop(start::<B>());
        thread::sleep(Duration::from_millis(50));
    }
    let before = held();
    let owner = (case.doing != Doing::Start).then(start::<B>);
    let mut complaints = match &owner {
        Some(owner) => {
            let came = doing::all::<B>(case.doing, owner, place);
            let mut complaints = of_results(case, &came);
            complaints.extend(of_rest());
            complaints
        }
        None => of_results(case, &doing::starts::<B>()),
    };
    drop(owner);
    complaints.extend(of_what_is_left(before));
    complaints
}

fn start<B: Backend>() -> B::Owner {
    B::start(&doing::setup()).expect("no call of a start fails in this case")
}

/// Whether its user was told what he must be.
fn of_results(case: &Case, came: &[io::Result<()>]) -> Vec<String> {
    let expected = io::Error::from(case.errno).kind();
    let errors: Vec<_> = came.iter().filter_map(|one| one.as_ref().err()).collect();
    let mut complaints = Vec::new();
    match case.expect {
        Expect::Hidden => {
            let one = |error: &&io::Error| format!("told, and there is another way: {error}");
            complaints.extend(errors.first().map(one));
        }
        Expect::Told => {
            if errors.is_empty() {
                complaints.push("calls failed, and nobody was told".to_owned());
            }
            let other = errors.iter().find(|error| error.kind() != expected);
            let one = |error: &&io::Error| format!("{expected:?} was to come, and came: {error:?}");
            complaints.extend(other.map(one));
            // Each thread counts its calls anew, so the last attempt may be one that fails.
            let after = came.iter().skip_while(|one| one.is_ok());
            if after.clone().next().is_some() && after.clone().all(Result::is_err) {
                complaints.push("it did not recover".to_owned());
            }
        }
    }
    complaints
}

/// Whether it rests once there is nothing to do.
fn of_rest() -> Option<String> {
    const REST: Duration = Duration::from_millis(300);
    let before = processor_time();
    thread::sleep(REST);
    let used = processor_time() - before;
    (used > REST / 3).then(|| format!("busy for {used:?} of {REST:?} with nothing to do"))
}

/// Whether descriptors and threads are back where they were, after some time at most.
fn of_what_is_left(before: Held) -> Option<String> {
    const LIMIT: Duration = Duration::from_secs(5);
    let start = Instant::now();
    loop {
        let now = held();
        if now.descriptors <= before.descriptors && now.threads <= before.threads {
            return None;
        }
        if start.elapsed() > LIMIT {
            return Some(format!("{before:?} before, and {now:?} are left"));
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn held() -> Held {
    let count = |folder| fs::read_dir(folder).expect("this is Linux").count();
    Held {
        descriptors: count("/proc/self/fd"),
        threads: count("/proc/self/task"),
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
