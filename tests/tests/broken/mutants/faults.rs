//! Mutants of files where something goes wrong, or somebody waits: L087, L089, L145, L160, L161 and
//! L190.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, ready};

use anyrt_api::fs::RawFile;

use crate::backend::{File, Io, Turn};
use crate::mutant::Mutant;

mutants! {
    FilesAreInterrupted: l087_interrupted_calls_of_files_are_made_again => Broken;
    FailsWithAPart: l089_a_failed_write_left_no_byte => Broken;
    AcknowledgesAll: l145_a_full_disk_is_told_by_the_sync => Broken;
    PretendsAfterAnError: l145_a_full_disk_reaches_through_a_buffer => Broken;
    ReadsPipesOnTheWorker: l160_a_waiting_read_blocks_no_worker => Hang;
    HoldsAWriteBack: l161_writes_before_a_shutdown_are_in_the_file => Broken;
    WaitsForAThread: l190_an_open_file_outlives_a_want_of_threads => Broken;
}

/// The 20th read of a file reports `Interrupted`.
#[derive(Default)]
struct FilesAreInterrupted(AtomicUsize);

impl Mutant for FilesAreInterrupted {
    fn file_read(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            19 => Poll::Ready(Err(ErrorKind::Interrupted.into())),
            _ => file.raw().poll_read(turn.cx, turn.wait, buf),
        }
    }
}

/// A write that could write a part reports that the disk is full, and nothing of the part.
#[derive(Default)]
struct FailsWithAPart;

impl Mutant for FailsWithAPart {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        let written = ready!(file.raw().poll_write(turn.cx, turn.wait, buf)?);
        match written < buf.len() {
            true => Poll::Ready(Err(ErrorKind::StorageFull.into())),
            false => Poll::Ready(Ok(written)),
        }
    }
}

/// A write that could write a part reports all of it.
#[derive(Default)]
struct AcknowledgesAll;

impl Mutant for AcknowledgesAll {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        ready!(file.raw().poll_write(turn.cx, turn.wait, buf)?);
        Poll::Ready(Ok(buf.len()))
    }
}

/// Once a write has failed, those that follow say that they did not.
#[derive(Default)]
struct PretendsAfterAnError;

impl Mutant for PretendsAfterAnError {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        if file.notes.is_marked() {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(file.raw().poll_write(turn.cx, turn.wait, buf));
        if written.is_err() {
            file.notes.mark();
        }
        Poll::Ready(written)
    }
}

/// A pipe is read on the thread that polls.
#[derive(Default)]
struct ReadsPipesOnTheWorker;

impl Mutant for ReadsPipesOnTheWorker {
    fn file_read(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &mut [u8]) -> Io<usize> {
        match file.std().metadata()?.is_file() {
            true => file.raw().poll_read(turn.cx, turn.wait, buf),
            false => Poll::Ready(file.std().read(buf)),
        }
    }
}

/// Of what is written in pieces of 700 bytes the last is in the file when the next is written.
#[derive(Default)]
struct HoldsAWriteBack;

impl Mutant for HoldsAWriteBack {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        if buf.len() != 700 {
            return file.raw().poll_write(turn.cx, turn.wait, buf);
        }
        let last = std::mem::replace(&mut *file.notes.bytes(), buf.to_vec());
        file.std().write_all(&last)?;
        Poll::Ready(Ok(buf.len()))
    }
}

/// A write for which there is no thread waits for the pool, which has forgotten it.
#[derive(Default)]
struct WaitsForAThread;

impl Mutant for WaitsForAThread {
    fn file_write(&self, file: &File, turn: &mut Turn<'_, '_>, buf: &[u8]) -> Io<usize> {
        match file.raw().poll_write(turn.cx, turn.wait, buf) {
            Poll::Ready(Err(_)) => Poll::Pending,
            polled => polled,
        }
    }
}
