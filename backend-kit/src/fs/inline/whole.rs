//! Linux: a whole file that the page cache holds, in four system calls: open, its length, a read of
//! one byte more, close. Knows nothing of the pool, on which [`Rest`] goes on where that fails.
//!
//! # What guards it
//!
//! Those of `linux.rs`, and these. The read asks for a byte more than the file is long, so that its
//! end is seen and not taken for granted. An answer that ends inside a page ends at the file's end;
//! one that ends where a page does may have met a page that is not in memory, of a file that has
//! grown, so the length is asked for again. All else is the pool's: a file that is empty (those of
//! `/proc` say that they are), large, longer or shorter than it was, or that is none.
//!
//! What is opened may turn out to be a pipe or a device. std opens it too, and only once, so it
//! stays open and the pool goes on with it. The one thing that a worker may wait for is then a
//! device's own `open`, which `O_NONBLOCK` makes short; devices in `/dev` are left to the pool.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, SeekFrom as Whence};
use rustix::io::Errno;

use super::linux::{PAGE, open_cached, read_cached};
use super::{MOST, Whole};

/// Reads a small regular file as a whole, if it can be had without waiting.
pub(crate) fn read_whole(path: &Path) -> Whole {
    if is_named_as_device(path) {
        return Whole::Untouched;
    }
    let Some(file) = open_cached(path, OFlags::RDONLY | OFlags::NONBLOCK) else {
        return Whole::Untouched;
    };
    let len = small_len(&file).filter(|len| *len > 0);
    let whole = len.and_then(|len| read_if_as_long(&file, len));
    whole.map_or(Whole::Begun(Rest { file }), Whole::Read)
}

/// All of a cached file, if it is as long as it was found to be.
fn read_if_as_long(file: &File, len: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len + 1];
    let n = read_cached(file, &mut bytes, 0).ok()?;
    let ends_in_page = !(n as u64).is_multiple_of(PAGE);
    if n != len || !(ends_in_page || small_len(file) == Some(len)) {
        return None;
    }
    bytes.truncate(n);
    Some(bytes)
}

/// True for names in `/dev`, where devices are; its one folder of files is another matter.
fn is_named_as_device(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.starts_with(b"/dev/") && !name.starts_with(b"/dev/shm/")
}

/// Where a file's end is, if it has one and is small. The cursor is there then, and nobody uses it.
///
/// By a seek, which costs half of what `fstat` does.
fn small_len(file: &File) -> Option<usize> {
    let len = rustix::fs::seek(file, Whence::End(0)).ok()?;
    usize::try_from(len).ok().filter(|len| *len <= MOST)
}

/// A file that is open, and of which nothing was consumed.
#[derive(Debug)]
pub(crate) struct Rest {
    file: File,
}

