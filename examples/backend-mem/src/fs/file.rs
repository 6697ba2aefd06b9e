//! Open files and folders: [`File`] and [`ReadDir`].
//!
//! Bytes move at once; what takes time, and is where a power cut finds a program, is a sync and an
//! operation on a path ([`on_disk`]).

use std::collections::VecDeque;
use std::fs::TryLockError;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use anyrt_api::fs::{
    FileTimes, Metadata, OpenFlags, Permissions, RawDirEntry, RawFile, RawReadDir,
};
use anyrt_api::io::{Direction, RawObject, Wait};

use super::content::Data;
use super::tree::{Body, Disk, Node};
use crate::executor::Sim;

/// What an operation on a path takes.
const PATH_NANOS: u64 = 10_000;

/// What a sync takes at least, and the bound of what chance adds.
const SYNC_NANOS: (u64, usize) = (50_000, 450_000);

/// An open file of a [`Mem`](crate::Mem) runtime.
#[derive(Debug)]
pub struct File(Arc<Open>);

/// What a handle and its clones share.
#[derive(Debug)]
struct Open {
    sim: Arc<Sim>,
    node: Arc<Node>,
    id: u64,
    life: u64,
    flags: OpenFlags,
    cursor: Mutex<u64>,
}

/// Makes a change of names or looks one up, after the time that it takes.
pub(crate) async fn on_disk<T>(
    sim: &Arc<Sim>,
    op: impl FnOnce(&Disk) -> io::Result<T>,
) -> io::Result<T> {
    sim.check()?;
    sim.sleep(PATH_NANOS).await;
    sim.check()?;
    op(&sim.disk)
}

/// Opens a file.
pub(crate) async fn open(sim: &Arc<Sim>, path: &Path, flags: &OpenFlags) -> io::Result<File> {
    if flags.custom_flags != 0 {
        let text = "there is no system here that would know custom flags";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    let at = sim.wallclock();
    let node = on_disk(sim, |disk| disk.open(path, flags, at)).await?;
    Ok(File(Arc::new(Open {
        sim: sim.clone(),
        node,
        id: sim.disk.new_id(),
        life: sim.disk.life(),
        flags: flags.clone(),
        cursor: Mutex::new(0),
    })))
}

/// Opens a file to read it, or makes or empties one to write it.
async fn open_whole(sim: &Arc<Sim>, path: &Path, writes: bool) -> io::Result<File> {
    let mut flags = OpenFlags::default();
    (flags.read, flags.write) = (!writes, writes);
    (flags.create, flags.truncate) = (writes, writes);
    open(sim, path, &flags).await
}

/// Reads a whole file.
pub(crate) async fn read(sim: &Arc<Sim>, path: &Path) -> io::Result<Vec<u8>> {
    open_whole(sim, path, false).await?.0.read_all()
}

/// Makes or empties a file and writes it.
pub(crate) async fn write(sim: &Arc<Sim>, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = open_whole(sim, path, true).await?;
    file.0.write(bytes, Some(0)).map(drop)
}

/// Copies bytes and permissions.
pub(crate) async fn copy(sim: &Arc<Sim>, from: &Path, to: &Path) -> io::Result<u64> {
    let from = open_whole(sim, from, false).await?;
    let metadata = from.0.node.metadata();
    if !metadata.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let to = open_whole(sim, to, true).await?;
    let n_copied = to.0.write(&from.0.read_all()?, Some(0))?;
    to.0.node.state().permit(&metadata.permissions());
    Ok(n_copied as u64)
}

/// Opens a folder; its entries are those of now.
pub(crate) async fn read_dir(sim: &Arc<Sim>, path: &Path) -> io::Result<ReadDir> {
    let names = on_disk(sim, |disk| disk.node(path, true)?.names()).await?;
    Ok(ReadDir {
        left: names
            .into_iter()
            .map(|(name, node)| {
                let mut entry = RawDirEntry::new(name);
                entry.file_type = Some(node.metadata().file_type());
                entry.ino = Some(node.ino);
                entry
            })
            .collect(),
    })
}

impl Open {
    /// The bytes of the file, to be read or written.
    fn with<T>(
        &self,
        op: impl FnOnce(&mut Data, bool) -> io::Result<T>,
        writes: bool,
    ) -> io::Result<T> {
        self.alive()?;
        let granted = if writes {
            self.flags.write || self.flags.append
        } else {
            self.flags.read
        };
        let mut state = self.node.state();
        match &mut state.body {
            Body::File(data) if granted => {
                let done = op(data, self.flags.append)?;
                let now = self.sim.wallclock();
                if writes {
                    state.modified = now;
                } else {
                    state.accessed = now;
                }
                Ok(done)
            }
            // What the system calls a bad descriptor, for which std has no kind.
            Body::File(_) => Err(io::Error::other("the file was not opened for this")),
            _ => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn alive(&self) -> io::Result<()> {
        self.sim.check()?;
        if self.life != self.sim.disk.life() {
            return Err(io::Error::other(
                "the power of `mem` was cut while the file was open",
            ));
        }
        Ok(())
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|data, _| Ok(data.read(buf, offset)), false)
    }

    fn read_all(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.node.metadata().len() as usize];
        let n_read = self.read(&mut bytes, 0)?;
        bytes.truncate(n_read);
        Ok(bytes)
    }

    /// Writes at an offset, or at the cursor, which moves.
    fn write(&self, bytes: &[u8], offset: Option<u64>) -> io::Result<usize> {
        if bytes.is_empty() {
            return self.alive().map(|()| 0);
        }
        let mut cursor = self.cursor();
        let write = |data: &mut Data, append| {
            let at = if append {
                data.len()
            } else {
                offset.unwrap_or(*cursor)
            };
            let end = at
                .checked_add(bytes.len() as u64)
                .filter(|end| *end <= i64::MAX as u64);
            let end = end.ok_or(ErrorKind::FileTooLarge)?;
            data.write(bytes, at);
            Ok(end)
        };
        let end = self.with(write, true)?;
        if offset.is_none() {
            *cursor = end;
        }
        Ok(bytes.len())
    }

    fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        self.alive()?;
        let mut cursor = self.cursor();
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.node.metadata().len().checked_add_signed(by),
            SeekFrom::Current(by) => cursor.checked_add_signed(by),
        };
        let at = at.filter(|at| *at <= i64::MAX as u64);
        *cursor = at.ok_or(ErrorKind::InvalidInput)?;
        Ok(*cursor)
    }

    /// Takes the lock, if nobody else has it in a way that excludes this.
    fn try_lock(&self, exclusive: bool) -> Option<io::Result<()>> {
        if let Err(dead) = self.alive() {
            return Some(Err(dead));
        }
        let locks = &mut self.node.state().locks;
        let mut others = locks.iter().filter(|(id, _)| **id != self.id);
        if others.any(|(_, alone)| exclusive || *alone) {
            return None;
        }
        locks.insert(self.id, exclusive);
        Some(Ok(()))
    }

    fn unlock(&self) {
        self.node.state().locks.remove(&self.id);
        self.node.unlocked.wake();
    }

    fn cursor(&self) -> std::sync::MutexGuard<'_, u64> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.unlock();
    }
}

