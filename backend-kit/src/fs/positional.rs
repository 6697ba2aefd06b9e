//! Reads and writes of a std file on a thread that may block: at the cursor, or at a position.
//!
//! None of them answers `Interrupted`, nor `WouldBlock` where somebody made the file non-blocking.

use std::fs::File;
use std::io::{self, Read, Write};

use super::system::{self, Until};

pub(super) fn read(mut file: &File, buf: &mut [u8]) -> io::Result<usize> {
    insist(file, Until::Readable, || file.read(buf))
}

pub(super) fn write(mut file: &File, buf: &[u8]) -> io::Result<usize> {
    insist(file, Until::Writable, || file.write(buf))
}

pub(super) fn write_all(file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(file, bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => bytes = &bytes[n..],
        }
    }
    Ok(())
}

pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    insist(file, Until::Readable, || system::read_at(file, buf, offset))
}

pub(super) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    insist(file, Until::Writable, || {
        system::write_at(file, buf, offset)
    })
}

fn insist(
    file: &File,
    until: Until,
    mut call: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                system::wait_until_ready(file, until, error)?;
            }
            answer => return answer,
        }
    }
}
