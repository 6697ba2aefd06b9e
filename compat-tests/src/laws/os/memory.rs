//! Laws of memory that is given back: L031, L054 and L075.
//!
//! What is measured is the memory of the process that is no file's, as `/proc` tells it: a leak of
//! one allocation a round is far more than what a heap keeps for itself. A system without `/proc`
//! cannot tell, and the report says so.

use std::fs;
use std::time::Duration;

use anyrt_api::{BlockOn, Runtime};

use crate::bound::at_most_count;
use crate::gate::step_aside;
use crate::peers::pair;
use crate::probe::Probe;
use crate::unshown::unshown;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l031_many_tasks_leave_no_memory).limit(LIMIT, MANY),
        law!(l054_many_runtimes_leave_no_memory in lab).limit(LIMIT, MANY),
        law!(l075_many_alarms_leave_no_memory).limit(LIMIT, MANY),
    ]
}

/// The memory of this process that no file stands behind, in KiB.
fn anonymous() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The memory before something is done again and again.
struct Before(Option<u64>);

impl Before {
    fn now() -> Self {
        Before(anonymous())
    }

    /// It has been done so often that one small allocation each time would be more than this.
    fn grew_at_most(self, kib: u64) {
        match (self.0, anonymous()) {
            (Some(before), Some(after)) => {
                at_most_count("KiB more:", after.saturating_sub(before), kib);
            }
            _ => unshown("the system does not say how much memory a process has"),
        }
    }
}

/// Tasks that are joined, detached or cancelled, and a closure.
async fn tasks<R: Runtime>(rt: &R, number: usize) {
    let tasks: Vec<_> = (0..number)
        .map(|i| rt.spawn(async move { step_aside(i % 3).await }))
        .collect();
    rt.spawn_blocking(|| ()).await.expect("a closure");
    for (i, task) in tasks.into_iter().enumerate() {
        match i % 4 {
            0 => drop(task),
            1 => drop(task.cancel().await),
            _ => task.await.expect("it runs"),
        }
    }
}

/// L031: Tasks that have ended leave no memory behind, however many they were.
async fn l031_many_tasks_leave_no_memory<R: Runtime>(rt: R) {
    for _ in 0..60 {
        tasks(&rt, 500).await;
    }
    let before = Before::now();
    for _ in 0..300 {
        tasks(&rt, 500).await;
    }
    // 16 bytes a task are 2.3 MiB.
    before.grew_at_most(1_536);
}

/// L054: A thousand runtimes that were made and dropped leave no memory behind.
fn l054_many_runtimes_leave_no_memory<B: Backend>(lab: &Lab<B>) {
    let lives = |number: usize| {
        for i in 0..number {
            let owner = lab.start();
            let rt = owner.handle();
            owner.block_on(async {
                let _pair = pair(&rt).await;
                tasks(&rt, 8).await;
            });
            if i % 2 == 0 {
                drop(owner);
            } else {
                owner.shutdown(Duration::from_secs(5));
            }
        }
    };
    lives(150);
    let before = Before::now();
    lives(1_000);
    // Less than 2 KiB a runtime: one that stays has far more.
    before.grew_at_most(2_048);
}

/// L075: 100,000 alarms that were made, polled and dropped leave no memory behind.
async fn l075_many_alarms_leave_no_memory<R: Runtime>(rt: R) {
    let probe = Probe::new();
    let rounds = |number: u64| {
        for round in 0..number {
            let deadline = rt.now() + Duration::from_secs(3_600 + round);
            let mut sleeps: Vec<_> = (0..500)
                .map(|i| Box::pin(rt.sleep_until(deadline + Duration::from_millis(i))))
                .collect();
            for sleep in &mut sleeps {
                assert!(probe.poll(sleep.as_mut()).is_pending());
            }
        }
    };
    rounds(40);
    step_aside(1).await;
    let before = Before::now();
    rounds(200);
    step_aside(1).await;
    // 16 bytes an alarm are 1.5 MiB.
    before.grew_at_most(1_024);
}

/// How long a law takes that does something very often.
const LIMIT: Duration = Duration::from_secs(60);
const MANY: &str = "it does the same a thousand times and more";
