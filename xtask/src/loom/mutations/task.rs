//! A task's word: `state.rs`.

use super::Mutation;

const STATE: &str = "src/task/state.rs";
const TASK: &str = "tests/loom/task.rs";
const WAKE_POLL: &str = "a_wake_is_followed_by_a_poll_that_sees_what_it_was_about";
const ABORT_ENDS: &str = "an_abort_ends_the_task_once_beside_wakes_runs_and_the_end_of_the_runtime";
const POLL_ENDS: &str = "the_end_of_the_runtime_ends_a_task_that_is_being_polled";
const JOINER: &str = "a_joiner_is_woken_once_or_told_at_once";
const FREED: &str = "a_detached_task_is_freed_once";

pub(super) const ALL: &[Mutation] = &[
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
        text: "compare_exchange_weak(now, next, AcqRel, Relaxed)",
        instead: "compare_exchange_weak(now, next, Relaxed, Relaxed)",
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
        what: "the look at the end as the joiner is withdrawn (`Header::poll_complete`)",
        said: "state.rs, `withdraw_joiner`",
        text: "            if !self.state.withdraw_joiner() {\n                return \
               true;\n            }\n",
        instead: "            self.state.withdraw_joiner();\n",
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
        what: "that a task which others will meet is not new any more",
        said: "state.rs, `retain_to_keep`",
        text: "self.count(REFERENCE - new);",
        instead: "self.count(REFERENCE);",
        models: &[POLL_ENDS],
    },
    Mutation {
        file: STATE,
        what: "that a task which was idle is not new any more",
        said: "state.rs, `pause`",
        text: "(now & !(RUNNING | NEW)) - given_up",
        instead: "(now & !RUNNING) - given_up",
        models: &[WAKE_POLL],
    },
    Mutation {
        file: STATE,
        what: "the Acquire of one who finds itself alone",
        said: "state.rs, `is_sole`",
        text: "self.0.load(Acquire) < 2 * REFERENCE",
        instead: "self.0.load(Relaxed) < 2 * REFERENCE",
        models: &[FREED],
    },
    Mutation {
        file: STATE,
        what: "the Acquire of one who gives up the only reference",
        said: "state.rs, `release`",
        text: "        // Acquire: as `is_sole`.\n        let now = self.0.load(Acquire);\n",
        instead: "        let now = self.0.load(Relaxed);\n",
        models: &[FREED],
    },
    Mutation {
        file: STATE,
        what: "the Release and the Acquire of the last reference",
        said: "state.rs, `release`",
        text: "self.0.fetch_sub(one_reference(now), AcqRel)",
        instead: "self.0.fetch_sub(one_reference(now), Relaxed)",
        models: &[FREED],
    },
];
