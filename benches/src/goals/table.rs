//! The goals, row by row: what native is to reach beside its peers.
//!
//! Data alone: a row is changed here and nowhere else.

use super::{
    Bound::{AtMost, BestPeer, Control, OwnMetric, Peer},
    Goal, Row, Weight,
    Weight::{Counts, Must, Shown},
};
use crate::scenarios::{IN_PROCESS, NETWORK};

/// All rows, in the order in which they are shown.
pub const ROWS: &[Row] = &[
    row(
        "chained_spawn 1000",
        Must,
        IN_PROCESS,
        &[goal("", "chained_spawn", "", BestPeer(4.0))],
    ),
    row(
        "ping_pong 1000 pairs",
        Counts,
        IN_PROCESS,
        &[goal("", "ping_pong", "", BestPeer(2.5))],
    ),
    row(
        "spawn_many 10k",
        Counts,
        IN_PROCESS,
        &[
            goal("local", "spawn_many_local", "", BestPeer(1.6)),
            goal("from outside", "spawn_many_remote", "", BestPeer(1.6)),
        ],
    ),
    row(
        "spawn + join 10k",
        Must,
        IN_PROCESS,
        &[goal("", "spawn_join", "", BestPeer(3.0))],
    ),
    row(
        "yield_many 200 x 1000",
        Counts,
        IN_PROCESS,
        &[goal("", "yield_many", "", BestPeer(1.4))],
    ),
    row(
        "spawn latency",
        Counts,
        IN_PROCESS,
        &[
            goal("call p50", "spawn_latency", "call p50", BestPeer(2.0)),
            goal(
                "call p99",
                "spawn_latency",
                "call p99",
                OwnMetric("call p50", 2.0),
            ),
            goal(
                "to first poll p50",
                "spawn_latency",
                "first poll p50",
                BestPeer(1.7),
            ),
            goal(
                "to first poll p99",
                "spawn_latency",
                "first poll p99",
                FIRST_POLL,
            ),
        ],
    ),
    row(
        "wake of an idle runtime",
        Counts,
        IN_PROCESS,
        &[goal("p50", "wake_idle", "p50", BestPeer(1.0))],
    ),
    row(
        "new task beside hogs",
        Counts,
        IN_PROCESS,
        &[goal("p99", "spawn_beside_hogs", "p99", BestPeer(2.0))],
    ),
    row(
        "random 4 KiB reads, 1 task",
        Must,
        IN_PROCESS,
        &[
            goal("", "file_random", "4096 B, 1 tasks", BestPeer(12.0)),
            goal("beside std", "file_random", "4096 B, 1 tasks", Control(1.0)),
        ],
    ),
    row(
        "random 4 KiB reads, other system calls",
        Shown,
        IN_PROCESS,
        &[
            goal(
                "beside preadv2",
                "file_random",
                "4096 B, 1 tasks",
                Peer(super::NOWAIT, 1.0),
            ),
            goal(
                "beside std's seek and read",
                "file_random",
                "4096 B, 1 tasks",
                Peer(super::SEEKING, 1.0),
            ),
        ],
    ),
    row(
        "random 4 KiB reads, 32 tasks",
        Must,
        IN_PROCESS,
        &[goal("", "file_random", "4096 B, 32 tasks", BestPeer(3.5))],
    ),
    row(
        "sequential 4 KiB reads",
        Counts,
        IN_PROCESS,
        &[
            goal("beside std", "file_sequential", "4096 B", Control(1.25)),
            goal(
                "beside tokio",
                "file_sequential",
                "4096 B",
                Peer("raw-tokio", 20.0),
            ),
        ],
    ),
    row(
        "fs::read of 1 KiB",
        Counts,
        IN_PROCESS,
        &[
            goal("", "file_whole", "1024 B", BestPeer(6.0)),
            goal("beside std", "file_whole", "1024 B", Control(1.0)),
        ],
    ),
    row(
        "timeout set and dropped",
        Counts,
        IN_PROCESS,
        &[
            goal("1 task", "timeouts", "1 tasks", BestPeer(2.0)),
            goal("4 tasks", "timeouts", "4 tasks", BestPeer(4.0)),
        ],
    ),
    row(
        "100k sleeps",
        Counts,
        IN_PROCESS,
        &[
            goal("processor time", "sleeps", "processor time", BestPeer(1.5)),
            goal("late p99", "sleeps", "late p99", BestPeer(6.0)),
            goal("late p50", "sleeps", "late p50", AtMost(100.0)),
        ],
    ),
    row(
        "TCP echo 1 KiB, 1 connection",
        Shown,
        NETWORK,
        &[
            goal("throughput", "echo_1", "throughput", BestPeer(1.0)),
            goal("p99", "echo_1", "p99", BestPeer(1.0)),
        ],
    ),
    row(
        "TCP echo 1 KiB, 100 connections",
        Shown,
        NETWORK,
        &[
            goal("throughput", "echo_100", "throughput", BestPeer(1.0)),
            goal(
                "processor time a message",
                "echo_100",
                "processor time",
                BestPeer(1.0),
            ),
            goal("p99", "echo_100", "p99", BestPeer(1.0)),
            goal("beside epoll", "echo_100", "throughput", BARE),
        ],
    ),
    row(
        "TCP echo 1 KiB, 1,000 connections",
        Shown,
        NETWORK,
        &[
            goal("throughput", "echo_1000", "throughput", BestPeer(0.97)),
            goal("p99", "echo_1000", "p99 of a fair turn", AtMost(1.5)),
        ],
    ),
    row(
        "TCP echo 1 KiB, 10,000 connections",
        Shown,
        NETWORK,
        &[
            goal(
                "beside tokio",
                "echo_10000",
                "throughput",
                Peer("raw-tokio", 0.9),
            ),
            goal(
                "beside tokio with 32 events a tick",
                "echo_10000",
                "throughput",
                Peer("tokio-tuned", 1.0),
            ),
            goal(
                "beside smol",
                "echo_10000",
                "throughput",
                Peer("raw-smol", 1.25),
            ),
            goal("p99", "echo_10000", "p99", Peer("raw-tokio", 5.0)),
        ],
    ),
    row(
        "HTTP, hyper, 100 connections",
        Shown,
        NETWORK,
        &[
            goal("throughput", "http_100", "throughput", BestPeer(1.0)),
            goal("p99", "http_100", "p99", BestPeer(1.0)),
        ],
    ),
    row(
        "memory of an idle task / connection",
        Counts,
        IN_PROCESS,
        &[
            goal("task", "memory_tasks", "", BestPeer(1.8)),
            goal("task, in bytes", "memory_tasks", "", AtMost(80.0)),
            goal("connection", "memory_connections", "", BestPeer(2.2)),
            goal(
                "connection, in bytes",
                "memory_connections",
                "",
                AtMost(260.0),
            ),
        ],
    ),
    row(
        "mutex",
        Counts,
        IN_PROCESS,
        &[
            goal("contended", "mutex_contended", "", BestPeer(2.0)),
            goal("free", "mutex_free", "", BestPeer(1.0)),
        ],
    ),
    row(
        "every worker blocked 100 ms",
        Must,
        IN_PROCESS,
        &[goal(
            "others done after",
            "blocked",
            "others done",
            AtMost(5.0),
        )],
    ),
    row(
        "echo, a worker blocked 50 of 150 ms",
        Counts,
        NETWORK,
        &[goal("worst answer", "echo_blocked", "worst", AtMost(5.0))],
    ),
    row(
        "idle runtime",
        Counts,
        IN_PROCESS,
        &[goal("wake-ups", "idle", "wake-ups", AtMost(2.0))],
    ),
];

const fn row(name: &'static str, weight: Weight, spread_max: f64, goals: &'static [Goal]) -> Row {
    Row {
        name,
        weight,
        spread_max,
        goals,
    }
}

const fn goal(
    part: &'static str,
    scenario: &'static str,
    metric: &'static str,
    bound: super::Bound,
) -> Goal {
    Goal {
        part,
        scenario,
        metric,
        bound,
    }
}

/// What a model of native reached beside a bare loop: 173 of 185 thousand a second.
const BARE: super::Bound = Peer("epoll", 0.93);
const FIRST_POLL: super::Bound = OwnMetric("first poll p50", 2.0);
