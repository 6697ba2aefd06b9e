//! Operations as the runtime under test makes them: [`Ours`].

use std::io;
use std::path::{Path, PathBuf};

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, OpenOptions};

use super::op::{FILES, Flags, Op};
use super::{Outcome, outcome};

/// A folder, and the files that are open in it.
pub(super) struct Ours<R: Runtime> {
    rt: R,
    folder: PathBuf,
    files: [Option<File<R>>; FILES],
}

impl<R: Runtime> Ours<R> {
    pub(super) fn new(folder: &Path, rt: &R) -> Self {
        Ours {
            rt: rt.clone(),
            folder: folder.to_owned(),
            files: [const { None }; FILES],
        }
    }

    /// Makes one operation; `None` if it is on a file that is not open.
    pub(super) async fn run(&mut self, op: &Op) -> Option<Outcome> {
        let at = |name: &str| self.folder.join(name);
        let rt = &self.rt;
        Some(match op {
            Op::Open(file, name, flags) => {
                // Closed before, as an assignment of std's closes it after.
                self.files[*file] = None;
                let opened = options(*flags).open_in(at(name), rt).await;
                outcome(opened.map(|opened| self.files[*file] = Some(opened)))
            }
            Op::Close(file) => {
                drop(self.files[*file].take()?);
                outcome(Ok(()))
            }
            Op::Read(file, n) => outcome(read(self.files[*file].as_ref()?, *n).await),
            Op::Write(file, bytes) => outcome(self.files[*file].as_ref()?.write(bytes).await),
            Op::ReadAt(file, n, offset) => {
                let mut buf = vec![0; *n];
                let read = self.files[*file].as_ref()?.read_at(&mut buf, *offset).await;
                outcome(read.map(|n| buf[..n].to_vec()))
            }
            Op::WriteAt(file, bytes, offset) => {
                outcome(self.files[*file].as_ref()?.write_at(bytes, *offset).await)
            }
            Op::Seek(file, to) => outcome(self.files[*file].as_ref()?.seek(*to).await),
            Op::SetLen(file, len) => outcome(self.files[*file].as_ref()?.set_len(*len).await),
            Op::Len(file) => {
                let metadata = self.files[*file].as_ref()?.metadata().await;
                outcome(metadata.map(|metadata| metadata.len()))
            }
            Op::Sync(file) => outcome(self.files[*file].as_ref()?.sync_all().await),
            _ => on_path(&self.folder, op, rt).await,
        })
    }

    /// Where the cursors of the open files stand.
    pub(super) async fn cursors(&self) -> Vec<Option<u64>> {
        let mut all = Vec::new();
        for file in &self.files {
            all.push(match file {
                Some(file) => file.stream_position().await.ok(),
                None => None,
            });
        }
        all
    }
}

fn options(flags: Flags) -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .read(flags.read)
        .write(flags.write)
        .append(flags.append);
    options.truncate(flags.truncate);
    options.create(flags.create).create_new(flags.create_new);
    options
}

/// Reads until the buffer is full or the file ends: one read may always give less.
async fn read<R: Runtime>(file: &File<R>, n: usize) -> io::Result<Vec<u8>> {
    let mut buf = vec![0; n];
    let mut total = 0;
    while total < n {
        match file.read(&mut buf[total..]).await? {
            0 => break,
            n => total += n,
        }
    }
    buf.truncate(total);
    Ok(buf)
}

/// An operation on paths below a folder.
pub(super) async fn on_path<R: Runtime>(folder: &Path, op: &Op, rt: &R) -> Outcome {
    let at = |name: &str| folder.join(name);
    match op {
        Op::ReadFile(name) => outcome(fs::read_in(at(name), rt).await),
        Op::WriteFile(name, bytes) => outcome(fs::write_in(at(name), bytes, rt).await),
        Op::Copy(from, to) => outcome(fs::copy_in(at(from), at(to), rt).await),
        Op::Rename(from, to) => outcome(fs::rename_in(at(from), at(to), rt).await),
        Op::HardLink(from, to) => outcome(fs::hard_link_in(at(from), at(to), rt).await),
        Op::Symlink(from, to) => outcome(fs::symlink_in(from, at(to), rt).await),
        Op::ReadLink(name) => outcome(fs::read_link_in(at(name), rt).await),
        Op::RemoveFile(name) => outcome(fs::remove_file_in(at(name), rt).await),
        Op::CreateDir(name, true) => outcome(fs::create_dir_all_in(at(name), rt).await),
        Op::CreateDir(name, false) => outcome(fs::create_dir_in(at(name), rt).await),
        Op::RemoveDir(name, true) => outcome(fs::remove_dir_all_in(at(name), rt).await),
        Op::RemoveDir(name, false) => outcome(fs::remove_dir_in(at(name), rt).await),
        Op::ReadDir(name) => outcome(entries(&at(name), rt).await),
        Op::Metadata(name, follow) => {
            let metadata = match follow {
                true => fs::metadata_in(at(name), rt).await,
                false => fs::symlink_metadata_in(at(name), rt).await,
            };
            outcome(metadata.map(|it| {
                let len = if it.is_file() { it.len() } else { 0 };
                (
                    it.is_dir(),
                    it.is_symlink(),
                    it.permissions().readonly(),
                    len,
                )
            }))
        }
        on_file => unreachable!("{on_file:?} is on a file"),
    }
}

/// The names in a folder, in order, each with whether it is a folder.
pub(super) async fn entries<R: Runtime>(
    path: &Path,
    rt: &R,
) -> io::Result<Vec<(std::ffi::OsString, bool)>> {
    let mut entries = fs::read_dir_in(path, rt).await?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        names.push((entry.file_name(), entry.file_type().await?.is_dir()));
    }
    names.sort();
    Ok(names)
}
