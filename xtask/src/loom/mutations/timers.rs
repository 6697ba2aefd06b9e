//! The alarm over several wheels: `timer/ALARM.md`.

use super::Mutation;

const ALARM: &str = "src/timer/alarm.rs";
const SHARDS: &str = "src/timer/shards.rs";
const NO_INSERTION: &str = "no_insertion_is_slept_through";
const FAR_ALARM: &str = "an_insertion_before_a_far_alarm_is_not_slept_through";
const DRIVER_WAKES: &str = "an_insertion_beside_a_driver_that_wakes_is_not_slept_through";
const REMOVAL: &str = "a_removal_does_not_hide_an_insertion";

pub(super) const ALL: &[Mutation] = &[
    Mutation {
        file: SHARDS,
        what: "the word before the next ticks, by the driver",
        said: "ALARM.md, why no insertion is slept through",
        text: "        self.alarm.begin();\n        let least = self.next_tick();\n",
        instead: "        let least = self.next_tick();\n        self.alarm.begin();\n",
        models: &[NO_INSERTION],
    },
    Mutation {
        file: SHARDS,
        what: "the next tick before the word, by an insertion",
        said: "ALARM.md, why no insertion is slept through",
        text: "        shard.next.store(tick, Relaxed);\n        \
               let too_late = self.alarm.forestall(tick);\n",
        instead: "        let too_late = self.alarm.forestall(tick);\n        \
                  shard.next.store(tick, Relaxed);\n",
        models: &[NO_INSERTION],
    },
    Mutation {
        file: SHARDS,
        what: "the lock while a shard's next tick is read anew",
        said: "ALARM.md, who may touch what",
        text: "        self.note(&lock(&self.inner))\n",
        instead: "        let next = lock(&self.inner).wheel.next_tick();\n        \
                  let next = next.unwrap_or(NEVER);\n        \
                  self.next.store(next, Relaxed);\n        next\n",
        models: &[REMOVAL],
    },
    Mutation {
        file: ALARM,
        what: "the Acquire of a driver that goes to sleep",
        said: "ALARM.md, why no insertion is slept through",
        text: "self.0.swap(SETTING, AcqRel)",
        instead: "self.0.swap(SETTING, Relaxed)",
        models: &[NO_INSERTION],
    },
    Mutation {
        file: ALARM,
        what: "the Release of an insertion, and that it reads the last value",
        said: "ALARM.md, why no insertion is slept through",
        text: "self.0.fetch_add(0, AcqRel)",
        instead: "self.0.load(Relaxed)",
        models: &[NO_INSERTION],
    },
    Mutation {
        file: ALARM,
        what: "the insertion that came while the alarm was set",
        said: "ALARM.md, the picture",
        text: "        set.is_ok()\n",
        instead: "        set.is_ok() || true\n",
        models: &[NO_INSERTION],
    },
    Mutation {
        file: ALARM,
        what: "the chain that a driver which wakes goes on with",
        said: "ALARM.md, the words",
        text: "            self.0.swap(AWAKE, Relaxed);\n",
        instead: "            self.0.store(AWAKE, Relaxed);\n",
        models: &[DRIVER_WAKES],
    },
    Mutation {
        file: ALARM,
        what: "the wake-up of a driver whose alarm is for later",
        said: "ALARM.md, the picture",
        text: "return alarm != SETTING,",
        instead: "return false,",
        models: &[FAR_ALARM, REMOVAL],
    },
];
