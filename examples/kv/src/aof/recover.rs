//! The log read back when the store opens.
//!
//! Reading stops at the first bytes that are no whole record. They are kept in a file beside the
//! log and cut off, so that the next record does not follow half a one. It knows no command and no
//! client. The engine calls it once.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use anyrt_api::Runtime;
use anyrt_api::fs::{File, OpenOptions};

use crate::aof::Record;
use crate::aof::file::{parent, private, sync_dir};
use crate::config::REQUEST_LIMIT_BYTES;
use crate::resp::{Input, Limits, Whole};
use crate::store::Store;

/// What was found in the append-only file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// Whole records.
    pub records: u64,
    /// Their bytes: the length of the file now.
    pub bytes: u64,
    /// What had to be cut off.
    pub cut: Option<Cut>,
}

/// The end of a log that was no whole record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// Where it began.
    pub at: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// The file in which it is kept.
    pub kept_in: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at,
            bytes,
            kept_in,
            why,
        } = self;
        let kept_in = kept_in.display();
        write!(
            f,
            "cut {bytes} bytes off the log at {at} ({why}), kept in {kept_in}"
        )
    }
}

/// Reads all of `file` into `store`, and cuts off what is no whole record.
pub(crate) async fn recover<R: Runtime>(
    file: &File<R>,
    path: &Path,
    store: &mut Store,
    rt: &R,
) -> io::Result<Recovery> {
    let mut recovery = Recovery::default();
    let why = replay(file, store, &mut recovery).await?;
    if let Some(why) = why {
        let at = recovery.bytes;
        let bytes = file.metadata().await?.len() - at;
        let kept_in = path.with_extension(format!("aof.cut-{at}-{bytes}"));
        keep_tail(file, at, &kept_in, rt).await?;
        file.set_len(at).await?;
        file.sync_all().await?;
        recovery.cut = Some(Cut {
            at,
            bytes,
            kept_in,
            why,
        });
    }
    Ok(recovery)
}

/// Applies records until the end, or until something is none: then it says why.
async fn replay<R: Runtime>(
    file: &File<R>,
    store: &mut Store,
    recovery: &mut Recovery,
) -> io::Result<Option<String>> {
    let mut input = Input::new(RECORD_LIMITS);
    loop {
        let n = file.read(input.room()).await?;
        input.filled(n);
        loop {
            let whole = match input.next_request() {
                Ok(Some(whole)) => whole,
                Ok(None) => break,
                Err(error) => return Ok(Some(error.0)),
            };
            if !replay_one(&input, whole, store) {
                return Ok(Some("it is no record".to_owned()));
            }
            input.take(whole);
            recovery.records += 1;
            recovery.bytes += whole.len() as u64;
        }
        if n == 0 {
            return Ok((input.len() > 0).then(|| "the last record is not whole".to_owned()));
        }
    }
}

/// Applies the record that stands first in `input`; false if it is none.
fn replay_one(input: &Input, whole: Whole, store: &mut Store) -> bool {
    let is_array = matches!(whole, Whole::Array { .. });
    let Some(arguments) = input.arguments(whole).ok().filter(|_| is_array) else {
        return false;
    };
    arguments.with(|arguments| match Record::decode(arguments) {
        Some(record) => {
            record.apply(store, &mut Vec::new());
            true
        }
        None => false,
    })
}

/// Copies everything from `at` on into a new file.
async fn keep_tail<R: Runtime>(file: &File<R>, at: u64, kept_in: &Path, rt: &R) -> io::Result<()> {
    let kept = private(OpenOptions::new().write(true).truncate(true))
        .open_in(kept_in, rt)
        .await?;
    let mut buffer = vec![0; 64 * 1024];
    let mut offset = at;
    loop {
        let n = file.read_at(&mut buffer, offset).await?;
        if n == 0 {
            break;
        }
        kept.write_all(&buffer[..n]).await?;
        offset += n as u64;
    }
    kept.sync_all().await?;
    sync_dir(parent(kept_in), rt).await
}

/// A record is what a request of any allowed size became, with a deadline; or a bounded lot of
/// expired keys. Nothing is allocated for a count that is merely announced.
const RECORD_LIMITS: Limits = Limits {
    request_max_bytes: REQUEST_LIMIT_BYTES + 64 * 1024,
    arguments_max: usize::MAX,
};
