//! Reads and writes at an offset, which move no cursor: `std::os::unix::fs::FileExt`.

use std::io;

use super::File;
use crate::AsyncFs;
use crate::budget::{AtOnce, at_once, charged, renewed};
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
        match self.try_read_at(buf, offset) {
            // Without another future, since it is what happens.
            AtOnce::Done(answer) => answer,
            tried => self.go_on_reading_at(tried, buf, offset).await,
        }
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
            let n = match self.try_read_at(buf, offset) {
                // Without another future, since it is what happens.
                AtOnce::Done(answer) => answer?,
                tried => self.go_on_reading_at(tried, buf, offset).await?,
            };
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buf = &mut buf[n..];
            offset += n as u64;
        }
        Ok(())
    }

    #[inline]
    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> AtOnce<io::Result<usize>> {
        if buf.is_empty() {
            return AtOnce::Done(Ok(0));
        }
        at_once(|| self.as_raw().try_read_at(buf, offset))
    }

    async fn go_on_reading_at(
        &self,
        mut tried: AtOnce<io::Result<usize>>,
        buf: &mut [u8],
        offset: u64,
    ) -> io::Result<usize> {
        loop {
            match tried {
                AtOnce::Done(answer) => return answer,
                AtOnce::Declined => return charged(self.as_raw().read_at(buf, offset)).await,
                AtOnce::Spent => renewed().await,
            }
            tried = self.try_read_at(buf, offset);
        }
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
