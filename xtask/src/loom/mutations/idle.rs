//! Who sleeps and who searches: `IDLE.md`.

use super::Mutation;

const IDLE: &str = "src/executor/idle.rs";
const SEARCH: &str = "tests/loom/search.rs";
const NO_TASK_WAITS: &str = "no_task_waits_while_a_worker_sleeps";
const NO_TASK_WAITS_BEHIND: &str = "no_task_waits_for_the_one_before_while_a_worker_sleeps";
const TOKEN: &str = "the_token_is_taken_for_somebody_or_not_at_all";
const SPARE_GOES: &str = "a_spare_that_goes_passes_on_what_it_was_picked_for";

pub(super) const ALL: &[Mutation] = &[
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
];
