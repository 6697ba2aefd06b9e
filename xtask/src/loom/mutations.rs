//! What the protocols call necessary, each with a text that is without it and the model that has to
//! notice.
//!
//! What stands in a file under `src/` is the runtime's own step. Where a protocol goes through a
//! file that no model can compile (a worker's loop, the driver), its model in `tests/loom` has that
//! step again, and the text is the model's: that shows the step to be necessary, and the page names
//! the place where the runtime has it.

/// One step that is left out.
#[derive(Debug)]
pub(super) struct Mutation {
    /// From the folder of the crate.
    pub(super) file: &'static str,
    /// What is missing, in a few words.
    pub(super) what: &'static str,
    /// Which sentence calls it necessary.
    pub(super) said: &'static str,
    /// Stands in the file once.
    pub(super) text: &'static str,
    pub(super) instead: &'static str,
    /// Each of them has to fail.
    pub(super) models: &'static [&'static str],
}

impl Mutation {
    /// The file's text without that step.
    pub(super) fn apply(&self, text: &str) -> Result<String, String> {
        match text.matches(self.text).count() {
            1 => Ok(text.replacen(self.text, self.instead, 1)),
            n => Err(format!("its text stands there {n} times")),
        }
    }
}

const IDLE: &str = "src/executor/idle.rs";
const SEARCH: &str = "tests/loom/search.rs";
const REST: &str = "src/executor/monitor/rest.rs";
const BESIDE: &str = "src/driver/beside.rs";
const PARKER: &str = "src/driver/parker.rs";
const SEAT: &str = "tests/loom/seat.rs";
const READINESS: &str = "src/reactor/readiness.rs";
const EVENT: &str = "tests/loom/event.rs";
const STATE: &str = "src/task/state.rs";
const TASK: &str = "tests/loom/task.rs";

const NO_TASK_WAITS: &str = "no_task_waits_while_a_worker_sleeps";
const NO_TASK_WAITS_BEHIND: &str = "no_task_waits_for_the_one_before_while_a_worker_sleeps";
const TOKEN: &str = "the_token_is_taken_for_somebody_or_not_at_all";
const SPARE_GOES: &str = "a_spare_that_goes_passes_on_what_it_was_picked_for";
const MONITOR_RESTS: &str = "a_worker_that_wakes_does_not_leave_the_monitor_at_rest";
const LATE_CALL: &str = "a_late_call_does_not_hide_the_next_rest";
const CALL_ENDS: &str = "a_call_ends_the_rest_or_the_next";
const NOTICE_ENDS: &str = "a_notice_ends_a_wait_or_the_next_and_brings_what_it_is_about";
const WORKER_LEAVES: &str = "a_seat_that_a_worker_leaves_is_taken_by_one_beside";
const GUEST_LEAVES: &str = "a_seat_that_a_guest_leaves_is_taken_by_one_beside";
const GUEST_CALLED: &str = "a_guest_that_is_called_away_passes_the_seat_on";
const NO_EVENT_LOST: &str = "no_event_is_lost_to_a_reader";
const END_IS_READ: &str = "the_end_of_a_stream_is_read_after_its_last_bytes";
const ENDED: &str = "no_reader_waits_in_a_runtime_that_has_ended";
const WAKE_POLL: &str = "a_wake_is_followed_by_a_poll_that_sees_what_it_was_about";
const ABORT_ENDS: &str = "an_abort_ends_the_task_once_beside_wakes_runs_and_the_end_of_the_runtime";
const POLL_ENDS: &str = "the_end_of_the_runtime_ends_a_task_that_is_being_polled";
const JOINER: &str = "a_joiner_is_woken_once_or_told_at_once";
const FREED: &str = "a_detached_task_is_freed_once";

