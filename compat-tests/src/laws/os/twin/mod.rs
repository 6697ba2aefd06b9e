//! L141 and L156: the same operations on a twin folder with `std::fs`, and the same outcomes.
//!
//! ```text
//!   op.rs    operations, drawn at random
//!   ours.rs  makes them with the runtime under test       stds.rs  makes them with std
//! ```
//!
//! A sequence with other outcomes is made shorter until nothing can be left out, and is printed
//! with the seed that finds it again.

mod op;
mod ours;
mod stds;

use std::ffi::OsStr;
use std::fmt::Debug;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use anyrt_api::fs;
use anyrt_api::{BlockOn, Runtime};
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::op::{Op, any_op};
use self::ours::Ours;
use self::stds::Stds;
use crate::chance::seed;
use crate::harness::scratch_folder;
use crate::scratch::folder;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l141_any_sequence_is_as_in_std in lab).limit(
            Duration::from_secs(60),
            "a sequence that is wrong is made shorter",
        ),
        law!(l156_odd_paths_work),
        law!(l156_bad_paths_as_std_has_them),
    ]
}

/// What an operation said: its result in words, or the kind and number of its error.
type Outcome = Result<String, (ErrorKind, Option<i32>)>;

fn outcome<T: Debug>(result: io::Result<T>) -> Outcome {
    let error = |error: io::Error| {
        // Where std refuses by itself it has no number, or one that differs between its versions.
        let number = error.raw_os_error();
        let number = number.filter(|_| error.kind() != ErrorKind::InvalidInput);
        (error.kind(), number)
    };
    result.map(|value| format!("{value:?}")).map_err(error)
}

/// Makes each operation in both folders, and holds outcomes, cursors and at the end all files
/// against each other.
async fn both<R: Runtime>(ops: &[Op], rt: &R) -> Result<(), TestCaseError> {
    let [our_folder, std_folder] = [scratch_folder(), scratch_folder()];
    for folder in [&our_folder, &std_folder] {
        std::fs::create_dir_all(folder)?;
    }
    let (mut ours, mut stds) = (Ours::new(&our_folder, rt), Stds::new(&std_folder));
    for (i, op) in ops.iter().enumerate() {
        let (our, std) = (ours.run(op).await, stds.run(op));
        differ(&our, &std, || format!("operation {i}, {op:?}"))?;
        let (our, std) = (ours.cursors().await, stds.cursors());
        differ(&our, &std, || {
            format!("the cursors after operation {i}, {op:?}")
        })?;
    }
    let all = [&our_folder, &std_folder].map(|folder| stds::everything(folder));
    let [our, std] = all;
    differ(&our?, &std?, || "the files".into())?;
    std::fs::remove_dir_all(our_folder)?;
    std::fs::remove_dir_all(std_folder)?;
    Ok(())
}

fn differ<T: PartialEq + Debug>(
    our: &T,
    std: &T,
    what: impl FnOnce() -> String,
) -> Result<(), TestCaseError> {
    match our == std {
        true => Ok(()),
        false => {
            let text = format!("{}: {our:?}, and std's: {std:?}", what());
            Err(TestCaseError::fail(text))
        }
    }
}

/// L141: Any sequence of operations, on paths and on several open files, gives the results, the
/// error kinds and numbers, the cursors and the files that std gives.
fn l141_any_sequence_is_as_in_std<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let seed = seed(&rt);
    let config = Config {
        cases: 100,
        failure_persistence: None,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let ran = runner.run(&vec(any_op(), 1..80), |ops| owner.block_on(both(&ops, &rt)));
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(why, ops)) => panic!("{why}\nof these operations: {ops:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// L156: Paths that are not UTF-8 work.
async fn l156_odd_paths_work<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let odd = folder.join(OsStr::from_bytes(b"not utf-8 \xff\xfe"));
    fs::write_in(&odd, b"odd", &rt).await.expect("written");
    assert_eq!(std::fs::read(&odd).expect("std finds it"), b"odd");
    let listed = ours::entries(&folder, &rt).await.expect("listed");
    let name = odd.file_name().expect("a name").to_owned();
    assert_eq!(listed, [(name, false)]);
    fs::remove_file_in(&odd, &rt).await.expect("removed");
}

/// L156: Bad paths give std's kinds.
async fn l156_bad_paths_as_std_has_them<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    std::fs::write(folder.join("file"), b"").expect("written");
    std::os::unix::fs::symlink("loop", folder.join("loop")).expect("a link to itself");
    let bad = [
        "none",
        "file/below",
        "loop",
        "nul\0inside",
        LONG,
        "file/",
        "none/x",
    ];
    for path in bad {
        let below = "none/deep";
        // Those that leave everything as it is.
        let ops = [
            Op::ReadFile(path),
            Op::Rename(path, below),
            Op::Copy(path, below),
            Op::ReadDir(path),
            Op::ReadLink(path),
            Op::Metadata(path, true),
            Op::HardLink(path, below),
            Op::RemoveDir(path, false),
        ];
        for op in ops {
            let (our, std) = (
                ours::on_path(&folder, &op, &rt).await,
                stds::on_path(&folder, &op),
            );
            assert_eq!(our, std, "{op:?}");
        }
    }
    for op in [
        Op::ReadFile(""),
        Op::WriteFile("", vec![1]),
        Op::CreateDir("", true),
        Op::CreateDir("", false),
        Op::Rename("", "none"),
        Op::RemoveFile(""),
        Op::Metadata("", true),
    ] {
        let nowhere = Path::new("");
        let (our, std) = (
            ours::on_path(nowhere, &op, &rt).await,
            stds::on_path(nowhere, &op),
        );
        assert_eq!(our, std, "{op:?}");
    }
}

/// A name longer than a file system's longest.
const LONG: &str = match str::from_utf8(&[b'x'; 300]) {
    Ok(name) => name,
    Err(_) => unreachable!(),
};