impl RawObject for File {
    /// Reads and writes never wait, so there is nobody to take out.
    fn cancel_wait(&self, _: Direction, wait: &mut Wait) {
        wait.set_key(None);
    }
}

type Polled<T> = Poll<io::Result<T>>;

impl RawFile for File {
    fn poll_read(&self, _: &mut Context<'_>, _: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        let mut cursor = self.0.cursor();
        let read = self.0.read(buf, *cursor);
        *cursor += *read.as_ref().unwrap_or(&0) as u64;
        Poll::Ready(read)
    }
    fn poll_write(&self, _: &mut Context<'_>, _: &mut Wait, buf: &[u8]) -> Polled<usize> {
        Poll::Ready(self.0.write(buf, None))
    }
    fn poll_flush(&self, _: &mut Context<'_>, _: &mut Wait) -> Polled<()> {
        Poll::Ready(self.0.alive())
    }
    fn poll_seek(&self, _: &mut Context<'_>, _: &mut Wait, to: SeekFrom) -> Polled<u64> {
        Poll::Ready(self.0.seek(to))
    }
    fn try_read_at(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        Some(self.0.read(buf, offset))
    }
    async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read(buf, offset)
    }
    async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write(buf, Some(offset))
    }
    async fn file_metadata(&self) -> io::Result<Metadata> {
        self.0.alive().map(|()| self.0.node.metadata())
    }
    async fn set_len(&self, len: u64) -> io::Result<()> {
        if len > i64::MAX as u64 || !self.0.flags.write && !self.0.flags.append {
            return Err(ErrorKind::InvalidInput.into());
        }
        let set_len = |data: &mut Data, _| {
            data.set_len(len);
            Ok(())
        };
        self.0.with(set_len, true)
    }
    async fn sync(&self, _data_only: bool) -> io::Result<()> {
        self.0.alive()?;
        let extra = self.0.sim.chance.below(SYNC_NANOS.1) as u64;
        self.0.sim.sleep(SYNC_NANOS.0 + extra).await;
        self.0.alive()?;
        self.0.sim.disk.sync(&self.0.node);
        Ok(())
    }
    async fn set_file_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.0.alive()?;
        self.0.node.state().permit(&permissions);
        Ok(())
    }
    async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.0.alive()?;
        let mut state = self.0.node.state();
        state.accessed = times.accessed().unwrap_or(state.accessed);
        state.modified = times.modified().unwrap_or(state.modified);
        Ok(())
    }
    async fn lock(&self, exclusive: bool) -> io::Result<()> {
        let unlocked = &self.0.node.unlocked;
        unlocked
            .wait(&self.0.sim, || self.0.try_lock(exclusive))
            .await
    }
    async fn try_lock(&self, exclusive: bool) -> Result<(), TryLockError> {
        let taken = self.0.try_lock(exclusive).ok_or(TryLockError::WouldBlock)?;
        taken.map_err(TryLockError::Error)
    }
    async fn unlock(&self) -> io::Result<()> {
        self.0.alive()?;
        self.0.unlock();
        Ok(())
    }
    async fn try_clone_file(&self) -> io::Result<Self> {
        self.0.alive().map(|()| File(self.0.clone()))
    }
}

/// An open folder of a [`Mem`](crate::Mem) runtime: the entries that it had when it was opened.
#[derive(Debug)]
pub struct ReadDir {
    left: VecDeque<RawDirEntry>,
}

impl RawReadDir for ReadDir {
    fn poll_next_entry(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<RawDirEntry>>> {
        Poll::Ready(self.left.pop_front().map(Ok))
    }
}