/// All of them, page by page.
pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        file: IDLE,
        what: "the fence of a pusher",
        said: "IDLE.md, rules 1 and 2",
        text: "        // Pairs with the fences in `park` and `found`.\n        \
               full_fence(&self.state);\n",
        instead: "",
        models: &[NO_TASK_WAITS],
    },
    Mutation {
        file: IDLE,
        what: "the fence of a worker that parks",
        said: "IDLE.md, rule 4",
        text: "        // Pairs with the fence in `pick`: the pusher sees us parked, or we see the \
               push.\n        full_fence(&self.state);\n",
        instead: "",
        models: &[NO_TASK_WAITS],
    },
    Mutation {
        file: IDLE,
        what: "the fence of a searcher that found something",
        said: "IDLE.md, rule 3",
        text: "        // Pairs with the fence in `pick`: the pusher sees the token free, or we \
               see \
               the push.\n        full_fence(&self.state);\n",
        instead: "",
        models: &[NO_TASK_WAITS_BEHIND],
    },
    Mutation {
        file: IDLE,
        what: "the look for somebody parked before the token is taken",
        said: "IDLE.md, rule 5",
        text: "        let last = parked.len().checked_sub(1)?;\n        \
               if self.state.fetch_or(SEARCHING, AcqRel) & SEARCHING != 0 {\n            \
               return None;\n        }\n",
        instead: "        if self.state.fetch_or(SEARCHING, AcqRel) & SEARCHING != 0 \
               {\n            \
                  return None;\n        }\n        let last = parked.len().checked_sub(1)?;\n",
        models: &[TOKEN],
    },
    Mutation {
        file: IDLE,
        what: "the token of one that was picked",
        said: "IDLE.md, rule 6",
        text: "            return true;\n",
        instead: "            return false;\n",
        models: &[NO_TASK_WAITS, SPARE_GOES],
    },
    Mutation {
        file: SEARCH,
        what: "the look after the announcement (`Core::next_anywhere`)",
        said: "IDLE.md, rule 4",
        text: "            self.idle.park(index, std::mem::take(&mut token));\n            \
               if self.take() {",
        instead: "            self.idle.park(index, std::mem::take(&mut token));\n            \
                  if false {",
        models: &[NO_TASK_WAITS],
    },
    Mutation {
        file: SEARCH,
        what: "the look after the token was given back (`Core::share`)",
        said: "IDLE.md, rule 3",
        text: "        if self.n_queued.load(Acquire) > 0 {",
        instead: "        if false {",
        models: &[NO_TASK_WAITS_BEHIND],
    },
    Mutation {
        file: SEARCH,
        what: "the token of a spare that goes (`Core::is_spared`)",
        said: "MONITOR.md, a look, 4",
        text: "        if found || token {",
        instead: "        if found {",
        models: &[SPARE_GOES],
    },
    Mutation {
        file: REST,
        what: "the fence of a worker that wakes",
        said: "MONITOR.md, rest",
        text: "        // Pairs with the fence in `until_called`: the monitor sees this worker \
               up, or \
               we see it\n        // rest.\n        full_fence(&self.rests);\n",
        instead: "",
        models: &[MONITOR_RESTS],
    },
    Mutation {
        file: REST,
        what: "the fence of the monitor",
        said: "MONITOR.md, rest",
        text: "        // Pairs with the fence in `worker_woke`.\n        \
               full_fence(&self.rests);\n",
        instead: "",
        models: &[MONITOR_RESTS],
    },
    Mutation {
        file: REST,
        what: "the monitor's second look",
        said: "MONITOR.md, rest",
        text: "        if is_at_rest() {\n",
        instead: "        if true {\n",
        models: &[MONITOR_RESTS, LATE_CALL],
    },
    Mutation {
        file: REST,
        what: "the note that it was called",
        said: "MONITOR.md, rest",
        text: "        *lock(&self.called) = true;\n",
        instead: "",
        models: &[MONITOR_RESTS, LATE_CALL, CALL_ENDS],
    },
    Mutation {
        file: BESIDE,
        what: "the fence of a thread that parks beside",
        said: "driver/mod.rs, rule 2",
        text: "        // Pairs with the fence in `is_left_behind`: we see the seat left, or the \
               leaver sees us.\n        full_fence(&self.0);\n",
        instead: "",
        models: &[WORKER_LEAVES, GUEST_LEAVES],
    },
    Mutation {
        file: BESIDE,
        what: "the fence of a thread that leaves",
        said: "driver/mod.rs, rule 2",
        text: "        // Pairs with the fence in `joined`.\n        full_fence(&self.0);\n",
        instead: "",
        models: &[WORKER_LEAVES, GUEST_LEAVES],
    },
    Mutation {
        file: SEAT,
        what: "the second look at the seat (`Driver::park_beside`)",
        said: "driver/mod.rs, rule 2",
        text: "        let mut may_drive = parker.kind() == Kind::Worker || \
               !self.awaited.load(Relaxed);\n",
        instead: "        let mut may_drive = false;\n",
        models: &[WORKER_LEAVES, GUEST_LEAVES],
    },
    Mutation {
        file: SEAT,
        what: "the appointment by who leaves (`Driver::drive`)",
        said: "driver/mod.rs, rule 1",
        text: "        drop(seat);\n        self.appoint_if_left();\n",
        instead: "        drop(seat);\n",
        models: &[WORKER_LEAVES, GUEST_LEAVES],
    },
    Mutation {
        file: SEAT,
        what: "the appointment by a guest that is called away (`Driver::park_beside`)",
        said: "driver/mod.rs, rule 1",
        text: "                    parker.stop();\n                    self.appoint_if_left();\n",
        instead: "                    parker.stop();\n",
        models: &[GUEST_CALLED],
    },
    Mutation {
        file: PARKER,
        what: "the lock between a notice and its signal",
        said: "driver/parker.rs, `notify`",
        text: "                drop(self.lock());\n",
        instead: "",
        models: &[NOTICE_ENDS],
    },
    Mutation {
        file: PARKER,
        what: "the notice that comes before the sleep",
        said: "IDLE.md, a picked worker",
        text: "            return Reason::Notified;\n        }\n        loop {",
        instead: "        }\n        loop {",
        models: &[NOTICE_ENDS],
    },
    Mutation {
        file: PARKER,
        what: "the notice that comes before the poller's wait",
        said: "IDLE.md, a picked worker",
        text: "            .compare_exchange(EMPTY, DRIVING, AcqRel, Acquire)\n            \
               .is_ok();",
        instead: "            .compare_exchange(EMPTY, DRIVING, AcqRel, Acquire)\n            \
                  .is_ok() || true;",
        models: &[NOTICE_ENDS],
    },
    Mutation {
        file: PARKER,
        what: "what a notice makes visible",
        said: "driver/parker.rs, `notify`",
        text: "        match self.state.swap(NOTIFIED, AcqRel) {",
        instead: "        match self.state.swap(NOTIFIED, Relaxed) {",
        models: &[NOTICE_ENDS],
    },
    Mutation {
        file: READINESS,
        what: "the counter of events",
        said: "readiness.rs, 2 and 3",
        text: "(now | flags).wrapping_add(ONE)",
        instead: "now | flags",
        models: &[NO_EVENT_LOST],
    },
    Mutation {
        file: READINESS,
        what: "the comparison with what was read",
        said: "readiness.rs, 3",
        text: "            .compare_exchange(seen.0, seen.0 & !flags, AcqRel, Acquire);",
        instead: "            .fetch_and(!flags, AcqRel);",
        models: &[NO_EVENT_LOST, END_IS_READ],
    },
    Mutation {
        file: READINESS,
        what: "the end that outlives a short read",
        said: "readiness.rs, 4",
        text: "        self.clear(seen, READY);\n",
        instead: "        self.clear(seen, READY | CLOSED);\n",
        models: &[END_IS_READ],
    },
    Mutation {
        file: READINESS,
        what: "the mark that is never cleared",
        said: "readiness.rs, 5",
        text: "        self.clear(seen, READY | CLOSED);\n",
        instead: "        self.clear(seen, READY | CLOSED | GONE);\n",
        models: &[ENDED],
    },
    Mutation {
        file: EVENT,
        what: "the look at the word by one who has joined the waiters (`Source::wait`)",
        said: "source.rs, `wait`",
        text: "            if seen.is_ready() {\n                continue;\n            }\n",
        instead: "",
        models: &[NO_EVENT_LOST, END_IS_READ],
    },
    Mutation {
        file: EVENT,
        what: "the look whether the runtime has ended (`Source::wait`)",
        said: "source.rs, `wait`",
        text: "            if seen.is_gone() {\n                return Read::Gone;\n            \
               }\n",
        instead: "",
        models: &[ENDED],
    },
    Mutation {
        file: EVENT,
        what: "flags before waiters (`Sides::set`)",
        said: "source.rs, `wait`",
        text: "        self.readiness.set(false);\n        self.wake();\n",
        instead: "        self.wake();\n        self.readiness.set(false);\n",
        models: &[NO_EVENT_LOST],
    },
    Mutation {
        file: STATE,
        what: "the write of a wake that changes nothing",
        said: "state.rs, `wake`",
        text: "        // Release: pairs with the Acquire of the `start` that follows.\n",
        instead: "        if self.0.load(Relaxed) & SCHEDULED != 0 {\n            return \
               false;\n        \
                  }\n",
        models: &[WAKE_POLL],
    },
    Mutation {
        file: STATE,
        what: "the Release of a wake",
        said: "state.rs, `wake`",
        text: "self.0.fetch_or(SCHEDULED, AcqRel)",
        instead: "self.0.fetch_or(SCHEDULED, Acquire)",
        models: &[WAKE_POLL],
    },
    Mutation {
        file: STATE,
        what: "the look for one that has the stage",
        said: "state.rs, `start`",
        text: "            if now & (RUNNING | COMPLETE) != 0 {\n                \
               return Start::Stale;\n            }\n            \
               let next = (now & !SCHEDULED) | RUNNING;",
        instead: "            if now & COMPLETE != 0 {\n                \
                  return Start::Stale;\n            }\n            \
                  let next = (now & !SCHEDULED) | RUNNING;",
        models: &[ABORT_ENDS],
    },
    Mutation {
        file: STATE,
        what: "the look for a wake during the poll",
        said: "state.rs, `pause`",
        text: "            let again = now & SCHEDULED != 0;\n",
        instead: "            let again = false;\n",
        models: &[WAKE_POLL],
    },
    Mutation {
        file: STATE,
        what: "the look for an abort during the poll",
        said: "state.rs, `pause`",
        text: "            if now & ABORTED != 0 {\n                return \
               Pause::Cancel;\n            \
               }\n",
        instead: "",
        models: &[POLL_ENDS],
    },
    Mutation {
        file: STATE,
        what: "the Release with which the stage is given back",
        said: "state.rs, `pause`",
        text: "            // Release: pairs with the Acquire of the next `start`, which owns \
               the stage \
               then.\n            \
               match self.0.compare_exchange_weak(now, next, AcqRel, Acquire) {",
        instead: "            match self.0.compare_exchange_weak(now, next, Acquire, Acquire) {",
        models: &[WAKE_POLL],
    },
    Mutation {
        file: STATE,
        what: "the Release and the Acquire of a completion",
        said: "state.rs, `complete`",
        text: "self.0.fetch_xor(RUNNING | COMPLETE, AcqRel)",
        instead: "self.0.fetch_xor(RUNNING | COMPLETE, Relaxed)",
        models: &[JOINER, FREED],
    },
    Mutation {
        file: STATE,
        what: "the look whether the task completed beside the joiner",
        said: "state.rs, `offer_joiner`",
        text: "        self.0.fetch_or(JOINER, AcqRel) & COMPLETE == 0\n",
        instead: "        self.0.fetch_or(JOINER, AcqRel);\n        true\n",
        models: &[JOINER],
    },
    Mutation {
        file: STATE,
        what: "the look whether the joiner's waker is somebody else's by now",
        said: "state.rs, `withdraw_joiner`",
        text: "        self.0.fetch_and(!JOINER, AcqRel) & COMPLETE == 0\n",
        instead: "        self.0.fetch_and(!JOINER, AcqRel);\n        true\n",
        models: &[JOINER],
    },
    Mutation {
        file: TASK,
        what: "the look at the end after the joiner was withdrawn (`Header::poll_complete`)",
        said: "state.rs, `withdraw_joiner`",
        text: "        self.withdraw();\n        if self.state.is_complete() {\n            \
               return true;\n        }\n",
        instead: "        self.withdraw();\n",
        models: &[JOINER],
    },
    Mutation {
        file: STATE,
        what: "the look for an output that nobody will take",
        said: "state.rs, `leave`",
        text: "            if now & COMPLETE != 0 {\n                return \
               Leave::Output;\n            \
               }\n",
        instead: "",
        models: &[FREED],
    },
    Mutation {
        file: STATE,
        what: "the Release and the Acquire of the last reference",
        said: "state.rs, `release`",
        text: "self.0.fetch_sub(REFERENCE, AcqRel)",
        instead: "self.0.fetch_sub(REFERENCE, Relaxed)",
        models: &[FREED],
    },
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn native() -> std::path::PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        root.expect("xtask/ is in the workspace")
            .join(super::super::package::CRATE)
    }

    #[test]
    fn every_text_stands_in_its_file_once() {
        for mutation in MUTATIONS {
            let path = native().join(mutation.file);
            let text = fs::read_to_string(&path).expect("the file is there");
            let mutated = mutation.apply(&text);
            let mutated = mutated
                .unwrap_or_else(|e| panic!("{}, without {}: {e}", mutation.file, mutation.what));
            assert_ne!(mutated, text, "{}: {}", mutation.file, mutation.what);
        }
    }

    #[test]
    fn every_model_is_there_and_notices_something() {
        let folder = native().join("tests/loom");
        let mut models = Vec::new();
        for entry in fs::read_dir(folder).expect("there are models") {
            let path = entry.expect("it can be read").path();
            let text = fs::read_to_string(path).expect("a source is a text");
            let tests = text.split("#[test]\nfn ").skip(1);
            models.extend(tests.filter_map(|test| Some(test.split_once('(')?.0.to_owned())));
        }
        let named: Vec<_> = MUTATIONS.iter().flat_map(|m| m.models).collect();
        for name in &named {
            assert!(
                models.iter().any(|model| model == *name),
                "no model `{name}`"
            );
        }
        for model in &models {
            assert!(
                named.iter().any(|name| *name == model),
                "nothing for `{model}`"
            );
        }
    }

    #[test]
    fn a_text_that_stands_there_twice_is_an_error() {
        let mutation = Mutation {
            file: "a.rs",
            what: "b",
            said: "c",
            text: "b",
            instead: "",
            models: &[],
        };
        assert_eq!(mutation.apply("abc"), Ok("ac".to_owned()));
        assert!(mutation.apply("abcb").is_err());
        assert!(mutation.apply("").is_err());
    }
}
