//! Linux: `preadv2` with `RWF_NOWAIT`, and `openat2` with `RESOLVE_CACHED`. Whole files are read in
//! `whole.rs`, under the same guards.
//!
//! # What guards them
//!
//! Linux 5.9 and 5.10 answer such reads short and with a false end of file (met by tokio 1.6.0,
//! which took its inline reads back: tokio#3518, #3803). So: older kernels are not asked at all; a
//! zero is believed only at or beyond the file's size; a read that ends where a page that is not in
//! memory begins is left to the pool as a whole, since std's would have gone on (`L141`); whatever
//! says "not here" (no support, a seccomp filter) is remembered for that file; an I/O error is left
//! to the pool, which meets it again if it is real.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyrt_api::fs::OpenFlags;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, SeekFrom};
use rustix::io::{Errno, ReadWriteFlags};

use super::MOST;

/// The first kernel whose answers are believed.
const TRUSTED: (u32, u32) = (5, 12);

/// Means "at the cursor, which moves" to `preadv2`.
const AT_CURSOR: u64 = u64::MAX;

/// What one file is known to answer.
#[derive(Debug)]
pub(crate) struct Inline {
    /// Set once the file said that it cannot read without waiting, and where no kernel is believed.
    refused: AtomicBool,
}

impl Default for Inline {
    fn default() -> Self {
        Inline {
            refused: AtomicBool::new(!kernel_is_trusted()),
        }
    }
}

impl Inline {
    #[cfg(test)]
    pub(crate) fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// Reads at `offset`, or at the cursor, which moves then; `None` means "ask the pool".
    #[inline]
    pub(crate) fn read(
        &self,
        file: &File,
        buf: &mut [u8],
        offset: Option<u64>,
    ) -> Option<io::Result<usize>> {
        // Relaxed: a thread that does not see it asks the file once more, and is told again.
        if self.refused.load(Ordering::Relaxed) {
            return None;
        }
        let offset_or_cursor = match offset {
            Some(offset) => offset,
            None => AT_CURSOR,
        };
        if offset.is_some_and(|offset| i64::try_from(offset).is_err()) {
            return None;
        }
        let most = buf.len().min(MOST);
        match read_cached(file, &mut buf[..most], offset_or_cursor) {
            Ok(n) if n == most => Some(Ok(n)),
            answer => self.weigh(file, answer, most, offset),
        }
    }

