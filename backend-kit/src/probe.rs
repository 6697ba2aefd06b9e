//! Is a runtime that we were lent being driven? [`Probe`], one an object, and [`Prober`].
//!
//! A single-threaded runtime that nobody drives never answers, and a task that waits for it from
//! elsewhere would wait for ever, without a word. So an object's first wait away from such a
//! runtime posts a no-op to it; if that has not run within a second, the wait fails (`L179`).
//!
//! Knows no runtime: posting the no-op is the backend's part. The only timer of the kit stands
//! here, on a thread that lives as long as there are questions open.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::lock::{Condition, Lock};
use crate::wait;

/// How long a runtime may take to run a no-op before it counts as not driven.
const PATIENCE: Duration = Duration::from_secs(1);

/// The no-op has been posted.
const ASKED: u8 = 0;
/// It ran.
const DRIVEN: u8 = 1;
/// It did not, in time.
const UNDRIVEN: u8 = 2;

/// Asks one runtime whether it is driven, on behalf of its objects. Cheap to clone.
#[derive(Clone, Default)]
pub struct Prober {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    open: Lock<Open>,
}

/// The questions that are open, oldest first.
#[derive(Default)]
struct Open {
    questions: VecDeque<(Instant, Arc<Question>)>,
    has_thread: bool,
}

impl Prober {
    /// Has asked nothing yet and has no thread.
    #[must_use]
    pub fn new() -> Self {
        Prober::default()
    }

    fn watch(&self, question: &Arc<Question>) {
        let mut open = self.shared.open.lock();
        let due = Instant::now() + PATIENCE;
        open.questions.push_back((due, Arc::clone(question)));
        if open.has_thread {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let started = thread::Builder::new()
            .name("anyrt-probe".into())
            .spawn(move || shared.run());
        open.has_thread = started.is_ok();
        if !open.has_thread {
            // Without a thread there is no answer; the objects wait as they would without a probe.
            open.questions.clear();
        }
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prober")
            .field("n_open", &self.shared.open.lock().questions.len())
            .finish()
    }
}

impl Shared {
    /// The thread: answers each question when it is due, and ends when there is none.
    fn run(&self) {
        loop {
            let next = {
                let mut open = self.open.lock();
                let next = open.questions.pop_front();
                open.has_thread = next.is_some();
                next
            };
            let Some((due, question)) = next else {
                return;
            };
            question.wait_until(due);
        }
    }
}

/// One object's question to its runtime: asked once, at its first wait, and again only after it
/// failed.
#[derive(Default)]
pub struct Probe {
    question: Lock<Option<Arc<Question>>>,
}

impl Probe {
    /// Nothing has been asked.
    #[must_use]
    pub const fn new() -> Self {
        Probe {
            question: Lock::new(None),
        }
    }

    /// True, once, after a question that the runtime did not answer.
    pub fn has_failed(&self) -> bool {
        let mut question = self.question.lock();
        let failed = question.as_ref().is_some_and(|q| q.is(UNDRIVEN));
        if failed {
            *question = None;
        }
        failed
    }

    /// The task of `cx` is about to wait. Asks by `post`, if that was not done yet: it posts a
    /// no-op to the runtime, which calls [`Sign::driven`]. The task is woken if no answer comes.
    pub fn ask(&self, prober: &Prober, cx: &Context<'_>, post: impl FnOnce(Sign)) {
        let (question, is_new) = {
            let mut slot = self.question.lock();
            let is_new = slot.is_none();
            (Arc::clone(slot.get_or_insert_default()), is_new)
        };
        if question.is(DRIVEN) {
            return;
        }
        question.add_waiter(cx.waker());
        if is_new {
            prober.watch(&question);
            post(Sign { question });
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &*self.question.lock() {
            None => "not asked",
            Some(q) if q.is(ASKED) => "asked",
            Some(q) if q.is(DRIVEN) => "driven",
            Some(_) => "undriven",
        };
        f.debug_tuple("Probe").field(&text).finish()
    }
}

/// The no-op's message, sent from inside the runtime.
#[derive(Debug)]
#[must_use = "the runtime counts as undriven unless `driven` is called"]
pub struct Sign {
    question: Arc<Question>,
}

impl Sign {
    /// The runtime is being driven: this ran in it.
    pub fn driven(self) {
        self.question.answer(DRIVEN);
    }
}

#[derive(Default)]
struct Question {
    answer: AtomicU8,
    waiters: Lock<Vec<Waker>>,
    answered: Condition,
}

impl Question {
    fn is(&self, answer: u8) -> bool {
        // Acquire: pairs with the AcqRel in `answer`, so that who sees it sees what led to it.
        self.answer.load(Ordering::Acquire) == answer
    }