impl Rest {
    /// Reads it, on a thread that may wait: what `std::fs::read` gives.
    pub(crate) fn read(self) -> io::Result<Vec<u8>> {
        let mut file = self.file;
        if file.metadata()?.file_type().is_fifo() {
            wait_for_a_writer(&file)?;
        }
        rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
        // What cannot seek is a pipe, or is like one: it is where it was.
        let _ = file.rewind();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Returns when somebody has opened a pipe to write: where std's `open` would have.
///
/// One who writes nothing and closes counts too; one who writes nothing and waits does not, nor
/// would the read return that comes next.
fn wait_for_a_writer(pipe: &File) -> io::Result<()> {
    loop {
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], None) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::os::unix::fs::FileExt;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    /// A name is not found at once while another is changed anywhere, as other tests do.
    fn attempt(path: &Path) -> Whole {
        let attempts = (0..100).map(|_| read_whole(path));
        let mut done = attempts.filter(|whole| !matches!(whole, Whole::Untouched));
        done.next().unwrap_or(Whole::Untouched)
    }

    /// As a backend reads it, with this thread in place of the pool; `None` if nothing was done.
    fn read(path: &Path) -> Option<io::Result<Vec<u8>>> {
        match attempt(path) {
            Whole::Read(bytes) => Some(Ok(bytes)),
            Whole::Begun(rest) => Some(rest.read()),
            Whole::Untouched => None,
        }
    }

    fn inline(path: &Path) -> Option<Vec<u8>> {
        match attempt(path) {
            Whole::Read(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    #[test]
    fn a_cached_file_of_any_small_length_is_read_at_once() {
        let folder = folder();
        let path = folder.path().join("file");
        for len in [1, 1023, 4095, 4096, 4097, 8192, 100_000, MOST] {
            let written: Vec<u8> = (0..len).map(|n| n as u8).collect();
            fs::write(&path, &written).expect("room for a file");
            assert!(inline(&path) == Some(written), "{len} bytes");
        }
    }

    #[test]
    fn what_is_empty_large_or_not_in_memory_is_read_by_the_pool() {
        let folder = folder();
        let path = folder.path().join("file");
        for len in [0, MOST + 1, 3 * MOST] {
            fs::write(&path, vec![5; len]).expect("room for a file");
            assert!(matches!(attempt(&path), Whole::Begun(_)));
            let bytes = read(&path).expect("it is open").expect("it is read");
            assert!(bytes == vec![5; len], "{len} bytes");
        }
        fs::write(&path, vec![6; 12_288]).expect("room for a file");
        let file = File::open(&path).expect("it is there");
        file.sync_all().expect("it is on the disk");
        let advice = rustix::fs::Advice::DontNeed;
        rustix::fs::fadvise(&file, 8192, None, advice).expect("advice");
        let bytes = read(&path).expect("it is open").expect("it is read");
        assert!(bytes == vec![6; 12_288], "{} bytes", bytes.len());
    }

    #[test]
    fn a_file_of_proc_a_folder_and_a_missing_file_are_as_std_has_them() {
        let version = fs::read("/proc/version").expect("proc is mounted");
        // Its name need not be cached.
        let bytes = read(Path::new("/proc/version")).unwrap_or(Ok(version.clone()));
        assert_eq!(bytes.expect("it is read"), version);
        let folder = folder();
        let error = read(folder.path()).expect("a folder can be opened");
        let std = fs::read(&folder).expect_err("a folder is not read");
        let number = error.expect_err("a folder is not read").raw_os_error();
        assert_eq!(number, std.raw_os_error());
        assert!(read(Path::new("/nowhere/at/all")).is_none());
        assert!(read(Path::new("/dev/null")).is_none());
    }

    #[test]
    fn a_file_that_grows_and_shrinks_is_never_cut_where_it_was_not() {
        let folder = folder();
        let path = folder.path().join("file");
        fs::write(&path, [1; 8192]).expect("room for a file");
        let file = OpenOptions::new().write(true).open(&path).expect("a file");
        let is_over = AtomicBool::new(false);
        let change = || {
            while !is_over.load(Ordering::Relaxed) {
                file.write_all_at(&[1; 4096], 8192).expect("it grows");
                file.set_len(8192).expect("it shrinks");
            }
        };
        let strange = thread::scope(|scope| {
            scope.spawn(change);
            let lengths = (0..5_000).map(|_| inline(&path).map_or(8192, |bytes| bytes.len()));
            let strange = lengths.filter(|len| !matches!(len, 8192 | 12_288)).count();
            is_over.store(true, Ordering::Relaxed);
            strange
        });
        assert_eq!(strange, 0);
    }

    #[test]
    fn a_page_that_is_not_there_is_not_taken_for_the_end() {
        let folder = folder();
        let path = folder.path().join("file");
        fs::write(&path, [1; 8192]).expect("room for a file");
        let file = File::options().read(true).write(true).open(&path);
        let file = file.expect("a file");
        assert!(read_if_as_long(&file, 8192).is_some());
        // It grows between the question for its length and the read, by a hole.
        file.set_len(16_384).expect("it grows");
        assert!(read_if_as_long(&file, 8192).is_none());
        assert_eq!(
            read(&path).map(|all| all.map_or(0, |all| all.len())),
            Some(16_384)
        );
    }

    #[test]
    fn a_pipe_that_is_opened_once_waits_for_its_writer() {
        let folder = folder();
        let path = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("a pipe");

        // The writer comes when the reader has long been there.
        let Whole::Begun(rest) = attempt(&path) else {
            panic!("a pipe can be opened");
        };
        let reader = thread::spawn(|| rest.read());
        let mut writer = OpenOptions::new().write(true).open(&path).expect("a pipe");
        writer.write_all(b"abc").expect("there is a reader");
        drop(writer);
        let bytes = reader.join().expect("no panic").expect("it is read");
        assert_eq!(bytes, b"abc");

        // The writer has come and gone before the pool takes over.
        let Whole::Begun(rest) = attempt(&path) else {
            panic!("a pipe can be opened");
        };
        fs::write(&path, b"de").expect("there is a reader");
        assert_eq!(rest.read().expect("it is read"), b"de");
    }
}
