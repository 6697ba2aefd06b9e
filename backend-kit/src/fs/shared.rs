//! The part of a file that its clones and its calls on the pool share: [`Shared`].
//!
//! Each poll of a file is a *step*: what it decides and does under the lock, which is the state's
//! bookkeeping and system calls that do not wait (`lseek`, an inline read). It knows nothing of
//! runtimes or wakers.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};

use super::inline::Inline;
use super::positional;
use super::state::{Chunk, Key, Order, Reading, Request, State};
use crate::lock::Lock;

/// The most that one trip to the pool carries.
pub(super) const CHUNK: usize = 1024 * 1024;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) file: File,
    pub(super) inline: Inline,
    is_seekable: bool,
    state: Lock<State>,
    /// As [`State::is_busy`] was when the lock was last left, for reads that take no lock.
    busy: AtomicBool,
}

/// What a poll does next.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// It is done.
    Answer(T),
    /// A job goes to the pool, and the poll waits for it.
    Start(Job),
    /// The poll waits for what is on the pool already.
    Wait,
}

/// What the pool does for the cursor.
#[derive(Debug)]
pub(super) enum Job {
    Read {
        id: u64,
        at: Option<u64>,
        most: usize,
    },
    Order {
        id: u64,
        order: Order,
    },
}

impl Job {
    /// What stands for it where it was not run: the same without its bytes.
    pub(super) fn outline(&self) -> Job {
        match *self {
            Job::Read { id, at, most } => Job::Read { id, at, most },
            Job::Order { id, ref order } => {
                let order = match *order {
                    Order::Write(_) => Order::Write(Vec::new()),
                    Order::SeekEnd(offset) => Order::SeekEnd(offset),
                };
                Job::Order { id, order }
            }
        }
    }
}