    fn add_waiter(&self, waker: &Waker) {
        if self
            .waiters
            .lock()
            .iter()
            .any(|known| known.will_wake(waker))
        {
            return;
        }
        let waker = waker.clone();
        let mut waiters = self.waiters.lock();
        if self.is(ASKED) {
            waiters.push(waker);
            return;
        }
        let failed = self.is(UNDRIVEN);
        drop(waiters);
        if failed {
            waker.wake();
        }
    }

    fn answer(&self, answer: u8) {
        let waiters = {
            let mut waiters = self.waiters.lock();
            let first =
                self.answer
                    .compare_exchange(ASKED, answer, Ordering::AcqRel, Ordering::Acquire);
            if first.is_err() {
                return;
            }
            self.answered.notify_all();
            std::mem::take(&mut *waiters)
        };
        if answer == UNDRIVEN {
            for waker in waiters {
                // A waker that panics must not end the thread, which has others to answer.
                wait::wake(waker);
            }
        }
    }

    /// Waits for the answer until `due`; without one the runtime is not driven.
    fn wait_until(&self, due: Instant) {
        let mut waiters = self.waiters.lock();
        while self.is(ASKED) {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(waiters);
                self.answer(UNDRIVEN);
                return;
            }
            waiters = self.answered.wait_timeout(waiters, left).0;
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc;
    use std::task::{Poll, Wake};

    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn a_driven_runtime_is_asked_once() {
        let (prober, probe) = (Prober::new(), Probe::new());
        let cx = Context::from_waker(Waker::noop());
        probe.ask(&prober, &cx, Sign::driven);
        probe.ask(&prober, &cx, |_| panic!("it was asked before"));
        assert!(!probe.has_failed());
    }

    #[test]
    fn an_undriven_runtime_fails_the_wait_once() {
        let (prober, probe) = (Prober::new(), Probe::new());
        let mut kept = None;
        block_on(poll_fn(|cx| {
            if probe.has_failed() {
                return Poll::Ready(());
            }
            probe.ask(&prober, cx, |sign| kept = Some(sign));
            Poll::Pending
        }));
        assert!(kept.is_some());
        assert!(!probe.has_failed(), "it may be asked again");
    }

    #[test]
    fn a_panicking_waker_costs_nobody_else_the_answer() {
        struct Bad;
        impl Wake for Bad {
            fn wake(self: Arc<Self>) {
                panic!("a bad waker");
            }
        }
        let bad = Waker::from(Arc::new(Bad));
        let prober = Prober::new();
        let (first, second) = (Probe::new(), Probe::new());
        let mut kept = Vec::new();
        first.ask(&prober, &Context::from_waker(&bad), |sign| kept.push(sign));
        let (answered, wait) = mpsc::channel();
        thread::spawn(move || {
            let mut kept = None;
            block_on(poll_fn(|cx| {
                if second.has_failed() {
                    return Poll::Ready(());
                }
                second.ask(&prober, cx, |sign| kept = Some(sign));
                Poll::Pending
            }));
            answered.send(()).expect("the test waits");
        });
        wait.recv_timeout(PATIENCE * 5).expect("it is answered");
        assert!(first.has_failed());
    }
}
