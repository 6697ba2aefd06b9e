//! Clients that send pipelines for a while, check every reply, and measure how long it took.
//!
//! It knows SET, GET and the clock of the runtime that it was given. [`super::play`] reports its
//! speed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyrt::native::Native;
use anyrt::{task, time};
use hdrhistogram::Histogram;
use redis::{Client, Pipeline};

use super::Show;
use super::checks::in_words;
use super::store::Store;
use crate::choice::Choice;

/// How fast the store answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speed {
    pub(super) operations_per_second: f64,
    /// Of a whole pipeline.
    pub(super) p99: Duration,
}

/// Drives a store for the time that was asked for.
pub(super) async fn measure(choice: Choice, show: &Show<'_>) -> Result<Speed, String> {
    let dir = tempfile::tempdir().map_err(in_words)?;
    let path = dir.path().to_owned();
    let start = move || Store::start(choice, &path, "everysec");
    let store = task::spawn_blocking_in(start, show.rt)
        .await
        .map_err(in_words)?;
    let store = store.map_err(in_words)?;
    let stop = Arc::new(AtomicBool::new(false));
    let began = time::Instant::now_in(show.rt);
    let mut clients = Vec::new();
    for name in 0..show.arguments.clients {
        let driver = Driver {
            client: store.client(),
            name,
            pairs: (show.arguments.pipeline / 2).max(1),
            stop: Arc::clone(&stop),
            rt: show.rt.clone(),
        };
        clients.push(task::spawn_blocking_in(move || driver.drive(), show.rt));
    }
    show.wait(show.arguments.load_time()).await;
    stop.store(true, Ordering::Relaxed);
    let mut total = Tally::new()?;
    for client in clients {
        let tally = client.await.map_err(in_words)??;
        total.n_operations += tally.n_operations;
        total
            .latencies_us
            .add(&tally.latencies_us)
            .map_err(in_words)?;
    }
    let took = time::Instant::now_in(show.rt).duration_since(began);
    task::spawn_blocking_in(move || store.kill(), show.rt)
        .await
        .map_err(in_words)?
        .map_err(in_words)?;
    Ok(Speed {
        operations_per_second: total.n_operations as f64 / took.as_secs_f64(),
        p99: Duration::from_micros(total.latencies_us.value_at_quantile(0.99)),
    })
}

/// One client of the load.
struct Driver {
    client: Client,
    name: u16,
    /// SETs, each with its GET, in a pipeline.
    pairs: u16,
    stop: Arc<AtomicBool>,
    rt: Native,
}

struct Tally {
    n_operations: u64,
    latencies_us: Histogram<u64>,
}

impl Tally {
    fn new() -> Result<Self, String> {
        let latencies_us = Histogram::new_with_max(60_000_000, 3).map_err(in_words)?;
        Ok(Self {
            n_operations: 0,
            latencies_us,
        })
    }
}

impl Driver {
    /// Sends pipelines until it is told to stop. Blocks.
    fn drive(self) -> Result<Tally, String> {
        let mut connection = self.client.get_connection().map_err(in_words)?;
        let mut tally = Tally::new()?;
        let mut next = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let (pipeline, expected) = self.pipeline(next);
            let began = time::Instant::now_in(&self.rt);
            let replies: Vec<String> = pipeline.query(&mut connection).map_err(in_words)?;
            let took = time::Instant::now_in(&self.rt).duration_since(began);
            if replies != expected {
                return Err(format!(
                    "client {}: {replies:?} in place of {expected:?}",
                    self.name
                ));
            }
            next += u64::from(self.pairs);
            tally.n_operations += 2 * u64::from(self.pairs);
            let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            tally.latencies_us.saturating_record(took_us);
        }
        Ok(tally)
    }

    fn pipeline(&self, next: u64) -> (Pipeline, Vec<String>) {
        let mut pipeline = redis::pipe();
        let mut expected = Vec::new();
        for number in next..next + u64::from(self.pairs) {
            let key = format!("load:{}:{}", self.name, number % KEYS);
            let value = format!("{number:032}");
            pipeline.cmd("SET").arg(&key).arg(&value);
            pipeline.cmd("GET").arg(&key);
            expected.extend(["OK".to_owned(), value]);
        }
        (pipeline, expected)
    }
}

/// Keys that one client writes in turn.
const KEYS: u64 = 1000;
