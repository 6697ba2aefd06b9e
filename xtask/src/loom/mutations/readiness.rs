//! The readiness of a source: `readiness.rs`.

use super::Mutation;

const READINESS: &str = "src/reactor/readiness.rs";
const EVENT: &str = "tests/loom/event.rs";
const NO_EVENT_LOST: &str = "no_event_is_lost_to_a_reader";
const END_IS_READ: &str = "the_end_of_a_stream_is_read_after_its_last_bytes";
const ENDED: &str = "no_reader_waits_in_a_runtime_that_has_ended";

pub(super) const ALL: &[Mutation] = &[
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
        what: "flags before waiters (`Slot::set`)",
        said: "source.rs, `wait`",
        text: "        self.readiness.set(false);\n        self.wake();\n",
        instead: "        self.wake();\n        self.readiness.set(false);\n",
        models: &[NO_EVENT_LOST],
    },
];
