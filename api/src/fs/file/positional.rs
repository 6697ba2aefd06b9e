//! Reads and writes at an offset, which move no cursor: `std::os::unix::fs::FileExt`.

use std::io;

use super::File;
use crate::AsyncFs;
use crate::budget::charged;
use crate::fs::RawFile;

impl<R: AsyncFs> File<R> {
    /// Reads some bytes at `offset`: `std::os::unix::fs::FileExt::read_at`. Any number of them may
    /// be under way at once.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let raw = self.as_raw();
        let read = async {
            match raw.try_read_at(buf, offset) {
                Some(answer) => answer,
                None => raw.read_at(buf, offset).await,
            }
        };
        charged(read).await
    }

    /// Fills `buf` from `offset` on: `std::os::unix::fs::FileExt::read_exact_at`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends before; as [`read_at`](Self::read_at).
    ///
    /// # Cancel safety
    ///
    /// Safe, but what was read is in `buf` alone.
    pub async fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    buf = &mut buf[n..];
                    offset += n as u64;
                }
            }
        }
        Ok(())
    }

    /// Writes some bytes of `buf` at `offset`: `std::os::unix::fs::FileExt::write_at`.
    ///
    /// In a file that was opened to append, Linux appends them, as in std.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// A prefix may be written; later operations come after it, and its error, if it has one, is
    /// returned by the next write, flush or sync.
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        charged(self.as_raw().write_at(buf, offset)).await
    }

    /// Writes all of `buf` from `offset` on: `std::os::unix::fs::FileExt::write_all_at`.
    ///
    /// # Errors
    ///
    /// `WriteZero` if the file takes no more; as [`write_at`](Self::write_at).
    ///
    /// # Cancel safety
    ///
    /// Not safe: how much was written is not known.
    pub async fn write_all_at(&self, mut buf: &[u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write_at(buf, offset).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => {
                    buf = &buf[n..];
                    offset += n as u64;
                }
            }
        }
        Ok(())
    }
}
