//! What the store must get right, killed or not.
//!
//! It knows commands and their replies. [`super::play`] reports its outcomes.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyrt::{task, time};
use redis::{Connection, FromRedisValue};

use super::store::Store;
use super::{KILL_AFTER, Show};
use crate::choice::Choice;

/// What went wrong, in words.
pub(super) type Outcome = Result<(), String>;

/// Set, get and count; and a key that is gone at its deadline.
pub(super) async fn words_and_deadlines(choice: Choice, show: &Show<'_>) -> Outcome {
    let dir = tempfile::tempdir().map_err(in_words)?;
    let path = dir.path().to_owned();
    let started = task::spawn_blocking_in(
        move || {
            let store = Store::start(choice, &path, "everysec").map_err(in_words)?;
            let mut client = store.connect().map_err(in_words)?;
            words(&mut client)?;
            expect(&mut client, "SET brief soon PX 200", "OK".to_owned())?;
            expect(&mut client, "GET brief", "soon".to_owned())?;
            Ok::<_, String>((store, client))
        },
        show.rt,
    );
    let (store, mut client) = started.await.map_err(in_words)??;
    time::sleep_in(Duration::from_millis(250), show.rt).await;
    let checked = task::spawn_blocking_in(
        move || {
            expect(&mut client, "GET brief", None::<String>)?;
            store.kill().map_err(in_words)
        },
        show.rt,
    );
    checked.await.map_err(in_words)?
}

fn words(client: &mut Connection) -> Outcome {
    expect(client, "PING", "PONG".to_owned())?;
    expect(client, "SET greeting hello NX", "OK".to_owned())?;
    expect(client, "SET greeting again NX", None::<String>)?;
    expect(client, "APPEND greeting !", 6)?;
    expect(client, "GET greeting", "hello!".to_owned())?;
    expect(client, "MSET a 1 b 2", "OK".to_owned())?;
    expect(client, "INCRBY a 41", 42)?;
    expect(client, "MGET a b none", vec![Some(42), Some(2), None])?;
    expect(client, "KEYS [ab]", vec!["a".to_owned(), "b".to_owned()])?;
    expect(client, "DEL a b none", 2)?;
    expect(client, "DBSIZE", 1)
}

/// Sends the words of `line` and compares the reply.
fn expect<T>(client: &mut Connection, line: &str, expected: T) -> Outcome
where
    T: FromRedisValue + PartialEq + std::fmt::Debug,
{
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().unwrap_or_default());
    words.for_each(|word| {
        command.arg(word);
    });
    match command.query::<T>(client) {
        Ok(reply) if reply == expected => Ok(()),
        Ok(reply) => Err(format!("{line}: {reply:?} in place of {expected:?}")),
        Err(error) => Err(format!("{line}: {error}")),
    }
}

/// Kills the store while clients write with `appendfsync always`, starts it again, and looks for
/// every write that was acknowledged, and for a deadline.
pub(super) async fn kill_and_restart(
    choice: Choice,
    show: &Show<'_>,
) -> Vec<(&'static str, Outcome)> {
    const RESTARTS: &str = "it starts again after kill -9";
    const KEPT: &str = "no acknowledged write is lost";
    const DEADLINE: &str = "a deadline outlives the restart";
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => return vec![(RESTARTS, Err(in_words(error)))],
    };
    let acknowledged = match write_until_killed(choice, dir.path(), show).await {
        Ok(acknowledged) => acknowledged,
        Err(error) => return vec![(RESTARTS, Err(error))],
    };
    show.wait(KILL_AFTER / 3).await;
    let path = dir.path().to_owned();
    let reopened = task::spawn_blocking_in(
        move || {
            let restarted = Store::start(choice, &path, "always").and_then(|store| {
                let client = store.connect()?;
                Ok((store, client))
            });
            let (store, mut client) = match restarted {
                Ok(restarted) => restarted,
                Err(error) => return vec![(RESTARTS, Err(in_words(error)))],
            };
            let kept = look_for(&mut client, &acknowledged);
            let deadline = deadline_is_kept(&mut client);
            let stopped = store.kill().map_err(in_words);
            vec![(RESTARTS, stopped), (KEPT, kept), (DEADLINE, deadline)]
        },
        show.rt,
    );
    let outcomes = reopened
        .await
        .unwrap_or_else(|error| vec![(RESTARTS, Err(in_words(error)))]);
    show.wait(KILL_AFTER * 2 / 3).await;
    outcomes
}

