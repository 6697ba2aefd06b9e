//! What was accepted and is not in the file yet: [`Backlog`], and [`Load`], the task's side of it.
//!
//! It knows nothing of files or runtimes: the writer in `mod.rs` brings bytes, its task takes them
//! and says what became of them. At most one task carries at a time.

use std::io::{self, ErrorKind};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::WriteBehind;

/// What the writer and its task have in common.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    state: Mutex<State>,
}

impl Backlog {
    /// Bytes that were accepted and are not in the file.
    pub(super) fn unwritten(&self) -> usize {
        self.lock().unwritten()
    }

    /// What `ask` answers; if that is nothing yet, the task's waker is kept. No waker is cloned or
    /// dropped under the lock.
    pub(super) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        ask: impl Fn(&mut State) -> Option<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Some(answer) = ask(&mut self.lock()) {
            return Poll::Ready(answer);
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if let Some(answer) = ask(&mut state) {
            drop(state);
            return Poll::Ready(answer);
        }
        let stale = state.waker.replace(waker);
        drop(state);
        drop(stale);
        Poll::Pending
    }

    /// Changes the state, then wakes the writer.
    fn tell(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// What waits for the task.
    accepted: Vec<u8>,
    /// Bytes that the task is writing.
    n_writing: usize,
    /// The memory of what was written last, for what comes next.
    spare: Vec<u8>,
    /// A task is there, and will look for more before it ends.
    is_carried: bool,
    failure: Option<Failure>,
    /// The writer, if it waits.
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Failure {
    kind: ErrorKind,
    /// Until it was told.
    error: Option<io::Error>,
}

impl State {
    fn unwritten(&self) -> usize {
        self.accepted.len() + self.n_writing
    }

    /// How many bytes were accepted, and whether they need a task; nothing if there is no room.
    pub(super) fn accept(&mut self, buf: &[u8]) -> Option<io::Result<(usize, bool)>> {
        if let Some(error) = self.failed() {
            return Some(Err(error));
        }
        let n = buf.len().min(WriteBehind::LIMIT - self.unwritten());
        if n == 0 {
            return None;
        }
        self.accepted.extend_from_slice(&buf[..n]);
        let is_first = !mem::replace(&mut self.is_carried, true);
        Some(Ok((n, is_first)))
    }

    /// An answer once nothing is unwritten, or will ever be.
    pub(super) fn settled(&mut self) -> Option<io::Result<()>> {
        if let Some(error) = self.failed() {
            return Some(Err(error));
        }
        (self.unwritten() == 0).then_some(Ok(()))
    }

    /// The error of a write, the first time as the file gave it.
    fn failed(&mut self) -> Option<io::Error> {
        let Failure { kind, error } = self.failure.as_mut()?;
        let text = "a write before this one failed, and bytes that were accepted are lost";
        let again = || io::Error::new(*kind, text);
        Some(error.take().unwrap_or_else(again))
    }

    fn fail(&mut self, error: io::Error) {
        self.accepted = Vec::new();
        self.n_writing = 0;
        self.failure.get_or_insert(Failure {
            kind: error.kind(),
            error: Some(error),
        });
    }
}

/// The task's side. Dropped before its end, it says so.
#[derive(Debug)]
pub(super) struct Load {
    backlog: Arc<Backlog>,
    runtime: &'static str,
    /// It found nothing left, and another task may carry by now.
    is_over: bool,
}

impl Load {
    /// Of the task that the writer starts: see [`State::accept`].
    pub(super) fn new(backlog: &Arc<Backlog>, runtime: &'static str) -> Self {
        Load {
            backlog: Arc::clone(backlog),
            runtime,
            is_over: false,
        }
    }

    /// All that was accepted meanwhile; if that is nothing, the task is over.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        let mut state = self.backlog.lock();
        if state.accepted.is_empty() {
            state.is_carried = false;
            self.is_over = true;
            return None;
        }
        let spare = mem::take(&mut state.spare);
        let bytes = mem::replace(&mut state.accepted, spare);
        state.n_writing = bytes.len();
        Some(bytes)
    }

    pub(super) fn put_down(&self, written: io::Result<Vec<u8>>) {
        self.backlog.tell(|state| {
            state.n_writing = 0;
            match written {
                Ok(mut bytes) => {
                    bytes.clear();
                    state.spare = bytes;
                }
                Err(error) => state.fail(error),
            }
        });
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if !self.is_over {
            let runtime = self.runtime;
            let text = format!("the {runtime} runtime ended before all was written");
            self.backlog.tell(|state| {
                state.is_carried = false;
                state.fail(io::Error::other(text));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(backlog: &Backlog, bytes: &[u8]) -> (usize, bool) {
        let accepted = backlog.lock().accept(bytes).expect("there is room");
        accepted.expect("nothing has failed")
    }

    fn settled(backlog: &Backlog) -> Option<io::Result<()>> {
        backlog.lock().settled()
    }

    /// The last moment of a task: it has looked, and is not dropped yet.
    #[test]
    fn a_task_that_found_nothing_left_fails_nobody_who_comes_after() {
        let backlog = Arc::new(Backlog::default());
        assert_eq!(accept(&backlog, b"one"), (3, true));
        let mut first = Load::new(&backlog, "test");
        let bytes = first.take().expect("it was accepted");
        first.put_down(Ok(bytes));
        assert_eq!(first.take(), None);
        // Between its last look and its drop another one is needed, and starts.
        assert_eq!(accept(&backlog, b"two"), (3, true));
        let mut second = Load::new(&backlog, "test");
        drop(first);
        assert_eq!(accept(&backlog, b", three"), (7, false), "one carries");
        assert!(settled(&backlog).is_none(), "it is not written yet");
        let bytes = second.take().expect("it was accepted");
        assert_eq!(bytes, b"two, three");
        second.put_down(Ok(bytes));
        assert_eq!(second.take(), None);
        drop(second);
        let settled = settled(&backlog).expect("all is written");
        settled.expect("nobody has failed");
        assert_eq!(accept(&backlog, b"four"), (4, true), "none carries");
    }

    #[test]
    fn a_task_that_is_dropped_before_its_end_says_so() {
        for was_taken in [false, true] {
            let backlog = Arc::new(Backlog::default());
            accept(&backlog, b"one");
            let mut load = Load::new(&backlog, "test");
            if was_taken {
                load.take().expect("it was accepted");
            }
            drop(load);
            let told = settled(&backlog).expect("nothing is waited for");
            let error = told.expect_err("it is lost").to_string();
            assert_eq!(error, "the test runtime ended before all was written");
            let later = backlog.lock().accept(b"two").expect("it is answered");
            later.expect_err("to the end");
            assert_eq!(backlog.unwritten(), 0);
        }
    }

    #[test]
    fn the_memory_of_what_was_written_is_used_again() {
        let backlog = Arc::new(Backlog::default());
        let bytes = vec![1; WriteBehind::LIMIT];
        accept(&backlog, &bytes);
        let mut load = Load::new(&backlog, "test");
        let mut memory = Vec::new();
        for _ in 0..4 {
            assert!(backlog.lock().accept(b"more").is_none(), "it is full");
            let taken = load.take().expect("it was accepted");
            memory.push(taken.as_ptr());
            load.put_down(Ok(taken));
            assert_eq!(accept(&backlog, &bytes), (bytes.len(), false));
        }
        assert_eq!(memory[0], memory[2]);
        assert_eq!(memory[1], memory[3]);
    }
}
