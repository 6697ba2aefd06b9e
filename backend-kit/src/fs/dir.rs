//! The entries of a folder: [`OsReadDir`], which fetches them in batches.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, DirEntry, ReadDir};
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyrt_api::Core;
use anyrt_api::fs::{RawDirEntry, RawReadDir};
use anyrt_api::task::{Spawn, TaskMeta};

use super::call::call;
use super::system;
use crate::gone;

/// Entries of one trip to the pool. (tokio's figure.)
const BATCH: usize = 32;

/// An open folder of the operating system. It is closed when it is dropped, or when the trip that
/// is under way then is over.
pub struct OsReadDir<R: Core> {
    rt: R,
    fetched: VecDeque<io::Result<RawDirEntry>>,
    more: More<R>,
}

/// Where the rest of the folder is.
enum More<R: Core> {
    Here(ReadDir),
    /// On the pool, which brings the next batch.
    Away(<R as Spawn>::RawJoin<Batch>),
    None,
}

/// Some entries, and the folder if there are more.
type Batch = (VecDeque<io::Result<RawDirEntry>>, Option<ReadDir>);

impl<R: Core> OsReadDir<R> {
    pub(super) async fn open(rt: &R, path: &Path) -> io::Result<Self> {
        let path = path.to_owned();
        let (fetched, rest) = call(rt, move || fs::read_dir(path).map(fetch)).await?;
        Ok(OsReadDir {
            rt: rt.clone(),
            fetched,
            more: rest.map_or(More::None, More::Here),
        })
    }

    fn keep(&mut self, (fetched, rest): Batch) {
        self.fetched = fetched;
        self.more = rest.map_or(More::None, More::Here);
    }
}

impl<R: Core> RawReadDir for OsReadDir<R> {
    fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<RawDirEntry>>> {
        loop {
            if let Some(entry) = self.fetched.pop_front() {
                return Poll::Ready(Some(entry));
            }
            match std::mem::replace(&mut self.more, More::None) {
                More::None => return Poll::Ready(None),
                More::Here(dir) => {
                    let run = move || fetch(dir);
                    let join = self.rt.spawn_blocking_raw(run, TaskMeta::new());
                    self.more = More::Away(join);
                }
                More::Away(mut join) => match Pin::new(&mut join).poll(cx) {
                    Poll::Pending => {
                        self.more = More::Away(join);
                        return Poll::Pending;
                    }
                    Poll::Ready(joined) => match gone::joined(R::NAME, joined) {
                        Ok(batch) => self.keep(batch),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    },
                },
            }
        }
    }
}

impl<R: Core> fmt::Debug for OsReadDir<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("OsReadDir");
        out.field("fetched", &self.fetched.len());
        out.finish_non_exhaustive()
    }
}

fn fetch(mut dir: ReadDir) -> Batch {
    let fetched: VecDeque<_> = dir.by_ref().take(BATCH).map(|one| one.map(entry)).collect();
    // A short batch is the last one: std goes on after an entry that failed.
    let rest = (fetched.len() == BATCH).then_some(dir);
    (fetched, rest)
}

fn entry(std: DirEntry) -> RawDirEntry {
    let mut entry = RawDirEntry::new(std.file_name());
    entry.file_type = std.file_type().ok().map(Into::into);
    entry.ino = system::ino(&std);
    entry
}
