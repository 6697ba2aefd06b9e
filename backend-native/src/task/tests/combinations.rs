//! Every way for a task to live and die: the full product of panics, aborts, shutdowns and drops.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use anyrt_api::{any::PlacedJoin, task::JoinError};

use super::{Count, Placing, Queue};
use crate::task::{Join, Runnable, spawn};

/// What happens to one future and its output, each counted.
#[derive(Default)]
struct Log {
    waker: Mutex<Option<Waker>>,
    polls: AtomicUsize,
    future_drops: AtomicUsize,
    output_drops: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bang {
    Never,
    OnPoll,
    OnDrop,
}

/// Pending once, then ready; or else as `bang` says.
struct Probe {
    log: Arc<Log>,
    bang: Bang,
    output_bangs: bool,
}

struct Output {
    log: Arc<Log>,
    bangs: bool,
}

impl Future for Probe {
    type Output = Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let n_polls = self.log.polls.fetch_add(1, SeqCst);
        if n_polls == 0 {
            *self.log.waker.lock().expect("nobody panics with it") = Some(cx.waker().clone());
            return Poll::Pending;
        }
        assert_eq!(
            self.log.future_drops.load(SeqCst),
            0,
            "polled after it was dropped"
        );
        if self.bang == Bang::OnPoll {
            panic_any("on poll");
        }
        Poll::Ready(Output {
            log: self.log.clone(),
            bangs: self.output_bangs,
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.log.future_drops.fetch_add(1, SeqCst);
        if self.bang == Bang::OnDrop {
            panic_any("on drop");
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.log.output_drops.fetch_add(1, SeqCst);
        if self.bangs && !thread::panicking() {
            panic_any("output");
        }
    }
}

/// A point in the life of a task.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum When {
    BeforeFirstPoll,
    WhileIdle,
    WhileScheduled,
    AfterCompletion,
    Never,
}

const WHENS: [When; 5] = [
    When::BeforeFirstPoll,
    When::WhileIdle,
    When::WhileScheduled,
    When::AfterCompletion,
    When::Never,
];

/// Where the task lies.
#[derive(Clone, Copy, Debug)]
enum Memory {
    Own,
    /// Behind a cell that knows no type.
    Placed,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    memory: Memory,
    bang: Bang,
    output_bangs: bool,
    /// The handle is polled at each point.
    joins: bool,
    abort: When,
    shutdown: When,
    /// The handle is dropped.
    drop: When,
}

/// Laws L015 to L027: the future is dropped once, the output at most once, no panic gets out, and
/// the joiner is told the truth.
#[test]
fn every_combination() {
    run_all(Memory::Own);
}

#[test]
fn every_combination_of_a_placed_task() {
    run_all(Memory::Placed);
}

fn run_all(memory: Memory) {
    for bang in [Bang::Never, Bang::OnPoll, Bang::OnDrop] {
        for (output_bangs, joins) in [(false, false), (false, true), (true, false), (true, true)] {
            for abort in WHENS {
                for (shutdown, drop) in WHENS.iter().flat_map(|&s| WHENS.map(|d| (s, d))) {
                    Case {
                        memory,
                        bang,
                        output_bangs,
                        joins,
                        abort,
                        shutdown,
                        drop,
                    }
                    .run();
                }
            }
        }
    }
}

enum Handle {
    Own(Join<Output>),
    Placed(PlacedJoin),
}

impl Handle {
    fn abort(&self) {
        match self {
            Handle::Own(join) => join.abort(),
            Handle::Placed(join) => join.abort(),
        }
    }