impl Shared {
    pub(super) fn new(file: File) -> Self {
        let is_seekable = (&file).stream_position().is_ok();
        Shared {
            file,
            inline: Inline::default(),
            is_seekable,
            state: Lock::default(),
            busy: AtomicBool::new(false),
        }
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// True while something runs that later operations come after. Takes no lock.
    #[inline]
    pub(super) fn is_busy(&self) -> bool {
        // Acquire: pairs with the Release in `note`, so that what ran is seen once it is over.
        self.busy.load(Ordering::Acquire)
    }

    /// Keeps `busy` true to the state, after each step that may change it.
    fn note(&self, state: &State) {
        // Release: pairs with the Acquire in `is_busy`. Under the lock, so none is overtaken.
        self.busy.store(state.is_busy(), Ordering::Release);
    }

    /// Reads at the cursor if nothing is on the pool or back from it, and the page cache has it;
    /// says so if it has it not.
    #[inline]
    pub(super) fn read_at_once(
        &self,
        buf: &mut [u8],
        is_cached: &mut bool,
    ) -> Option<io::Result<usize>> {
        let mut state = self.lock();
        if state.is_busy() || !matches!(state.read, Reading::Idle) {
            return None;
        }
        let answer = self.inline.read(&self.file, buf, None);
        *is_cached = answer.is_some();
        state.epoch += u64::from(*is_cached);
        answer
    }

    /// Reads at the cursor: inline, if it may be cached, else a chunk that the pool has brought,
    /// else by the pool.
    ///
    /// What the pool has brought is in the page cache too, so that most of the time the bytes are
    /// those of now, also for a reader that came long after the one that asked.
    pub(super) fn read(
        &self,
        state: &mut State,
        owner: Option<Key>,
        buf: &mut [u8],
        may_be_cached: bool,
    ) -> Step<io::Result<usize>> {
        if self.is_seekable && state.is_busy() {
            return Step::Wait;
        }
        if let Reading::Running { epoch, .. } = state.read
            && self.is_valid(state, epoch)
        {
            return Step::Wait;
        }
        let is_kept = !self.is_seekable && matches!(state.read, Reading::Done { .. });
        if !is_kept
            && may_be_cached
            && let Some(answer) = self.inline.read(&self.file, buf, None)
        {
            state.read = Reading::Idle;
            state.epoch += 1;
            return Step::Answer(answer);
        }
        // Unless it is nothing, or was read before the cursor or the bytes changed.
        if let Reading::Done { epoch, chunk, .. } = std::mem::take(&mut state.read)
            && self.is_valid(state, epoch)
            && let Some(answer) = self.hand_over(state, chunk, buf)
        {
            return Step::Answer(answer);
        }
        let at = match self.is_seekable.then(|| (&self.file).stream_position()) {
            Some(Err(error)) => return Step::Answer(Err(error)),
            Some(Ok(at)) => Some(at),
            None => None,
        };
        let id = state.new_id();
        let epoch = state.epoch;
        state.read = Reading::Running { id, owner, epoch };
        let most = buf.len().min(CHUNK);
        Step::Start(Job::Read { id, at, most })
    }

    /// What was consumed of a file that cannot seek is never made again.
    fn is_valid(&self, state: &State, epoch: u64) -> bool {
        !self.is_seekable || state.epoch == epoch
    }

    /// Gives a chunk to a reader and moves the cursor; `None` if the cursor is elsewhere by now.
    fn hand_over(
        &self,
        state: &mut State,
        chunk: io::Result<Chunk>,
        buf: &mut [u8],
    ) -> Option<io::Result<usize>> {
        let mut chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        let Some(at) = chunk.at else {
            let n = chunk.hand_over(buf);
            if !chunk.is_empty() {
                state.read = Reading::Done {
                    owner: None,
                    epoch: state.epoch,
                    chunk: Ok(chunk),
                };
            }
            return Some(Ok(n));
        };
        // Another process, or a duplicate of the descriptor, may have moved it.
        if (&self.file).stream_position().ok() != Some(at) {
            return None;
        }
        let n = chunk.hand_over(buf);
        state.epoch += 1;
        let moved = (&self.file).seek(SeekFrom::Start(at + n as u64));
        Some(moved.map(|_| n))
    }

    /// Writes, or seeks from the end, by the pool.
    pub(super) fn order(
        &self,
        state: &mut State,
        owner: Option<Key>,
        request: Request<'_>,
        make: impl FnOnce() -> Order,
    ) -> Step<io::Result<u64>> {
        if let Some(answer) = state.answer(owner, request) {
            return Step::Answer(answer);
        }
        if state.is_busy() {
            return Step::Wait;
        }
        let id = state.begin(owner);
        self.note(state);
        let order = make();
        Step::Start(Job::Order { id, order })
    }

    /// Writes a prefix of `buf` at the cursor.
    pub(super) fn write(
        &self,
        state: &mut State,
        owner: Option<Key>,
        buf: &[u8],
    ) -> Step<io::Result<u64>> {
        let prefix = &buf[..buf.len().min(CHUNK)];
        let make = || Order::Write(prefix.to_vec());
        self.order(state, owner, Request::Write(buf), make)
    }

    /// Begins a call that moves the cursor; the number is its ticket's. The error of a dropped
    /// write comes first.
    pub(super) fn begin_move(&self, state: &mut State) -> Step<io::Result<u64>> {
        if let Some(error) = state.unreported() {
            return Step::Answer(Err(error));
        }
        if state.is_busy() {
            return Step::Wait;
        }
        let id = state.begin_call(true, true);
        self.note(state);
        Step::Answer(Ok(id))
    }

    /// Moves the cursor. Only the file's end has to be asked for.
    pub(super) fn seek(
        &self,
        state: &mut State,
        owner: Option<Key>,
        to: SeekFrom,
    ) -> Step<io::Result<u64>> {
        if let SeekFrom::End(offset) = to {
            let make = || Order::SeekEnd(offset);
            return self.order(state, owner, Request::SeekEnd(offset), make);
        }
        if self.is_seekable && state.is_busy() {
            return Step::Wait;
        }
        state.epoch += 1;
        Step::Answer((&self.file).seek(to))
    }

    /// Waits until nothing runs that later operations come after.
    pub(super) fn settle(&self, state: &mut State) -> Step<()> {
        if state.is_busy() {
            return Step::Wait;
        }
        Step::Answer(())
    }

    /// The same, and reports the error of a dropped write.
    pub(super) fn flush(&self, state: &mut State, owner: Option<Key>) -> Step<io::Result<()>> {
        if state.is_busy() {
            return Step::Wait;
        }
        Step::Answer(state.unreported_of(owner).map_or(Ok(()), Err))
    }

    /// Before the file is given away: nothing runs, and nothing that was consumed is kept here.
    pub(super) fn unwind(&self, state: &mut State) -> Step<io::Result<()>> {
        let is_reading = matches!(state.read, Reading::Running { .. });
        if state.is_busy() || (is_reading && !self.is_seekable) {
            return Step::Wait;
        }
        if !self.is_seekable && matches!(state.read, Reading::Done { chunk: Ok(_), .. }) {
            let text = "the file holds bytes of a read that was dropped: read them first";
            return Step::Answer(Err(io::Error::other(text)));
        }
        Step::Answer(state.unreported().map_or(Ok(()), Err))
    }

    /// An operation is dropped.
    pub(super) fn leave(&self, key: Key) {
        let mut state = self.lock();
        if state.leave(key, self.is_seekable) {
            let waiters = state.waiters.take();
            drop(state);
            waiters.wake();
        }
    }

    /// Does a job, on a thread of the pool, and tells who waits for it.
    pub(super) fn run(&self, job: Job) {
        match job {
            Job::Read { id, at, most } => {
                let chunk = self.fetch(at, most);
                self.bring(id, chunk);
            }
            Job::Order { id, order } => {
                let answer = match &order {
                    Order::Write(bytes) => positional::write(&self.file, bytes).map(|n| n as u64),
                    Order::SeekEnd(offset) => (&self.file).seek(SeekFrom::End(*offset)),
                };
                self.carry_out(id, order, answer);
            }
        }
    }

    /// A job that the runtime did not run. Said twice, it counts once: the number is unique.
    pub(super) fn fail(&self, job: Job, error: io::Error) {
        match job {
            Job::Read { id, .. } => self.bring(id, Err(error)),
            Job::Order { id, order } => self.carry_out(id, order, Err(error)),
        }
    }

    fn fetch(&self, at: Option<u64>, most: usize) -> io::Result<Chunk> {
        let mut bytes = vec![0; most];
        let n = match at {
            Some(at) => positional::read_at(&self.file, &mut bytes, at)?,
            None => positional::read(&self.file, &mut bytes)?,
        };
        bytes.truncate(n);
        Ok(Chunk {
            at,
            bytes,
            taken: 0,
        })
    }

    fn bring(&self, id: u64, chunk: io::Result<Chunk>) {
        let mut state = self.lock();
        match state.read {
            Reading::Running {
                id: it,
                owner,
                epoch,
            } if it == id => {
                state.read = Reading::Done {
                    owner,
                    epoch,
                    chunk,
                };
            }
            // It was forgotten: rule 1 of `state.rs`.
            _ => return,
        }
        let waiters = state.waiters.take();
        drop(state);
        waiters.wake();
    }

    fn carry_out(&self, id: u64, order: Order, answer: io::Result<u64>) {
        let mut state = self.lock();
        state.finish(id, order, answer);
        self.note(&state);
        let waiters = state.waiters.take();
        drop(state);
        waiters.wake();
    }

    /// A call of [`Ticket`](super::call::Ticket) is back.
    pub(super) fn finish_call(&self, id: u64, error: Option<io::Error>) {
        let mut state = self.lock();
        let may_be_awaited = state.finish_call(id, error);
        self.note(&state);
        if may_be_awaited {
            let waiters = state.waiters.take();
            drop(state);
            waiters.wake();
        }
    }

    /// The future of a call is dropped.
    pub(super) fn leave_call(&self, id: u64) {
        let mut state = self.lock();
        state.leave_call(id);
        self.note(&state);
    }
}
