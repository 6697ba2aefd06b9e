//! What a file remembers between polls: [`State`]. Makes no system call and calls no waker; it
//! stands under the file's lock, and `shared.rs` acts on it.
//!
//! # The rules
//!
//! 1. A read on the pool moves nothing until its bytes are handed over, so it can be forgotten. One
//!    that was made before the cursor or the bytes changed (`epoch`) is made again.
//! 2. A file that cannot seek has no such reads: what was read there is kept for the next reader.
//! 3. One write or seek is on the pool at a time. Its outcome is kept for the operation that began
//!    it, which is known by its key, or, where it has none, by the very bytes.
//! 4. The error of a write that nobody will ask for any more is `lost`, until the next write, flush
//!    or sync reports it (L200).
//! 5. While a call runs that moves the cursor, or whose future was dropped, later operations wait
//!    for it (L152).

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroU32;

use super::locks::Locks;
use crate::wait::WaitList;

/// Names an operation among those of one file; never used again.
pub(super) type Key = NonZeroU32;

/// Outcomes that are kept for operations without a key, the oldest given up first: an operation
/// that was dropped never comes for its own.
const KEPT: usize = 16;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) waiters: WaitList,
    pub(super) locks: Locks,
    /// Counts the changes of the cursor and of the bytes.
    pub(super) epoch: u64,
    pub(super) read: Reading,
    last_id: u64,
    running: Option<Running>,
    outcomes: VecDeque<Outcome>,
    lost: Option<io::Error>,
    calls: Vec<Call>,
}

/// The read that is on the pool, or back from it.
#[derive(Debug, Default)]
pub(super) enum Reading {
    #[default]
    Idle,
    Running {
        id: u64,
        owner: Option<Key>,
        epoch: u64,
    },
    Done {
        owner: Option<Key>,
        epoch: u64,
        chunk: io::Result<Chunk>,
    },
}

impl Reading {
    fn owner(&self) -> Option<Key> {
        match self {
            Reading::Idle => None,
            Reading::Running { owner, .. } | Reading::Done { owner, .. } => *owner,
        }
    }
}

/// What the pool read.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Where it stands in the file; `None` if the file cannot seek.
    pub(super) at: Option<u64>,
    pub(super) bytes: Vec<u8>,
    /// How many of them were handed over.
    pub(super) taken: usize,
}

impl Chunk {
    /// Copies as much as fits.
    pub(super) fn hand_over(&mut self, buf: &mut [u8]) -> usize {
        let rest = &self.bytes[self.taken..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        n
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.bytes.len()
    }
}

/// What moves the cursor on the pool. It keeps the bytes that it was given.
#[derive(Debug)]
pub(super) enum Order {
    Write(Vec<u8>),
    SeekEnd(i64),
}

/// An [`Order`] as it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request<'a> {
    Write(&'a [u8]),
    SeekEnd(i64),
}

impl Request<'_> {
    /// True if the order, which gave `answer`, did what is asked for here.
    fn is_met_by(self, order: &Order, answer: u64) -> bool {
        match (self, order) {
            (Request::Write(asked), Order::Write(written)) => {
                let n = usize::try_from(answer).unwrap_or(usize::MAX);
                written.get(..n).is_some_and(|done| asked.starts_with(done))
            }
            (Request::SeekEnd(asked), Order::SeekEnd(done)) => asked == *done,
            _ => false,
        }
    }

    /// True if an error of the order is an answer here.
    fn is_like(self, order: &Order) -> bool {
        match (self, order) {
            (Request::Write(_), Order::Write(_)) => true,
            (Request::SeekEnd(asked), Order::SeekEnd(done)) => asked == *done,
            _ => false,
        }
    }

    fn is_write(self) -> bool {
        matches!(self, Request::Write(_))
    }
}

/// The order that is on the pool.
#[derive(Debug)]
struct Running {
    id: u64,
    owner: Owner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Key(Key),
    /// An operation that has no key to come back with.
    Anyone,
    /// Its operation was dropped.
    Gone,
}

#[derive(Debug)]
struct Outcome {
    owner: Option<Key>,
    order: Order,
    answer: io::Result<u64>,
}

impl Outcome {
    fn is_for(&self, owner: Option<Key>, request: Request<'_>) -> bool {
        if self.owner != owner {
            return false;
        }
        match &self.answer {
            _ if owner.is_some() => true,
            Ok(answer) => request.is_met_by(&self.order, *answer),
            Err(_) => request.is_like(&self.order),
        }
    }

    fn is_failed_write(&self) -> bool {
        matches!(self.order, Order::Write(_)) && self.answer.is_err()
    }
}

/// A call on the pool that changes the file and whose future holds a ticket.
#[derive(Debug)]
struct Call {
    id: u64,
    /// Its error, if nobody takes it, is reported by the next write, flush or sync.
    keeps_error: bool,
    moves_cursor: bool,
    is_done: bool,
    is_gone: bool,
    error: Option<io::Error>,
}

impl Call {
    /// True if later operations wait for it: rule 5.
    fn is_waited_for(&self) -> bool {
        !self.is_done && (self.moves_cursor || self.is_gone)
    }

    fn lost(self) -> Option<io::Error> {
        self.error.filter(|_| self.keeps_error)
    }
}

