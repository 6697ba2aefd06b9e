//! Mutants of open files: L141 to L159, and L200 to L203.

use std::collections::HashMap;
use std::fs::File as StdFile;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Poll, ready};
use std::thread;
use std::time::Duration;

use anyrt_api::fs::{Metadata, OpenFlags, RawFile};
use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_api::os::OsHandles;
use anyrt_api::{AsyncFs, Spawn, Timer};

use super::scaled;
use crate::backend::{Doing, File, Io, Sick, Turn, locked};
use crate::mutant::Mutant;

mutants! {
    MovesWithTheLength: l141_any_sequence_is_as_in_std => Broken;
    PutsOffAByte: l143_a_write_is_in_the_file => Broken;
    TellsTheNextWrite: l144_a_full_disk_is_told_by_the_write => Broken;
    BuffersBeyondASync: l145_a_sync_covers_every_write => Broken;
    SyncsNothing: l145_a_sync_asks_the_system => Broken;
    ForgetsItsError: l146_an_error_is_followed_by_no_success => Broken;
    LosesItsTail: l147_a_drop_loses_nothing => Broken;
    LosesItsTail: l190_with_little_memory_nothing_is_lost => Broken;
    WaitsForItsReader: l148_dropping_a_file_does_not_block => Slow;
    ClonesHaveACursor: l149_one_cursor_for_all_clones => Broken;
    AppendsAtTheCursor: l150_operations_mix_as_in_std => Broken;
    ReadsAtOnce: l151_a_cancelled_read_moves_nothing => Broken;
    DropsWhatAPipeGave: l151_a_pipe_keeps_what_a_cancelled_read_took => Broken;
    WritesAfterTheNext: l152_a_cancelled_write_leaves_a_prefix => Broken;
    EndsForGood: l154_the_end_moves_when_the_file_grows => Broken;
    RewindsOnABadSeek: l155_a_bad_seek_moves_nothing => Broken;
    SeeksIn32Bits: l155_offsets_beyond_four_gigabytes => Broken;
    RemembersItsMetadata: l159_metadata_comes_after_writes => Broken;
    LendsAResult: l200_a_dropped_write_lends_nothing => Broken;
    SwallowsALateError: l200_a_dropped_writes_error_is_told => Broken;
    LosesItsTail: l201_a_flush_covers_what_was_accepted => Broken;
    WritesOnDrop: l201_no_more_than_the_limit_is_unwritten => Broken;
    HidesItsErrors: l202_an_error_is_told_by_the_next_call => Broken;
    LosesItsTail: l203_a_dropped_writer_loses_nothing => Broken;
}

/// `set_len` moves the cursor to the new end.
#[derive(Default)]
struct MovesWithTheLength;

impl Mutant for MovesWithTheLength {
    fn file_set_len<'a>(&'a self, file: &'a File, len: u64) -> Doing<'a, ()> {
        Box::pin(async move {
            file.raw().set_len(len).await?;
            file.std().seek(SeekFrom::End(0)).map(drop)
        })
    }
}

/// The write of a single byte is made some milliseconds later.
#[derive(Default)]
struct PutsOffAByte;

impl Mutant for PutsOffAByte {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        if buf.len() != 1 {
            return file.raw().poll_write(turn.cx, turn.wait, buf);
        }
        let (mut std, byte) = (file.std().try_clone()?, [buf[0]]);
        let native = file.rt.native.clone();
        let later = native.now() + Duration::from_millis(5);
        drop(file.rt.native.spawn(async move {
            native.sleep_until(later).await;
            std.write_all(&byte)
        }));
        Poll::Ready(Ok(1))
    }
}

/// The error of a write is told by the next one.
#[derive(Default)]
struct TellsTheNextWrite;

impl Mutant for TellsTheNextWrite {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        match ready!(file.raw().poll_write(turn.cx, turn.wait, buf)) {
            Err(_) if !file.notes.mark() => Poll::Ready(Ok(buf.len())),
            written => Poll::Ready(written),
        }
    }
}

/// Writes what an earlier write kept back, then `buf` but for its last `n_kept` bytes.
fn keep_back(file: &File, turn: &mut Turn<'_, '_>, buf: &[u8], n_kept: usize) -> Io<usize> {
    let kept = std::mem::take(&mut *file.notes.bytes());
    file.std().write_all(&kept)?;
    let (now, later) = buf.split_at(buf.len() - n_kept);
    let written = ready!(file.raw().poll_write(turn.cx, turn.wait, now)?);
    if written < now.len() {
        return Poll::Ready(Ok(written));
    }
    *file.notes.bytes() = later.to_vec();
    Poll::Ready(Ok(buf.len()))
}

/// The last bytes of a long write are buffered, and a sync does not write them.
#[derive(Default)]
struct BuffersBeyondASync;

