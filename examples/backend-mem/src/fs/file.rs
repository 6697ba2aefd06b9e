//! Open files and folders: [`File`] and [`ReadDir`].
//!
//! Bytes move at once; what takes time, and is where a power cut finds a program, is a sync and an
//! operation on a path ([`on_disk`]).

use std::collections::VecDeque;
use std::fs::TryLockError;
use std::future::poll_fn;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::Path;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll};

use anyrt_api::fs::{
    FileTimes, Metadata, OpenFlags, Permissions, RawDirEntry, RawFile, RawReadDir,
};
use anyrt_api::io::{Direction, RawObject, Wait};
use anyrt_kit::lock::Lock;
use anyrt_kit::wait::Waiters;

use super::tree::{Node, State, Tree};
use crate::executor::Sim;
use crate::{Polled, ensure};

/// What an operation on a path takes.
const PATH_NANOS: u64 = 10_000;

/// What a sync takes at least, and what chance adds at most.
const SYNC_NANOS: (u64, usize) = (50_000, 450_000);

/// An open file of a [`Mem`](crate::Mem) runtime.
#[derive(Debug)]
pub struct File(Arc<Open>);

/// What a handle and its clones share.
#[derive(Debug)]
struct Open {
    sim: Arc<Sim>,
    node: Arc<Node>,
    life: u64,
    flags: OpenFlags,
    cursor: Lock<u64>,
}

/// Makes a change of names or looks one up, after the time that it takes.
pub(crate) async fn on_disk<T>(
    sim: &Arc<Sim>,
    op: impl FnOnce(&mut Tree) -> io::Result<T>,
) -> io::Result<T> {
    sim.pause(PATH_NANOS).await?;
    let mut tree = sim.disk.0.lock();
    tree.now = sim.lock().clock.wallclock();
    op(&mut tree)
}

/// Opens a file.
pub(crate) async fn open(sim: &Arc<Sim>, path: &Path, flags: &OpenFlags) -> io::Result<File> {
    let opened = |tree: &mut Tree| Ok((tree.open(path, flags)?, tree.life));
    let (node, life) = on_disk(sim, opened).await?;
    let mut flags = flags.clone();
    flags.write |= flags.append;
    Ok(File(Arc::new(Open {
        sim: sim.clone(),
        node,
        life,
        flags,
        cursor: Lock::default(),
    })))
}

impl Open {
    fn alive(&self) -> io::Result<()> {
        self.sim.check()?;
        let dead = || io::Error::other("the power of `mem` was cut while the file was open");
        let is_alive = self.life == self.sim.disk.0.lock().life;
        is_alive.then_some(()).ok_or_else(dead)
    }

    /// The bytes of the file, if it was opened for what is to be done with them.
    fn bytes(&self, granted: bool) -> io::Result<MutexGuard<'_, State>> {
        self.alive()?;
        ensure(!self.node.file_type.is_dir(), ErrorKind::IsADirectory)?;
        // What the system calls a bad descriptor, for which std has no kind.
        let refused = || io::Error::other("the file was not opened for this");
        granted.then(|| self.node.state.lock()).ok_or_else(refused)
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.bytes(self.flags.read)?;
        state.accessed = self.sim.lock().clock.wallclock();
        state.data.read(buf, offset)
    }

    /// Writes at an offset, or at the cursor, which moves; to append, at the end.
    fn write(&self, bytes: &[u8], offset: Option<u64>) -> io::Result<usize> {
        let mut cursor = self.cursor.lock();
        let mut state = self.bytes(self.flags.write)?;
        let at = match self.flags.append {
            true => state.data.len(),
            false => offset.unwrap_or(*cursor),
        };
        let end = state.data.write(bytes, at)?;
        state.modified = self.sim.lock().clock.wallclock();
        if offset.is_none() {
            *cursor = end;
        }
        Ok(bytes.len())
    }

    /// Takes the lock, if nobody else has it in a way that excludes this.
    fn try_lock(&self, exclusive: bool) -> Option<io::Result<()>> {
        if let Err(dead) = self.alive() {
            return Some(Err(dead));
        }
        let locks = &mut self.node.state.lock().locks;
        let mut others = locks.iter().filter(|(id, _)| **id != self.id());
        if others.any(|(_, alone)| exclusive || *alone) {
            return None;
        }
        locks.insert(self.id(), exclusive);
        Some(Ok(()))
    }

    fn unlock(&self) {
        self.node.state.lock().locks.remove(&self.id());
        self.node.unlocked.wake_all();
    }

    /// A number that no other handle has.
    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
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