/// Lets every client count upwards until the store is killed; the last number acknowledged to each.
async fn write_until_killed(
    choice: Choice,
    dir: &Path,
    show: &Show<'_>,
) -> Result<Vec<u64>, String> {
    let dir = dir.to_owned();
    let start = move || {
        let store = Store::start(choice, &dir, "always")?;
        let mut client = store.connect()?;
        let mut set = redis::cmd("SET");
        set.arg("long").arg("lived").arg("EX").arg(1000);
        set.query::<()>(&mut client).map_err(io::Error::other)?;
        Ok::<_, io::Error>(store)
    };
    let store = task::spawn_blocking_in(start, show.rt)
        .await
        .map_err(in_words)?;
    let store = store.map_err(in_words)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (client, stop) = (store.client(), Arc::clone(&stop));
        let acknowledged = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&acknowledged);
        let write = move || write(&client, writer, &shared, &stop);
        writers.push((task::spawn_blocking_in(write, show.rt), acknowledged));
    }
    show.wait(KILL_AFTER).await;
    let killed = task::spawn_blocking_in(move || store.kill(), show.rt).await;
    killed.map_err(in_words)?.map_err(in_words)?;
    stop.store(true, Ordering::Relaxed);
    let mut last = Vec::new();
    for (task, acknowledged) in writers {
        task.await.map_err(in_words)?;
        last.push(acknowledged.load(Ordering::Relaxed));
    }
    match last.iter().sum() {
        0u64 => Err("nothing was written before the kill".to_owned()),
        _ => Ok(last),
    }
}

/// Sets keys `writer:1`, `writer:2`, .. in pipelines until the connection breaks.
fn write(client: &redis::Client, writer: usize, acknowledged: &AtomicU64, stop: &AtomicBool) {
    let Ok(mut connection) = client.get_connection() else {
        return;
    };
    let mut next = 1;
    while !stop.load(Ordering::Relaxed) {
        let mut pipeline = redis::pipe();
        for number in next..next + PIPELINE {
            pipeline
                .cmd("SET")
                .arg(format!("{writer}:{number}"))
                .arg(number)
                .ignore();
        }
        if pipeline.query::<()>(&mut connection).is_err() {
            return;
        }
        next += PIPELINE;
        acknowledged.store(next - 1, Ordering::Relaxed);
    }
}

fn look_for(client: &mut Connection, acknowledged: &[u64]) -> Outcome {
    for (writer, last) in acknowledged.iter().enumerate() {
        let numbers: Vec<u64> = (1..=*last).collect();
        for lot in numbers.chunks(1000) {
            let mut command = redis::cmd("MGET");
            for number in lot {
                command.arg(format!("{writer}:{number}"));
            }
            let found: Vec<Option<u64>> = command.query(client).map_err(in_words)?;
            let expected: Vec<Option<u64>> = lot.iter().copied().map(Some).collect();
            if found != expected {
                let lost = found
                    .iter()
                    .zip(&expected)
                    .filter(|(found, old)| found != old);
                return Err(format!(
                    "{} of {last} writes of client {writer}",
                    lost.count()
                ));
            }
        }
    }
    Ok(())
}

fn deadline_is_kept(client: &mut Connection) -> Outcome {
    match redis::cmd("TTL")
        .arg("long")
        .query::<i64>(client)
        .map_err(in_words)?
    {
        900..=1000 => Ok(()),
        other => Err(format!("TTL: {other} in place of nearly 1000")),
    }
}

pub(super) fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

const WRITERS: usize = 8;

/// Writes in one pipeline.
const PIPELINE: u64 = 8;
