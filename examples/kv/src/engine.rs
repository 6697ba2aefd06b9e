//! The store with its log: requests in, replies out.
//!
//! ```text
//!   Input --run--> chunk: replies in Output, and the group they rest on
//!                    |
//!                 settle: waits for the group; replies that rest on a refused write become errors
//! ```
//!
//! A reply leaves only after everything it rests on is in the log, so nobody ever sees a value that
//! a crash could take back. It knows no socket. The server owns it and calls it from its
//! connections.

use std::io;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyrt_api::task::{self, AbortOnDrop, JoinHandle};
use anyrt_api::{AnyRuntime, Runtime, time};

use crate::aof::{self, Group, Recovery, Writer};
use crate::command::{self, Call, Facts, Kind, Next};
use crate::config::{Config, Fsync};
use crate::db::Db;
use crate::resp::{Input, Limits, Output, ProtocolError};
use crate::shared::Shared;
use crate::stats::Stats;
use crate::store::Store;

/// A store that is open.
#[derive(Debug)]
pub(crate) struct Engine<R: Runtime> {
    shared: Arc<Shared>,
    rt: R,
    writer: JoinHandle<io::Result<()>, R>,
    /// Tasks that end with the engine.
    attendants: Vec<AbortOnDrop<(), R>>,
    _closes: CloseOnDrop,
}

/// Lets the writer end when nobody can write any more.
#[derive(Debug)]
struct CloseOnDrop(Arc<Shared>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<R: Runtime> Engine<R> {
    /// Opens the log, reads it back and starts the tasks that attend to it.
    ///
    /// # Errors
    /// What the system says of directory and file.
    pub(crate) async fn open_in(config: Config, rt: &R) -> io::Result<(Self, Recovery)> {
        let (file, path) = aof::open(&config.dir, rt).await?;
        let mut store = Store::default();
        let recovery = aof::recover(&file, &path, &mut store, rt).await?;
        if let Some(cut) = &recovery.cut {
            log::warn!("{}: {cut}", path.display());
        }
        let second_handle = match config.fsync {
            Fsync::EverySec => Some(file.try_clone().await?),
            Fsync::Always | Fsync::No => None,
        };
        let stats = Stats::default();
        stats.started_ms.set(wallclock_ms(rt));
        let runtime = AnyRuntime::new(rt.clone()).backend();
        let facts = Facts {
            config,
            stats,
            runtime,
        };
        let shared = Arc::new(Shared::new(
            Db {
                store,
                ..Db::default()
            },
            facts,
        ));
        let writer = Writer::new(file, recovery.bytes, Arc::clone(&shared));
        let writer = task::spawn_in(writer.run(), rt);
        let expire = expire_now_and_then(Arc::clone(&shared), rt.clone());
        let mut attendants = vec![task::spawn_in(expire, rt).abort_on_drop()];
        if let Some(file) = second_handle {
            let sync = aof::sync_every_second(file, Arc::clone(&shared), rt.clone());
            attendants.push(task::spawn_in(sync, rt).abort_on_drop());
        }
        let closes = CloseOnDrop(Arc::clone(&shared));
        let rt = rt.clone();
        let engine = Self {
            shared,
            rt,
            writer,
            attendants,
            _closes: closes,
        };
        Ok((engine, recovery))
    }

    /// A buffer for the requests of one client.
    pub(crate) fn input(&self) -> Input {
        let Config {
            request_max_bytes,
            arguments_max,
            ..
        } = *self.config();
        Input::new(Limits {
            request_max_bytes,
            arguments_max,
        })
    }

    /// A buffer for the replies to one client.
    pub(crate) fn output(&self) -> Output {
        Output::new(self.config().output_max_bytes)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.facts.config
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.shared.facts.stats
    }

    /// Carries out whole requests from `input` under one lock, until none is left or enough replies
    /// have gathered.
    pub(crate) fn run(&self, input: &mut Input, out: &mut Output) -> Chunk {
        let now_ms = wallclock_ms(&self.rt);
        let full_bytes = CHUNK_MAX_BYTES.min(self.config().output_max_bytes / 4);
        let mut replies = Vec::new();
        let mut db = self.shared.db();
        let end = loop {
            if replies.len() == CHUNK_MAX_REPLIES || out.len() >= full_bytes {
                break End::Full;
            }
            let start = out.len();
            let (kind, next) = match self.run_one(&mut db, now_ms, input, out) {
                Ok(Some(done)) => done,
                Ok(None) => break End::Drained,
                Err(complaint) => break End::Broken(complaint),
            };
            if out.is_over() {
                out.truncate(start);
                break End::Broken(self.output_limit_passed());
            }
            replies.push((out.len(), kind));
            match next {
                Next::Continue => {}
                Next::Close => break End::Close,
                Next::Abandon => break End::Abandon,
            }
        };
        let rests_on_store = replies.iter().any(|(_, kind)| *kind != Kind::Connection);
        let group = db.queue.latest().filter(|_| rests_on_store);
        drop(db);
        if group.is_some() {
            self.shared.ring();
        }
        Chunk {
            replies,
            group,
            end,
        }
    }

    /// Carries out the next whole request, if there is one.
    fn run_one(
        &self,
        db: &mut Db,
        now_ms: u64,
        input: &mut Input,
        out: &mut Output,
    ) -> Result<Option<(Kind, Next)>, String> {
        let complain = |ProtocolError(text)| format!("ERR Protocol error: {text}");
        loop {
            let Some(whole) = input.next_request().map_err(complain)? else {
                return Ok(None);
            };
            let arguments = input.arguments(whole).map_err(complain)?;
            let done = arguments.with(|arguments| {
                let facts = &self.shared.facts;
                let mut call = Call {
                    arguments,
                    now_ms,
                    db,
                    out,
                    facts,
                };
                (!arguments.is_empty()).then(|| command::execute(&mut call))
            });
            drop(arguments);
            input.take(whole);
            if done.is_some() {
                return Ok(done);
            }
        }
    }

    fn output_limit_passed(&self) -> String {
        format!(
            "ERR the reply passes the output limit of {} bytes",
            self.config().output_max_bytes
        )
    }

    /// Takes no more writes, writes and syncs what is on its way, and ends.
    ///
    /// # Errors
    /// What the last sync says.
    pub(crate) async fn close(self) -> io::Result<()> {
        for attendant in self.attendants {
            // Cancelled, or ended before: nothing else is asked of it.
            let _ = attendant.cancel().await;
        }
        self.shared.close();
        match self.writer.await {
            Ok(synced) => synced,
            Err(error) => Err(error.into()),
        }
    }
}

/// What [`Engine::run`] did.
#[derive(Debug)]
#[must_use = "the replies may not leave before the chunk is settled"]
pub(crate) struct Chunk {
    /// Where each reply ends, and what it rests on.
    replies: Vec<(usize, Kind)>,
    /// The records that must be in the log before the replies leave.
    group: Option<Arc<Group>>,
    end: End,
}

/// Why a chunk ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// No whole request is left.
    Drained,
    /// There may be more.
    Full,
    /// The client said goodbye.
    Close,
    /// This is no client.
    Abandon,
    /// Nothing that follows can be read, or the reply is too large: the error to close with.
    Broken(String),
}

