//! The lock-free protocols, each way that its steps can interleave.
//!
//! Run with `cargo xtask loom`; in any other build there is nothing here. The models compile the
//! protocols' own files; there is a file of models for each of them.
#![cfg(anyrt_loom)]
#![allow(dead_code, unused_imports, unreachable_pub)] // the files hold more than the models use

#[path = "../../src/timer/alarm.rs"]
mod alarm;
#[path = "../../src/barrier/mod.rs"]
mod barrier;
#[path = "../../src/driver/beside.rs"]
mod beside;
#[path = "../../src/executor/idle.rs"]
mod idle;
#[path = "../../src/driver/parker.rs"]
mod parker;
#[path = "../../src/executor/queue/place.rs"]
mod place;
#[path = "../../src/reactor/readiness.rs"]
mod readiness;
#[path = "../../src/executor/monitor/rest.rs"]
mod rest;
#[path = "../../src/timer/shards.rs"]
mod shards;
#[path = "../../src/task/state.rs"]
mod state;
#[path = "../../src/sync.rs"]
mod sync;
#[path = "../../src/timer/wheel/mod.rs"]
mod wheel;

mod bell;
mod claim;
mod event;
mod monitor;
mod search;
mod seat;
mod task;
mod timers;

use loom::model::Builder;

/// Explores `model` with as many preemptions as make a difference in practice, or as many as
/// `LOOM_MAX_PREEMPTIONS` says.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(model);
}