impl Mutant for BuffersBeyondASync {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        keep_back(file, turn, buf, if buf.len() < 10_000 { 0 } else { 100 })
    }

    fn file_dropped(&self, file: &mut File) {
        let kept = std::mem::take(&mut *file.notes.bytes());
        let _ = file.std().write_all(&kept);
    }
}

/// A sync returns at once.
#[derive(Default)]
struct SyncsNothing;

impl Mutant for SyncsNothing {
    fn file_sync<'a>(&'a self, _file: &'a File, _data_only: bool) -> Doing<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// A sync that follows a write which failed returns `Ok`.
#[derive(Default)]
struct ForgetsItsError;

impl Mutant for ForgetsItsError {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let written = ready!(file.raw().poll_write(turn.cx, turn.wait, buf));
        if written.is_err() {
            file.notes.mark();
        }
        Poll::Ready(written)
    }

    fn file_sync<'a>(&'a self, file: &'a File, data_only: bool) -> Doing<'a, ()> {
        Box::pin(async move {
            let synced = file.raw().sync(data_only).await;
            synced.or_else(|error| match file.notes.unmark() {
                true => Ok(()),
                false => Err(error),
            })
        })
    }
}

/// What is beyond 32 KiB of a write follows with the next, and is lost if there is none.
#[derive(Default)]
struct LosesItsTail;

impl Mutant for LosesItsTail {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        keep_back(file, turn, buf, buf.len().saturating_sub(32_768))
    }
}

/// What is written is in the file once that is dropped.
#[derive(Default)]
struct WritesOnDrop;

impl Mutant for WritesOnDrop {
    fn file_write(&self, file: &File, _turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        file.notes.bytes().extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn file_dropped(&self, file: &mut File) {
        let all = std::mem::take(&mut *file.notes.bytes());
        let _ = file.std().write_all(&all);
    }
}

/// A write that fails says that all is well.
#[derive(Default)]
struct HidesItsErrors;

impl Mutant for HidesItsErrors {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let written = ready!(file.raw().poll_write(turn.cx, turn.wait, buf));
        Poll::Ready(Ok(written.unwrap_or(buf.len())))
    }
}

/// A file that is dropped waits for its pending read.
#[derive(Default)]
struct WaitsForItsReader;

impl Mutant for WaitsForItsReader {
    fn file_left(&self, file: &File, direction: Direction, wait: &mut Wait) {
        file.raw().cancel_wait(direction, wait);
        file.notes.mark();
    }

    fn file_dropped(&self, file: &mut File) {
        if file.notes.is_marked() {
            thread::sleep(scaled(300));
        }
    }
}

/// A clone of a file has a cursor of its own.
#[derive(Default)]
struct ClonesHaveACursor;

impl Mutant for ClonesHaveACursor {
    fn file_clone<'a>(&'a self, file: &'a File) -> Doing<'a, File> {
        Box::pin(async {
            let again = StdFile::open(format!("/dev/fd/{}", file.std().as_raw_fd()))?;
            Ok(file.another(file.rt.native.file_from_std(again)?))
        })
    }
}

/// A file that was opened to append is written at its cursor.
#[derive(Default)]
struct AppendsAtTheCursor;

impl Mutant for AppendsAtTheCursor {
    fn open_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, flags: &OpenFlags) -> Doing<'a, File> {
        let (mut flags, appends) = (flags.clone(), flags.append);
        (flags.write, flags.append) = (flags.write || appends, false);
        Box::pin(async move {
            let file = File::new(rt.native.open_file(path, &flags).await?, rt);
            if appends {
                file.std().seek(SeekFrom::End(0))?;
            }
            Ok(file)
        })
    }
}

/// The key of a waiter that is in none of the native runtime's lists.
const OWN: Option<NonZeroU32> = NonZeroU32::new(u32::MAX - 1);

/// A read is made, and moves the cursor, at its first poll, and is answered at its second.
#[derive(Default)]
struct ReadsAtOnce;

impl Mutant for ReadsAtOnce {
    fn file_read(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        if turn.wait.is_by_waker() || !file.std().metadata()?.is_file() {
            return file.raw().poll_read(turn.cx, turn.wait, buf);
        }
        if turn.wait.key().is_none() {
            let mut bytes = vec![0; buf.len()];
            let n = file.std().read(&mut bytes)?;
            *file.notes.bytes() = bytes[..n].to_vec();
            turn.wait.set_key(OWN);
            turn.cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let bytes = std::mem::take(&mut *file.notes.bytes());
        buf[..bytes.len()].copy_from_slice(&bytes);
        turn.wait.set_key(None);
        Poll::Ready(Ok(bytes.len()))
    }

    fn file_left(&self, file: &File, direction: Direction, wait: &mut Wait) {
        match wait.key() == OWN {
            true => wait.set_key(None),
            false => file.raw().cancel_wait(direction, wait),
        }
    }
}

/// What a pipe gives to a read that was dropped is lost.
#[derive(Default)]
struct DropsWhatAPipeGave;

impl Mutant for DropsWhatAPipeGave {
    fn file_left(&self, file: &File, direction: Direction, wait: &mut Wait) {
        file.raw().cancel_wait(direction, wait);
        if !file
            .std()
            .metadata()
            .is_ok_and(|metadata| metadata.is_file())
        {
            file.notes.mark();
        }
    }