impl Chunk {
    /// Waits until the replies in `out` may leave, and says what comes next.
    pub(crate) async fn settle(self, out: &mut Output) -> End {
        if let Some(group) = self.group
            && let Err(refusal) = group.wait().await
        {
            rewrite(out, &self.replies, &command::refused(&refusal));
        }
        if let End::Broken(complaint) = &self.end {
            out.last_words(complaint);
        }
        self.end
    }
}

/// Puts `error` in place of every reply that rests on the store.
fn rewrite(out: &mut Output, replies: &[(usize, Kind)], error: &str) {
    let before = out.as_bytes().to_vec();
    out.truncate(0);
    let mut start = 0;
    for (end, kind) in replies {
        match kind {
            Kind::Connection => out.raw(&before[start..*end]),
            Kind::Read | Kind::Write => out.error(error),
        }
        start = *end;
    }
}

/// Removes what nobody asks for again after its deadline.
async fn expire_now_and_then<R: Runtime>(shared: Arc<Shared>, rt: R) {
    loop {
        let n_expired = shared.db().expire(wallclock_ms(&rt), EXPIRE_MAX_KEYS);
        if n_expired > 0 {
            shared.facts.stats.expired_keys.add(n_expired as u64);
            shared.ring();
        }
        if n_expired < EXPIRE_MAX_KEYS {
            time::sleep_in(EXPIRE_PERIOD, &rt).await;
        } else {
            task::yield_now().await;
        }
    }
}

/// The time of day in milliseconds of the Unix epoch.
fn wallclock_ms<R: Runtime>(rt: &R) -> u64 {
    let since_epoch = rt
        .wallclock()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// After so many replies the lock is given to others.
const CHUNK_MAX_REPLIES: usize = 1024;

/// After so many bytes of replies they are sent before more are made.
const CHUNK_MAX_BYTES: usize = 256 * 1024;

/// Expired keys that are removed under one lock.
const EXPIRE_MAX_KEYS: usize = 256;

const EXPIRE_PERIOD: Duration = Duration::from_millis(100);
