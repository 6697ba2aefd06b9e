//! Operations as std makes them: [`Stds`]. Line by line what `ours.rs` is.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};

use super::op::{FILES, Flags, Op};
use super::{Outcome, outcome};

/// A folder, and the files that are open in it.
pub(super) struct Stds {
    folder: PathBuf,
    files: [Option<File>; FILES],
}

impl Stds {
    pub(super) fn new(folder: &Path) -> Self {
        Stds {
            folder: folder.to_owned(),
            files: [const { None }; FILES],
        }
    }

    /// Makes one operation; `None` if it is on a file that is not open.
    pub(super) fn run(&mut self, op: &Op) -> Option<Outcome> {
        let at = |name: &str| self.folder.join(name);
        Some(match op {
            Op::Open(file, name, flags) => {
                self.files[*file] = None;
                let opened = options(*flags).open(at(name));
                outcome(opened.map(|opened| self.files[*file] = Some(opened)))
            }
            Op::Close(file) => {
                drop(self.files[*file].take()?);
                outcome(Ok(()))
            }
            Op::Read(file, n) => outcome(read(self.files[*file].as_mut()?, *n)),
            // Nothing is passed on of an empty buffer (L088), whatever the file may do.
            Op::Write(file, bytes) | Op::WriteAt(file, bytes, _) if bytes.is_empty() => {
                outcome(self.files[*file].as_ref().map(|_| Ok(0))?)
            }
            Op::Write(file, bytes) => outcome(self.files[*file].as_mut()?.write(bytes)),
            Op::ReadAt(file, n, offset) => {
                let mut buf = vec![0; *n];
                let read = self.files[*file].as_ref()?.read_at(&mut buf, *offset);
                outcome(read.map(|n| buf[..n].to_vec()))
            }
            Op::WriteAt(file, bytes, offset) => {
                outcome(self.files[*file].as_ref()?.write_at(bytes, *offset))
            }
            Op::Seek(file, to) => outcome(self.files[*file].as_mut()?.seek(*to)),
            Op::SetLen(file, len) => outcome(self.files[*file].as_ref()?.set_len(*len)),
            Op::Len(file) => {
                let metadata = self.files[*file].as_ref()?.metadata();
                outcome(metadata.map(|metadata| metadata.len()))
            }
            Op::Sync(file) => outcome(self.files[*file].as_ref()?.sync_all()),
            _ => on_path(&self.folder, op),
        })
    }

    /// Where the cursors of the open files stand.
    pub(super) fn cursors(&mut self) -> Vec<Option<u64>> {
        let files = self.files.iter_mut();
        files
            .map(|file| file.as_mut()?.stream_position().ok())
            .collect()
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

fn read(file: &mut File, n: usize) -> io::Result<Vec<u8>> {
    // In the pieces that the other side asks for: the system may refuse one for its length.
    let (mut buf, mut total) = (vec![0; n], 0);
    while total < n {
        match file.read(&mut buf[total..])? {
            0 => break,
            n => total += n,
        }
    }
    buf.truncate(total);
    Ok(buf)
}

/// An operation on paths below a folder.
pub(super) fn on_path(folder: &Path, op: &Op) -> Outcome {
    let at = |name: &str| folder.join(name);
    match op {
        Op::ReadFile(name) => outcome(fs::read(at(name))),
        Op::WriteFile(name, bytes) => outcome(fs::write(at(name), bytes)),
        Op::Copy(from, to) => outcome(fs::copy(at(from), at(to))),
        Op::Rename(from, to) => outcome(fs::rename(at(from), at(to))),
        Op::HardLink(from, to) => outcome(fs::hard_link(at(from), at(to))),
        Op::Symlink(from, to) => outcome(symlink(from, at(to))),
        Op::ReadLink(name) => outcome(fs::read_link(at(name))),
        Op::RemoveFile(name) => outcome(fs::remove_file(at(name))),
        Op::CreateDir(name, true) => outcome(fs::create_dir_all(at(name))),
        Op::CreateDir(name, false) => outcome(fs::create_dir(at(name))),
        Op::RemoveDir(name, true) => outcome(fs::remove_dir_all(at(name))),
        Op::RemoveDir(name, false) => outcome(fs::remove_dir(at(name))),
        Op::ReadDir(name) => outcome(entries(&at(name))),
        Op::Metadata(name, follow) => {
            let metadata = match follow {
                true => fs::metadata(at(name)),
                false => fs::symlink_metadata(at(name)),
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

fn entries(path: &Path) -> io::Result<Vec<(OsString, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        names.push((entry.file_name(), entry.file_type()?.is_dir()));
    }
    names.sort();
    Ok(names)
}

/// Every name below the folder, in order, with what a file holds.
pub(super) fn everything(folder: &Path) -> io::Result<Vec<(PathBuf, Option<Vec<u8>>)>> {
    let mut all = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let kind = path.symlink_metadata()?.file_type();
            if kind.is_dir() {
                left.push(path.clone());
            }
            let bytes = kind.is_file().then(|| fs::read(&path)).transpose()?;
            let name = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            all.push((name, bytes));
        }
    }
    all.sort();
    Ok(all)
}