    fn file_read(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        if file.notes.is_marked() {
            ready!(file.raw().poll_read(turn.cx, turn.wait, buf)?);
            file.notes.unmark();
        }
        file.raw().poll_read(turn.cx, turn.wait, buf)
    }
}

/// A long write that was dropped is made after the next one.
#[derive(Default)]
struct WritesAfterTheNext;

impl Mutant for WritesAfterTheNext {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        if buf.len() >= 50_000 && turn.wait.key().is_none() {
            *file.notes.bytes() = buf.to_vec();
            turn.wait.set_key(OWN);
            turn.cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if turn.wait.key() == OWN {
            (*file.notes.bytes(), _) = (Vec::new(), turn.wait.set_key(None));
        }
        let written = ready!(file.raw().poll_write(turn.cx, turn.wait, buf)?);
        let late = std::mem::take(&mut *file.notes.bytes());
        file.std().write_all(&late)?;
        Poll::Ready(Ok(written))
    }

    fn file_left(&self, file: &File, direction: Direction, wait: &mut Wait) {
        match wait.key() == OWN {
            true => wait.set_key(None),
            false => file.raw().cancel_wait(direction, wait),
        }
    }
}

/// A file that has ended once gives nothing more.
#[derive(Default)]
struct EndsForGood;

impl Mutant for EndsForGood {
    fn file_read(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        if file.notes.is_marked() {
            return Poll::Ready(Ok(0));
        }
        let n = ready!(file.raw().poll_read(turn.cx, turn.wait, buf)?);
        if n == 0 {
            file.notes.mark();
        }
        Poll::Ready(Ok(n))
    }
}

/// A seek that fails goes to the start.
#[derive(Default)]
struct RewindsOnABadSeek;

impl Mutant for RewindsOnABadSeek {
    fn file_seek(&self, file: &File, turn: &mut Turn<'_, '_>, to: SeekFrom) -> Io<u64> {
        let sought = ready!(file.raw().poll_seek(turn.cx, turn.wait, to));
        if sought.is_err() {
            file.std().rewind()?;
        }
        Poll::Ready(sought)
    }
}

/// A seek from the start forgets all but 32 bits.
#[derive(Default)]
struct SeeksIn32Bits;

impl Mutant for SeeksIn32Bits {
    fn file_seek(&self, file: &File, turn: &mut Turn<'_, '_>, to: SeekFrom) -> Io<u64> {
        let to = match to {
            SeekFrom::Start(n) => SeekFrom::Start(n & u64::from(u32::MAX)),
            to => to,
        };
        file.raw().poll_seek(turn.cx, turn.wait, to)
    }
}

/// The metadata of an open file is what it was at first.
#[derive(Default)]
struct RemembersItsMetadata(Mutex<HashMap<usize, Metadata>>);

impl Mutant for RemembersItsMetadata {
    fn file_metadata<'a>(&'a self, file: &'a File) -> Doing<'a, Metadata> {
        let key = Arc::as_ptr(&file.notes).addr();
        Box::pin(async move {
            let now = file.raw().file_metadata().await?;
            Ok(locked(&self.0).entry(key).or_insert(now).clone())
        })
    }

    fn file_dropped(&self, file: &mut File) {
        locked(&self.0).remove(&Arc::as_ptr(&file.notes).addr());
    }
}

/// The result of a write goes to whoever polls next, for a write of the same bytes or of others.
#[derive(Default)]
struct LendsAResult;

impl Mutant for LendsAResult {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        if !file.notes.unmark() {
            let written = file.std().write(buf).map(|n| file.notes.set_count(n));
            written?;
            file.notes.mark();
            turn.cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(file.notes.count().min(buf.len())))
    }
}

/// A flush returns `Ok` though a write that was dropped had failed.
#[derive(Default)]
struct SwallowsALateError;

impl Mutant for SwallowsALateError {
    fn file_flush(&self, file: &File, turn: &mut Turn<'_, '_>) -> Io<()> {
        let flushed: io::Result<()> = ready!(file.raw().poll_flush(turn.cx, turn.wait));
        Poll::Ready(flushed.or(Ok(())))
    }
}
