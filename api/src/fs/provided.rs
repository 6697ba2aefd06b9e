//! The bodies of the provided methods of [`AsyncFs`] and [`RawFile`], over their primitives.
//!
//! What they write is not charged to the budget step by step: a forced yield between two of them
//! would be a place where the future may be dropped (`L153`). Whoever calls charges the whole.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::{AsyncFs, File, OpenFlags, RawFile};
use crate::io::{Direction, waiting};

/// The memory that a copy goes through.
const STEP: usize = 64 * 1024;

pub(super) async fn read_file<R: AsyncFs>(rt: &R, path: &Path) -> io::Result<Vec<u8>> {
    let file = File::<R>::from_raw(rt.open_file(path, &to_read()).await?);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

pub(super) async fn write_file<R: AsyncFs>(
    rt: &R,
    path: &Path,
    contents: Vec<u8>,
) -> io::Result<()> {
    let file = rt.open_file(path, &to_replace()).await?;
    write_all_at(&file, &contents, 0).await
}

pub(super) async fn copy_file<R: AsyncFs>(rt: &R, from: &Path, to: &Path) -> io::Result<u64> {
    let from = rt.open_file(from, &to_read()).await?;
    let known = from.file_metadata().await?;
    if !known.is_file() {
        let text = "what is copied is a file, or a link to one";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    let mut flags = to_replace();
    flags.mode = known.permissions().mode();
    let to = rt.open_file(to, &flags).await?;
    to.set_file_permissions(known.permissions()).await?;
    let (mut step, mut n_copied) = (vec![0; STEP], 0);
    loop {
        match from.read_at(&mut step, n_copied).await? {
            0 => return Ok(n_copied),
            n => {
                write_all_at(&to, &step[..n], n_copied).await?;
                n_copied += n as u64;
            }
        }
    }
}

pub(super) async fn write_owned<F: RawFile>(file: &F, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let written = waiting(file, Direction::Write, |file, cx, wait| {
            file.poll_write(cx, wait, rest)
        });
        match written.await? {
            0 => return Err(ErrorKind::WriteZero.into()),
            n => rest = &rest[n..],
        }
    }
    Ok(bytes)
}

async fn write_all_at<F: RawFile>(file: &F, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset).await? {
            0 => return Err(ErrorKind::WriteZero.into()),
            n => {
                bytes = &bytes[n..];
                offset += n as u64;
            }
        }
    }
    Ok(())
}

fn to_read() -> OpenFlags {
    OpenFlags {
        read: true,
        ..OpenFlags::default()
    }
}

/// What is there is emptied; what is not is made.
fn to_replace() -> OpenFlags {
    OpenFlags {
        write: true,
        create: true,
        truncate: true,
        ..OpenFlags::default()
    }
}
