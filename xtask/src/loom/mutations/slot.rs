//! A worker's slot: `place.rs`.

use super::Mutation;

const PLACE: &str = "src/executor/queue/place.rs";
const USED_OR_CLAIMED: &str = "a_slot_is_used_by_its_owner_or_claimed_and_never_both";
const TWO_CLAIM: &str = "two_that_claim_a_slot_take_what_is_there_once";
const ELSEWHERE: &str = "a_slot_whose_owner_is_elsewhere_is_claimed";

pub(super) const ALL: &[Mutation] = &[
    Mutation {
        file: PLACE,
        what: "that the owner says that it is there",
        said: "place.rs, 1",
        text: "        busy.store(1, Relaxed);\n        barrier.light(claimed);\n        \
               // Acquire: pairs",
        instead: "        barrier.light(claimed);\n        // Acquire: pairs",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the light side of the barrier",
        said: "place.rs, 1",
        text: "        barrier.light(claimed);\n        // Acquire: pairs",
        instead: "        // Acquire: pairs",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the owner's look for a claimer",
        said: "place.rs, 1",
        text: "            self.wait();\n",
        instead: "",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the owner's beginning again",
        said: "place.rs, 1",
        text: "            if claimed.load(Acquire) == 0 {\n                \
               return;\n            }\n",
        instead: "            return;\n",
        models: &[TWO_CLAIM],
    },
    Mutation {
        file: PLACE,
        what: "the Acquire of the owner",
        said: "place.rs",
        text: "        if claimed.load(Acquire) != 0 {",
        instead: "        if claimed.load(Relaxed) != 0 {",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the Release of the owner",
        said: "place.rs",
        text: "        busy.store(0, Release);\n        result",
        instead: "        busy.store(0, Relaxed);\n        result",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the claimer's turn",
        said: "place.rs, 2",
        text: "        let _turn = lock(turn);\n",
        instead: "        drop(lock(turn));\n",
        models: &[TWO_CLAIM, ELSEWHERE],
    },
    Mutation {
        file: PLACE,
        what: "that the claimer says that it is there",
        said: "place.rs, 2",
        text: "        claimed.store(1, Relaxed);\n",
        instead: "",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the heavy side of the barrier",
        said: "place.rs, 2",
        text: "barrier.heavy(claimed) && busy",
        instead: "busy",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the claimer's look for the owner",
        said: "place.rs, 2",
        text: " && busy.load(Acquire) == 0;",
        instead: ";",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the Acquire of the claimer",
        said: "place.rs",
        text: "busy.load(Acquire)",
        instead: "busy.load(Relaxed)",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "the Release of the claimer",
        said: "place.rs",
        text: "        claimed.store(0, Release);",
        instead: "        claimed.store(0, Relaxed);",
        models: &[USED_OR_CLAIMED],
    },
    Mutation {
        file: PLACE,
        what: "that a claimer leaves",
        said: "place.rs, 2",
        text: "        claimed.store(0, Release);\n",
        instead: "",
        models: &[USED_OR_CLAIMED],
    },
];