impl RawFile for File {
    fn poll_read(&self, _: &mut Context<'_>, _: &mut Wait, buf: &mut [u8]) -> Polled<usize> {
        let mut cursor = self.0.cursor.lock();
        let n_read = self.0.read(buf, *cursor)?;
        *cursor += n_read as u64;
        Poll::Ready(Ok(n_read))
    }
    fn poll_write(&self, _: &mut Context<'_>, _: &mut Wait, buf: &[u8]) -> Polled<usize> {
        Poll::Ready(self.0.write(buf, None))
    }
    fn poll_seek(&self, _: &mut Context<'_>, _: &mut Wait, to: SeekFrom) -> Polled<u64> {
        self.0.alive()?;
        let mut cursor = self.0.cursor.lock();
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.0.node.metadata().len().checked_add_signed(by),
            SeekFrom::Current(by) => cursor.checked_add_signed(by),
        };
        let at = at.filter(|at| *at <= i64::MAX as u64);
        *cursor = at.ok_or(ErrorKind::InvalidInput)?;
        Poll::Ready(Ok(*cursor))
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
        ensure(self.0.flags.write, ErrorKind::InvalidInput)?;
        let mut state = self.0.bytes(true)?;
        state.modified = self.0.sim.lock().clock.wallclock();
        state.data.set_len(len)
    }
    async fn sync(&self, _data_only: bool) -> io::Result<()> {
        let extra = self.0.sim.chance.up_to(SYNC_NANOS.1) as u64;
        self.0.sim.pause(SYNC_NANOS.0 + extra).await?;
        self.0.alive()?;
        self.0.sim.disk.0.lock().sync();
        self.0.node.state.lock().data.sync();
        Ok(())
    }
    async fn set_file_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.0.alive().map(|()| self.0.node.permit(&permissions))
    }
    async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.0.alive()?;
        let mut state = self.0.node.state.lock();
        state.accessed = times.accessed().unwrap_or(state.accessed);
        state.modified = times.modified().unwrap_or(state.modified);
        Ok(())
    }
    async fn lock(&self, exclusive: bool) -> io::Result<()> {
        let mut waiting = Waiting(&self.0.node.unlocked, Wait::new());
        poll_fn(|cx| {
            let (Waiting(unlocked, wait), open) = (&mut waiting, &self.0);
            open.sim
                .poll_on(unlocked, cx, wait, || open.try_lock(exclusive))
        })
        .await
    }
    async fn try_lock(&self, exclusive: bool) -> Result<(), TryLockError> {
        let taken = self.0.try_lock(exclusive).ok_or(TryLockError::WouldBlock)?;
        taken.map_err(TryLockError::Error)
    }
    async fn unlock(&self) -> io::Result<()> {
        self.0.alive().map(|()| self.0.unlock())
    }
    async fn try_clone_file(&self) -> io::Result<Self> {
        self.0.alive().map(|()| File(self.0.clone()))
    }
}

/// A task that waits for a lock. Dropping it takes the task out.
struct Waiting<'a>(&'a Waiters, Wait);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.cancel(&mut self.1);
    }
}

/// An open folder of a [`Mem`](crate::Mem) runtime: the entries that it had when it was opened.
#[derive(Debug)]
pub struct ReadDir(pub(crate) VecDeque<RawDirEntry>);

impl RawReadDir for ReadDir {
    fn poll_next_entry(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<RawDirEntry>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
