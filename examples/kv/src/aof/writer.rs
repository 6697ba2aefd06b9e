//! The one task that writes the log.
//!
//! It takes all records that wait as one group, appends them by one write, syncs them if every
//! write is to be synced, and then lets the clients of the group go; meanwhile the next group
//! gathers. A group that cannot be written is cut off again and refused; after a failed sync
//! nothing is written any more, since the system may have dropped the very pages whose write
//! failed. It knows no record's meaning and no client. The engine starts it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyrt_api::fs::File;
use anyrt_api::{Runtime, time};

use crate::aof::Refusal;
use crate::config::Fsync;
use crate::db::Db;
use crate::shared::Shared;

/// The log's end, where records are added.
#[derive(Debug)]
pub(crate) struct Writer<R: Runtime> {
    file: File<R>,
    /// Bytes of the file that are whole, acknowledged records.
    len: u64,
    /// The last group was refused, which was said once.
    is_failing: bool,
    shared: Arc<Shared>,
}

/// Why a group is not in the log, and whether anything can be written after it.
struct Failure {
    refusal: Refusal,
    for_good: bool,
}

impl<R: Runtime> Writer<R> {
    /// A writer behind `len` bytes of whole records.
    pub(crate) fn new(file: File<R>, len: u64, shared: Arc<Shared>) -> Self {
        shared.facts.stats.log_bytes.set(len);
        Self {
            file,
            len,
            is_failing: false,
            shared,
        }
    }

    /// Writes until the store closes, then syncs whatever the policy, and lets the file go.
    ///
    /// # Errors
    /// What the last sync says.
    pub(crate) async fn run(mut self) -> io::Result<()> {
        while let Some(bytes) = self.shared.next_group().await {
            match self.append(&bytes).await {
                Ok(()) => self.confirm(bytes.len()),
                Err(failure) => self.refuse(failure),
            }
        }
        let synced = self.file.sync_all().await;
        // Another handle may live on for a moment; the next store need not wait for it.
        synced.and(self.file.unlock().await)
    }

    async fn append(&self, bytes: &[u8]) -> Result<(), Failure> {
        let syncs = self.shared.facts.config.fsync == Fsync::Always;
        if let Err(error) = self.file.write_all(bytes).await {
            // Half a record may stand at the end. Once it is gone, later writes may go well.
            let for_good = self.cut_off(syncs).await.is_err();
            let refusal = Refusal::new(&format!("write: {error}"));
            return Err(Failure { refusal, for_good });
        }
        if syncs && let Err(error) = self.file.sync_data().await {
            // What was refused should not come back after a restart; more cannot be done here.
            let _ = self.cut_off(false).await;
            let refusal = Refusal::new(&format!("fdatasync: {error}"));
            return Err(Failure {
                refusal,
                for_good: true,
            });
        }
        Ok(())
    }

    /// Takes what follows the acknowledged records off the file.
    async fn cut_off(&self, syncs: bool) -> io::Result<()> {
        self.file.set_len(self.len).await?;
        if syncs {
            self.file.sync_data().await
        } else {
            Ok(())
        }
    }

    fn confirm(&mut self, n_bytes: usize) {
        self.len += n_bytes as u64;
        self.shared.facts.stats.log_bytes.set(self.len);
        if std::mem::take(&mut self.is_failing) {
            log::warn!("writes are taken again");
        }
        let done = self.shared.db().queue.done();
        done.settle();
    }

    fn refuse(&mut self, Failure { refusal, for_good }: Failure) {
        if !std::mem::replace(&mut self.is_failing, true) || for_good {
            let later = if for_good {
                ", and so are all later ones"
            } else {
                ""
            };
            log::error!("writes are refused{later}: {refusal}");
        }
        self.take_back(refusal, for_good);
    }

    fn take_back(&self, refusal: Refusal, for_good: bool) {
        let failed = {
            let Db { store, queue } = &mut *self.shared.db();
            queue.fail(store, refusal, for_good)
        };
        failed.settle();
    }
}

/// Nobody waits for a writer that is gone, whatever ended it.
impl<R: Runtime> Drop for Writer<R> {
    fn drop(&mut self) {
        self.take_back(Refusal::new("the log is closed"), true);
    }
}

/// Syncs what was written, once a second, beside the writer. Ends when a sync fails.
pub(crate) async fn sync_every_second<R: Runtime>(file: File<R>, shared: Arc<Shared>, rt: R) {
    let mut synced = shared.facts.stats.log_bytes.get();
    loop {
        time::sleep_in(Duration::from_secs(1), &rt).await;
        let written = shared.facts.stats.log_bytes.get();
        if written == synced {
            continue;
        }
        if let Err(error) = file.sync_data().await {
            log::error!("all later writes are refused: fdatasync: {error}");
            shared
                .db()
                .queue
                .refuse(Refusal::new(&format!("fdatasync: {error}")));
            return;
        }
        synced = written;
    }
}