impl State {
    pub(super) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// True while something runs that later operations come after: rules 3 and 5.
    pub(super) fn is_busy(&self) -> bool {
        self.running.is_some() || self.calls.iter().any(Call::is_waited_for)
    }

    /// Marks an order as running; the number names it.
    pub(super) fn begin(&mut self, owner: Option<Key>) -> u64 {
        let id = self.new_id();
        let owner = owner.map_or(Owner::Anyone, Owner::Key);
        self.running = Some(Running { id, owner });
        id
    }

    /// An order is back from the pool.
    pub(super) fn finish(&mut self, id: u64, order: Order, answer: io::Result<u64>) {
        let Some(running) = self.running.take_if(|running| running.id == id) else {
            return;
        };
        self.epoch += 1;
        let owner = match running.owner {
            Owner::Key(key) => Some(key),
            Owner::Anyone => None,
            Owner::Gone => return self.lose(&order, answer),
        };
        self.outcomes.push_back(Outcome {
            owner,
            order,
            answer,
        });
        let kept = |one: &Outcome| one.owner.is_none() && one.answer.is_ok();
        if self.outcomes.iter().filter(|one| kept(one)).count() > KEPT
            && let Some(oldest) = self.outcomes.iter().position(kept)
        {
            self.outcomes.remove(oldest);
        }
    }

    /// The answer to `request`, if there is one: rule 3.
    pub(super) fn answer(
        &mut self,
        owner: Option<Key>,
        request: Request<'_>,
    ) -> Option<io::Result<u64>> {
        let is_for = |one: &Outcome| one.is_for(owner, request);
        if let Some(at) = self.outcomes.iter().position(is_for)
            && let Some(one) = self.outcomes.remove(at)
        {
            match one.answer {
                Ok(answer) if request.is_met_by(&one.order, answer) => return Some(Ok(answer)),
                Err(error) if request.is_like(&one.order) => return Some(Err(error)),
                // It was another operation of this owner, dropped since.
                answer => self.lose(&one.order, answer),
            }
        }
        let error = request.is_write().then(|| self.unreported()).flatten();
        error.map(Err)
    }

    /// The error of a write whose operation may be gone: rule 4.
    pub(super) fn unreported(&mut self) -> Option<io::Error> {
        if let Some(error) = self.lost.take() {
            return Some(error);
        }
        let failed = |one: &Outcome| one.owner.is_none() && one.is_failed_write();
        let at = self.outcomes.iter().position(failed)?;
        self.outcomes.remove(at)?.answer.err()
    }

    /// The error of a write that `owner` began and may have dropped: for its flush.
    pub(super) fn unreported_of(&mut self, owner: Option<Key>) -> Option<io::Error> {
        let failed = |one: &Outcome| one.owner == owner && one.is_failed_write();
        let mine = self.outcomes.iter().position(failed);
        match mine.and_then(|at| self.outcomes.remove(at)) {
            Some(one) => one.answer.err(),
            None => self.unreported(),
        }
    }

    /// The operation of this key is dropped. True if others wait for a read that is forgotten now.
    #[must_use]
    pub(super) fn leave(&mut self, key: Key, is_seekable: bool) -> bool {
        if let Some(running) = &mut self.running
            && running.owner == Owner::Key(key)
        {
            running.owner = Owner::Gone;
        }
        if let Some(at) = self.outcomes.iter().position(|one| one.owner == Some(key))
            && let Some(one) = self.outcomes.remove(at)
        {
            self.lose(&one.order, one.answer);
        }
        let is_forgotten = is_seekable && self.read.owner() == Some(key);
        if is_forgotten {
            self.read = Reading::Idle;
        }
        is_forgotten
    }

    /// A call starts; the number is its ticket.
    pub(super) fn begin_call(&mut self, keeps_error: bool, moves_cursor: bool) -> u64 {
        let id = self.new_id();
        self.epoch += 1;
        self.calls.push(Call {
            id,
            keeps_error,
            moves_cursor,
            is_done: false,
            is_gone: false,
            error: None,
        });
        id
    }

    /// A call is back from the pool. True if somebody may wait for it.
    #[must_use]
    pub(super) fn finish_call(&mut self, id: u64, error: Option<io::Error>) -> bool {
        self.epoch += 1;
        let Some(at) = self.calls.iter().position(|call| call.id == id) else {
            return false;
        };
        let call = &mut self.calls[at];
        let was_waited_for = call.is_waited_for();
        call.is_done = true;
        call.error = error;
        if call.is_gone {
            self.forget_call(at);
        }
        was_waited_for
    }

    /// A call's future takes its error.
    pub(super) fn claim_call(&mut self, id: u64) -> Option<io::Error> {
        let at = self.calls.iter().position(|call| call.id == id)?;
        self.calls.swap_remove(at).error
    }

    /// A call's future is dropped.
    pub(super) fn leave_call(&mut self, id: u64) {
        if let Some(at) = self.calls.iter().position(|call| call.id == id) {
            self.calls[at].is_gone = true;
            if self.calls[at].is_done {
                self.forget_call(at);
            }
        }
    }

    fn forget_call(&mut self, at: usize) {
        let error = self.calls.swap_remove(at).lost();
        self.lost = self.lost.take().or(error);
    }

    fn lose(&mut self, order: &Order, answer: io::Result<u64>) {
        if let (Order::Write(_), Err(error)) = (order, answer) {
            self.lost.get_or_insert(error);
        }
    }
}