    /// An answer that is an error, or fewer bytes than were asked for.
    #[cold]
    fn weigh(
        &self,
        file: &File,
        answer: Result<usize, Errno>,
        most: usize,
        offset: Option<u64>,
    ) -> Option<io::Result<usize>> {
        match answer {
            Ok(0) if most > 0 => is_at_end(file, offset).then_some(Ok(0)),
            Ok(n) if n < most && is_cut_short(file, offset, n) => None,
            Ok(n) => Some(Ok(n)),
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => None,
            Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS | Errno::PERM) => {
                self.refused.store(true, Ordering::Relaxed);
                None
            }
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// Reads what the page cache has at `offset`, or at [`AT_CURSOR`].
#[inline]
pub(super) fn read_cached(file: &File, buf: &mut [u8], offset: u64) -> Result<usize, Errno> {
    rustix::io::preadv2(
        file,
        &mut [IoSliceMut::new(buf)],
        offset,
        ReadWriteFlags::NOWAIT,
    )
}

/// Opens a regular file that is there, if the kernel finds its name without waiting.
///
/// Any trouble means "ask the pool", whose error is the true one.
pub(crate) fn open(path: &Path, flags: &OpenFlags) -> Option<File> {
    if flags.create || flags.create_new || flags.truncate || flags.custom_flags != 0 {
        return None;
    }
    let access = match (flags.read, flags.write || flags.append) {
        (true, false) => OFlags::RDONLY,
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (false, false) => return None,
    };
    let append = if flags.append {
        OFlags::APPEND
    } else {
        OFlags::empty()
    };
    let file = open_regular(path, access | append)?;
    // It was needed for a lease that is being broken; std's files have it not.
    rustix::fs::fcntl_setfl(&file, append).ok()?;
    Some(file)
}

/// Opens `path` if it is a regular file and its name is cached.
///
/// It is looked at first: opening a pipe or a device would do something already, and where nobody
/// reads from it at once, one that is open and one that is being opened differ.
fn open_regular(path: &Path, flags: OFlags) -> Option<File> {
    regular_len(open_cached(path, OFlags::PATH)?)?;
    let opened = open_cached(path, flags | OFlags::NONBLOCK)?;
    regular_len(&opened)?;
    Some(opened)
}

/// Opens `path`, whatever it is, if its name is cached. With `NONBLOCK`, which does not go with
/// `PATH`, it does not wait for what it opens either.
pub(super) fn open_cached(path: &Path, flags: OFlags) -> Option<File> {
    if !kernel_is_trusted() {
        return None;
    }
    let flags = flags | OFlags::CLOEXEC;
    let opened = rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED);
    opened.ok().map(File::from)
}

/// The length of a regular file; `None` for anything else.
fn regular_len(file: impl AsFd) -> Option<u64> {
    let stat = rustix::fs::fstat(file).ok()?;
    let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    is_regular.then_some(stat.st_size as u64)
}

/// Every size of a page is a multiple of this.
pub(super) const PAGE: u64 = 4096;

/// True if a read at `offset` that gave `n` bytes ended at a page, before the file's end. Then one
/// at the cursor has not taken place: the cursor is where it was.
///
/// Costs a system call or two, where fewer bytes came than were asked for.
fn is_cut_short(file: &File, offset: Option<u64>, n: usize) -> bool {
    let n = n as u64;
    let end = match offset {
        Some(offset) => Ok(offset + n),
        None => rustix::fs::tell(file),
    };
    let Ok(end) = end else {
        return false;
    };
    if end % PAGE != 0 || regular_len(file).is_none_or(|len| end >= len) {
        return false;
    }
    let back = SeekFrom::Start(end.saturating_sub(n));
    offset.is_some() || rustix::fs::seek(file, back).is_ok()
}

/// True if a read at `offset`, or at the cursor, that gave no byte is at the file's end.
fn is_at_end(file: &File, offset: Option<u64>) -> bool {
    let position = match offset {
        Some(offset) => Ok(offset),
        None => rustix::fs::tell(file),
    };
    regular_len(file).is_some_and(|len| position.is_ok_and(|at| at >= len))
}

/// A fact of the machine, asked for once.
fn kernel_is_trusted() -> bool {
    static TRUST: OnceLock<bool> = OnceLock::new();
    *TRUST.get_or_init(|| {
        let name = rustix::system::uname();
        version(&name.release().to_string_lossy()).is_some_and(|version| version >= TRUSTED)
    })
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    #[test]
    fn kernel_versions_are_compared_as_numbers() {
        assert_eq!(version("5.10.0-28-amd64"), Some((5, 10)));
        assert_eq!(version("6.18.44-fc"), Some((6, 18)));
        assert_eq!(version("5.4-rc1"), Some((5, 4)));
        assert_eq!(version("unknown"), None);
        assert!(version("5.9.1") < Some(TRUSTED) && version("10.0.0") > Some(TRUSTED));
    }

    #[test]
    fn a_zero_below_the_size_is_not_believed() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(b"abc").expect("room for three bytes");
        assert!(is_at_end(&file, None));
        assert!(is_at_end(&file, Some(3)) && is_at_end(&file, Some(9)));
        assert!(!is_at_end(&file, Some(2)));
        file.rewind().expect("a file is seekable");
        assert!(!is_at_end(&file, None));
    }

    #[test]
    fn a_read_up_to_a_page_that_is_not_there_is_left_to_the_pool() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(&[7; 12_288]).expect("room for three pages");
        file.sync_all().expect("it is on the disk");
        let rest = std::num::NonZeroU64::new(4096);
        rustix::fs::fadvise(&file, 8192, rest, rustix::fs::Advice::DontNeed).expect("advice");
        for offset in [None, Some(100)] {
            let at = offset.unwrap_or(100);
            file.seek(io::SeekFrom::Start(100))
                .expect("a file is seekable");
            let read = Inline::default().read(&file, &mut [0; 20_000], offset);
            let all = read.map(|read| read.expect("no error"));
            assert!(
                matches!(all, None | Some(12_188)),
                "at {at} it read a part: {all:?}"
            );
            let moved = if offset.is_none() {
                all.unwrap_or(0)
            } else {
                0
            };
            let cursor = file.stream_position().expect("a file is seekable");
            assert_eq!(cursor, 100 + moved as u64);
        }
    }

    #[test]
    fn a_zero_of_what_is_no_regular_file_is_not_believed() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(writer);
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        assert!(Inline::default().read(&file, &mut [0; 4], None).is_none());
    }

    #[test]
    fn what_cannot_answer_at_once_is_asked_once() {
        // A file of /proc cannot.
        let file = File::open("/proc/self/status").expect("proc is mounted");
        let inline = Inline::default();
        assert!(inline.read(&file, &mut [0; 16], None).is_none());
        assert!(inline.refused.load(Ordering::Relaxed));
    }

    #[test]
    fn only_regular_files_are_opened_inline() {
        let mut read = OpenFlags::default();
        read.read = true;
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        // Not while a name is changed anywhere, so it may take several attempts.
        assert!((0..100).any(|_| open(file.path(), &read).is_some()));
        assert!(open(Path::new("/dev/null"), &read).is_none());
        assert!(open(Path::new("/"), &read).is_none());
        assert!(open(Path::new("/nowhere/at/all"), &read).is_none());
    }
}