    fn is_finished(&self) -> bool {
        match self {
            Handle::Own(join) => join.is_finished(),
            Handle::Placed(join) => join.is_finished(),
        }
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Result<Output, JoinError>> {
        let mut cx = Context::from_waker(waker);
        match self {
            Handle::Own(join) => Pin::new(join).poll(&mut cx),
            Handle::Placed(join) => {
                let mut output = None;
                let done = join.poll_join(&mut cx, &mut output);
                done.map_ok(|()| output.expect("a task that has ended well gives an output"))
            }
        }
    }
}

/// A task in its case, with what the test holds of it.
struct Life {
    case: Case,
    registered: Runnable,
    join: Option<Handle>,
    waker: Arc<Count>,
    /// Wakes that the joiner waits for.
    n_waits: usize,
}

impl Case {
    fn run(self) {
        let (queue, log) = (Queue::new(), Arc::new(Log::default()));
        let probe = Probe {
            log: log.clone(),
            bang: self.bang,
            output_bangs: self.output_bangs,
        };
        let (task, join) = match self.memory {
            Memory::Own => {
                let (task, join) = spawn(probe, queue);
                (task, Handle::Own(join))
            }
            Memory::Placed => {
                let (task, join) = Placing::spawn(probe, queue);
                (task, Handle::Placed(join))
            }
        };
        let mut life = Life {
            case: self,
            registered: task.clone(),
            join: Some(join),
            waker: Arc::default(),
            n_waits: 0,
        };
        life.reach(When::BeforeFirstPoll);
        self.quietly(|| task.run());
        life.reach(When::WhileIdle);
        queue.run();
        let wake = log.waker.lock().expect("nobody panics with it").take();
        wake.into_iter().for_each(Waker::wake);
        life.reach(When::WhileScheduled);
        queue.run();
        assert_eq!(log.future_drops.load(SeqCst), 1, "{self:?}");
        assert_eq!(queue.n_finished(), 1, "{self:?}");
        life.reach(When::AfterCompletion);
        queue.run();

        let n_polls = self.n_polls();
        assert_eq!(log.polls.load(SeqCst), n_polls, "{self:?}");
        life.check_join(n_polls);
        drop(life);
        let n_outputs = usize::from(n_polls == 2 && self.bang != Bang::OnPoll);
        assert_eq!(log.output_drops.load(SeqCst), n_outputs, "{self:?}");
        assert_eq!(Arc::strong_count(&log), 1, "{self:?}: nothing is leaked");
    }

    /// How often the future is polled: an abort comes before a drop of the handle at the same
    /// point, and after one it cannot come any more.
    fn n_polls(self) -> usize {
        let abort = if self.drop < self.abort {
            When::Never
        } else {
            self.abort
        };
        match if abort < self.shutdown {
            abort
        } else {
            self.shutdown
        } {
            When::BeforeFirstPoll => 0,
            When::WhileIdle | When::WhileScheduled => 1,
            When::AfterCompletion | When::Never => 2,
        }
    }

    fn quietly(self, f: impl FnOnce()) {
        assert!(
            catch_unwind(AssertUnwindSafe(f)).is_ok(),
            "{self:?}: a panic gets out"
        );
    }
}

impl Life {
    fn reach(&mut self, now: When) {
        let case = self.case;
        if case.abort == now
            && let Some(join) = &self.join
        {
            case.quietly(|| join.abort());
            case.quietly(|| join.abort());
        }
        if case.shutdown == now {
            case.quietly(|| self.registered.clone().cancel(None));
        }
        if case.drop == now {
            case.quietly(|| self.join = None);
        }
        if case.joins
            && let Some(join) = &mut self.join
            && !join.is_finished()
        {
            let waker = Waker::from(self.waker.clone());
            let poll = join.poll(&waker);
            assert!(poll.is_pending(), "{case:?}");
            self.n_waits = 1;
        }
    }

    fn check_join(&mut self, n_polls: usize) {
        let (case, Some(mut join)) = (self.case, self.join.take()) else {
            return;
        };
        assert!(join.is_finished(), "{case:?}");
        assert_eq!(
            self.waker.n_wakes(),
            self.n_waits,
            "{case:?}: a joiner is woken once"
        );
        match join.poll(Waker::noop()) {
            Poll::Pending => panic!("{case:?}: finished and not ready"),
            Poll::Ready(Ok(output)) => {
                assert!(n_polls == 2 && case.bang == Bang::Never, "{case:?}");
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(output)));
                assert_eq!(dropped.is_err(), case.output_bangs, "{case:?}");
            }
            Poll::Ready(Err(error)) if error.is_cancelled() => assert!(n_polls < 2, "{case:?}"),
            Poll::Ready(Err(error)) => {
                let payload = error.into_panic();
                let expected = match case.bang {
                    Bang::OnPoll => "on poll",
                    _ => "on drop",
                };
                let text = payload.downcast_ref::<&str>().copied();
                assert_eq!((text, n_polls), (Some(expected), 2), "{case:?}");
            }
        }
    }
}
