//! Mutants of operations on paths: L141, L142, L153 to L158 and L162.

use std::fs as std_fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

use anyrt_api::fs::{OpenFlags, RawDirEntry};
use anyrt_api::{AsyncFs, Timer};

use crate::backend::{Doing, Entry, File, Folder, Sick, locked};
use crate::mutant::Mutant;

mutants! {
    RemovesFullFolders: l141_a_files_life => Broken;
    OpensWithoutANumber: l142_errors_keep_their_number => Broken;
    OpensWithoutANumber: l189_without_descriptors_operations_say_so => Broken;
    WritesInTwoSteps: l153_a_dropped_operation_is_whole_or_none => Broken;
    WritesInTwoSteps: l161_a_write_under_way_is_waited_for => Broken;
    MissesBelowAFile: l156_kinds_of_bad_paths => Broken;
    ReadsPathsAsText: l156_odd_paths_work => Broken;
    TrimsPaths: l156_bad_paths_as_std_has_them => Broken;
    RepeatsAnEntry: l157_each_entry_comes_once => Broken;
    SkipsAfterARemoval: l157_deleting_while_reading => Broken;
    LeaksAFolder: l157_a_dropped_folder_is_closed => Broken;
    LooksAndThenMakes: l158_create_new_succeeds_for_one => Broken;
    RemovesAndThenRenames: l158_rename_replaces_at_once => Broken;
    OpensOnMoreThreads: l162_ten_thousand_opens_at_once => Broken;
}

/// A pause in the middle of an operation.
async fn pause(rt: &Sick) {
    let later = rt.native.now() + Duration::from_millis(1);
    rt.native.sleep_until(later).await;
}

/// `remove_dir` removes a folder that is not empty.
#[derive(Default)]
struct RemovesFullFolders;

impl Mutant for RemovesFullFolders {
    fn remove_dir<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, ()> {
        Box::pin(rt.native.remove_dir_all(path))
    }
}

/// An open that fails tells the kind of its error alone.
#[derive(Default)]
struct OpensWithoutANumber;

impl Mutant for OpensWithoutANumber {
    fn open_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, flags: &OpenFlags) -> Doing<'a, File> {
        let flags = flags.clone();
        Box::pin(async move {
            let opened = rt.native.open_file(path, &flags).await;
            Ok(File::new(opened.map_err(|error| error.kind())?, rt))
        })
    }
}

/// A large file is written in two steps, of which the second needs another poll.
#[derive(Default)]
struct WritesInTwoSteps;

impl Mutant for WritesInTwoSteps {
    fn write_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, bytes: Vec<u8>) -> Doing<'a, ()> {
        Box::pin(async move {
            if bytes.len() >= 20_000 {
                std_fs::write(path, &bytes[..10_000])?;
                pause(rt).await;
            }
            rt.native.write_file(path, bytes).await
        })
    }
}

/// What would be below a file is not found.
#[derive(Default)]
struct MissesBelowAFile;

impl Mutant for MissesBelowAFile {
    fn open_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, flags: &OpenFlags) -> Doing<'a, File> {
        let flags = flags.clone();
        Box::pin(async move {
            let opened = rt.native.open_file(path, &flags).await;
            let opened = opened.map_err(|error| match error.kind() {
                ErrorKind::NotADirectory => io::Error::from(ErrorKind::NotFound),
                _ => error,
            });
            Ok(File::new(opened?, rt))
        })
    }
}

/// The path of a file that is written is taken for text.
#[derive(Default)]
struct ReadsPathsAsText;

impl Mutant for ReadsPathsAsText {
    fn write_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, bytes: Vec<u8>) -> Doing<'a, ()> {
        let text = path.to_string_lossy().into_owned();
        Box::pin(async move { rt.native.write_file(Path::new(&text), bytes).await })
    }
}

/// A file is read though its path ends as a folder's.
#[derive(Default)]
struct TrimsPaths;

impl Mutant for TrimsPaths {
    fn read_file<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, Vec<u8>> {
        let trimmed: PathBuf = path.components().collect();
        Box::pin(async move { rt.native.read_file(&trimmed).await })
    }
}

/// The first entry of a folder comes twice.
#[derive(Default)]
struct RepeatsAnEntry(Mutex<Option<RawDirEntry>>);

impl Mutant for RepeatsAnEntry {
    fn next_entry(&self, folder: &mut Folder, cx: &mut Context<'_>) -> Entry {
        if let Some(again) = locked(&self.0).take() {
            return Poll::Ready(Some(Ok(again)));
        }
        let entry = ready!(folder.poll_raw(cx));
        if let (false, Some(Ok(first))) = (folder.notes.mark(), &entry) {
            *locked(&self.0) = Some(first.clone());
        }
        Poll::Ready(entry)
    }
}

/// After a file was removed, an entry of the folder that is being read is left out.
#[derive(Default)]
struct SkipsAfterARemoval(AtomicBool);

impl Mutant for SkipsAfterARemoval {
    fn remove_file<'a>(&'a self, rt: &'a Sick, path: &'a Path) -> Doing<'a, ()> {
        self.0.store(true, Ordering::SeqCst);
        Box::pin(rt.native.remove_file(path))
    }

    fn next_entry(&self, folder: &mut Folder, cx: &mut Context<'_>) -> Entry {
        let entry = ready!(folder.poll_raw(cx));
        match self.0.swap(false, Ordering::SeqCst) {
            true => folder.poll_raw(cx),
            false => Poll::Ready(entry),
        }
    }
}

/// A folder that is dropped stays open.
#[derive(Default)]
struct LeaksAFolder;

impl Mutant for LeaksAFolder {
    fn folder_dropped(&self, folder: &mut Folder) {
        std::mem::forget(folder.raw.take());
    }
}

/// `create_new` looks whether the file is there, and then makes it.
#[derive(Default)]
struct LooksAndThenMakes;

impl Mutant for LooksAndThenMakes {
    fn open_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, flags: &OpenFlags) -> Doing<'a, File> {
        let mut flags = flags.clone();
        Box::pin(async move {
            if std::mem::take(&mut flags.create_new) {
                if path.exists() {
                    return Err(ErrorKind::AlreadyExists.into());
                }
                pause(rt).await;
                flags.create = true;
            }
            Ok(File::new(rt.native.open_file(path, &flags).await?, rt))
        })
    }
}

/// `rename` removes what it replaces, and then renames.
#[derive(Default)]
struct RemovesAndThenRenames;

impl Mutant for RemovesAndThenRenames {
    fn rename<'a>(&'a self, rt: &'a Sick, from: &'a Path, to: &'a Path) -> Doing<'a, ()> {
        Box::pin(async move {
            if from.is_file() && to.is_file() {
                std_fs::remove_file(to)?;
                pause(rt).await;
            }
            rt.native.rename(from, to).await
        })
    }
}

/// Every hundredth open has a thread of its own, which lingers.
#[derive(Default)]
struct OpensOnMoreThreads(AtomicUsize);

impl Mutant for OpensOnMoreThreads {
    fn open_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, flags: &OpenFlags) -> Doing<'a, File> {
        let flags = flags.clone();
        if self.0.fetch_add(1, Ordering::SeqCst) % 100 == 99 {
            thread::spawn(|| thread::sleep(Duration::from_secs(1)));
        }
        Box::pin(async move { Ok(File::new(rt.native.open_file(path, &flags).await?, rt)) })
    }
}
