//! The monitor at rest, the driver's seat and the notices: `MONITOR.md`, `SEAT.md`.

use super::Mutation;

const REST: &str = "src/executor/monitor/rest.rs";
const BESIDE: &str = "src/driver/beside.rs";
const PARKER: &str = "src/driver/parker.rs";
const SEAT: &str = "tests/loom/seat.rs";
const MONITOR_RESTS: &str = "a_worker_that_wakes_does_not_leave_the_monitor_at_rest";
const LATE_CALL: &str = "a_late_call_does_not_hide_the_next_rest";
const CALL_ENDS: &str = "a_call_ends_the_rest_or_the_next";
const NOTICE_ENDS: &str = "a_notice_ends_a_wait_or_the_next_and_brings_what_it_is_about";
const WORKER_LEAVES: &str = "a_seat_that_a_worker_leaves_is_taken_by_one_beside";
const GUEST_LEAVES: &str = "a_seat_that_a_guest_leaves_is_taken_by_one_beside";
const GUEST_CALLED: &str = "a_guest_that_is_called_away_passes_the_seat_on";

pub(super) const ALL: &[Mutation] = &[
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
        what: "the bell that a call sets",
        said: "MONITOR.md, rest",
        text: "        self.rests.store(0, Relaxed);\n        self.bell.ring_after(after);\n",
        instead: "        self.rests.store(0, Relaxed);\n",
        models: &[MONITOR_RESTS, LATE_CALL, CALL_ENDS],
    },
    Mutation {
        file: REST,
        what: "silence before the monitor says that it rests",
        said: "MONITOR.md, rest",
        text: "        self.bell.silence();\n        self.rests.store(1, Relaxed);\n",
        instead: "        self.rests.store(1, Relaxed);\n        self.bell.silence();\n",
        models: &[LATE_CALL],
    },
    Mutation {
        file: REST,
        what: "that a call takes the word back before it sets the bell",
        said: "MONITOR.md, rest",
        text: "        self.rests.store(0, Relaxed);\n        self.bell.ring_after(after);\n",
        instead: "        self.bell.ring_after(after);\n        self.rests.store(0, Relaxed);\n",
        models: &[LATE_CALL],
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
];
