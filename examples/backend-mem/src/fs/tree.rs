//! The tree of folders and its journal: [`Disk`] and [`Node`].
//!
//! A node is alive as long as something names it: a folder, as it is or as it is on the disk, a
//! record of the journal, or a handle. Knows nothing of the cursor of a handle, nor of the clock.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use anyrt_api::fs::{FileType, Metadata, Permissions, UnixMetadata};

use super::content::Data;
use crate::entropy::Stream;
use crate::waiters::Waiters;

/// Records that the journal keeps before the oldest go to the disk by themselves.
const JOURNAL: usize = 1024;

/// A disk: what is left of a [`Mem`](crate::Mem) runtime when its power was cut.
///
/// Cheap to clone; all clones are one disk. [`Runtime::with_disk`](crate::Runtime::with_disk)
/// starts the next runtime on it.
#[derive(Clone)]
pub struct Disk(Arc<Tree>);

struct Tree {
    root: Arc<Node>,
    journal: Mutex<Journal>,
    /// Counts the power cuts: a handle of an earlier life is dead.
    life: AtomicU64,
}

#[derive(Default)]
pub(super) struct Journal {
    records: VecDeque<Vec<Entry>>,
    last_id: u64,
}

/// One name that changes hands.
struct Entry {
    folder: Arc<Node>,
    name: OsString,
    old: Option<Arc<Node>>,
    new: Option<Arc<Node>>,
}

type Entries = BTreeMap<OsString, Arc<Node>>;

/// A file, a folder or a symbolic link.
pub(crate) struct Node {
    pub(crate) ino: u64,
    state: Mutex<State>,
    /// Who waits for its lock.
    pub(crate) unlocked: Waiters,
}

/// What is known of a node.
pub(crate) struct State {
    pub(crate) body: Body,
    pub(crate) mode: u32,
    pub(crate) created: SystemTime,
    pub(crate) modified: SystemTime,
    pub(crate) accessed: SystemTime,
    /// Who holds its lock, and whether alone.
    pub(crate) locks: BTreeMap<u64, bool>,
    n_names: u64,
}

pub(crate) enum Body {
    File(Data),
    Folder { now: Entries, durable: Entries },
    Link(PathBuf),
}

impl Default for Disk {
    fn default() -> Self {
        Disk::new()
    }
}

impl Disk {
    /// An empty disk: a root folder.
    #[must_use]
    pub fn new() -> Self {
        let folder = Body::folder();
        Disk(Arc::new(Tree {
            root: Node::new(1, folder, 0o755, SystemTime::UNIX_EPOCH),
            journal: Mutex::new(Journal {
                records: VecDeque::new(),
                last_id: 1,
            }),
            life: AtomicU64::new(0),
        }))
    }

    pub(super) fn root(&self) -> &Arc<Node> {
        &self.0.root
    }

    /// The lock that every change of names is made under.
    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.0
            .journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that no node and no handle has.
    pub(super) fn new_id(&self) -> u64 {
        self.journal().new_id()
    }

    pub(super) fn life(&self) -> u64 {
        // Relaxed: a cut and what follows it are ordered by the locks of the nodes.
        self.0.life.load(Ordering::Relaxed)
    }

    /// Puts a node's bytes on the disk, and the names that concern it.
    pub(super) fn sync(&self, node: &Arc<Node>) {
        let mut journal = self.journal();
        let concerns = |entry: &Entry| {
            let of = |other: &Arc<Node>| Arc::ptr_eq(other, node);
            of(&entry.folder)
                || entry.old.as_ref().is_some_and(of)
                || entry.new.as_ref().is_some_and(of)
        };
        let last = journal
            .records
            .iter()
            .rposition(|record| record.iter().any(concerns));
        journal.commit(last.map_or(0, |last| last + 1));
        if let Body::File(data) = &mut node.state().body {
            data.sync();
        }
    }

    /// Cuts the power: see the [module](self) for what is left.
    pub(crate) fn power_cut(&self, chance: &Stream) {
        let mut journal = self.journal();
        self.0.life.fetch_add(1, Ordering::Relaxed);
        let n_kept = chance.below(journal.records.len() + 1);
        journal.commit(n_kept);
        journal.records.clear();
        let mut seen = BTreeMap::new();
        self.root().restart(chance, &mut seen);
        for (node, n_names) in seen.into_values() {
            node.state().n_names = n_names;
        }
    }
}

impl Journal {
    pub(super) fn create(&mut self, body: Body, mode: u32, at: SystemTime) -> Arc<Node> {
        Node::new(self.new_id(), body, mode, at)
    }

    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Gives names to nodes, or takes them away, in one step.
    pub(super) fn rename(
        &mut self,
        names: Vec<(Arc<Node>, OsString, Option<Arc<Node>>)>,
        at: SystemTime,
    ) {
        let entries = names.into_iter().map(|(folder, name, new)| {
            let old = folder.set(&name, new.as_ref(), at);
            new.iter().for_each(|node| node.state().n_names += 1);
            old.iter().for_each(|node| node.state().n_names -= 1);
            Entry {
                folder,
                name,
                old,
                new,
            }
        });
        self.records.push_back(entries.collect());
        if self.records.len() > JOURNAL {
            self.commit(1);
        }
    }

    /// The oldest records reach the disk.
    fn commit(&mut self, n_records: usize) {
        for entry in self.records.drain(..n_records).flatten() {
            if let Body::Folder { durable, .. } = &mut entry.folder.state().body {
                put(durable, &entry.name, entry.new.as_ref());
            }
        }
    }
}

fn put(entries: &mut Entries, name: &OsStr, node: Option<&Arc<Node>>) -> Option<Arc<Node>> {
    match node {
        Some(node) => entries.insert(name.to_owned(), node.clone()),
        None => entries.remove(name),
    }
}

impl Node {
    fn new(ino: u64, body: Body, mode: u32, at: SystemTime) -> Arc<Self> {
        Arc::new(Node {
            ino,
            state: Mutex::new(State {
                body,
                mode,
                created: at,
                modified: at,
                accessed: at,
                locks: BTreeMap::new(),
                n_names: 0,
            }),
            unlocked: Waiters::default(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands under a name in this folder.
    pub(super) fn child(&self, name: &OsStr) -> io::Result<Option<Arc<Node>>> {
        let state = self.state();
        let Body::Folder { now, .. } = &state.body else {
            return Err(ErrorKind::NotADirectory.into());
        };
        state.allow(0o100)?;
        Ok(now.get(name).cloned())
    }

    pub(super) fn is_folder(&self) -> bool {
        matches!(self.state().body, Body::Folder { .. })
    }

    pub(super) fn link(&self) -> Option<PathBuf> {
        match &self.state().body {
            Body::Link(target) => Some(target.clone()),
            _ => None,
        }
    }

    /// The names in this folder.
    pub(super) fn names(&self) -> io::Result<Vec<(OsString, Arc<Node>)>> {
        let state = self.state();
        let Body::Folder { now, .. } = &state.body else {
            return Err(ErrorKind::NotADirectory.into());
        };
        state.allow(0o400)?;
        Ok(now
            .iter()
            .map(|(name, node)| (name.clone(), node.clone()))
            .collect())
    }

    pub(crate) fn metadata(&self) -> Metadata {
        let state = self.state();
        let (kind, bits, len) = match &state.body {
            Body::File(data) => (FileType::FILE, 0o100_000, data.len()),
            Body::Folder { .. } => (FileType::DIR, 0o040_000, 4096),
            Body::Link(target) => (
                FileType::SYMLINK,
                0o120_000,
                target.as_os_str().len() as u64,
            ),
        };
        let unix = UnixMetadata {
            ino: self.ino,
            mode: bits | state.mode,
            nlink: state.n_names,
            blksize: 4096,
            blocks: len.div_ceil(512),
            ..UnixMetadata::default()
        };
        Metadata::new(kind, len)
            .with_permissions(Permissions::from_mode(bits | state.mode))
            .with_created(state.created)
            .with_modified(state.modified)
            .with_accessed(state.accessed)
            .with_unix(unix)
    }

    fn set(&self, name: &OsStr, node: Option<&Arc<Node>>, at: SystemTime) -> Option<Arc<Node>> {
        let mut state = self.state();
        state.modified = at;
        match &mut state.body {
            Body::Folder { now, .. } => put(now, name, node),
            _ => unreachable!("names are only set in folders"),
        }
    }

    /// Becomes what is on the disk, and all below with it; counts the names of each.
    fn restart(self: &Arc<Self>, chance: &Stream, seen: &mut BTreeMap<u64, (Arc<Node>, u64)>) {
        let place = seen.entry(self.ino).or_insert_with(|| (self.clone(), 0));
        place.1 += 1;
        if place.1 > 1 {
            return;
        }
        let mut state = self.state();
        state.locks.clear();
        let mut below = Vec::new();
        match &mut state.body {
            Body::File(data) => data.power_cut(chance),
            Body::Folder { now, durable } => {
                now.clone_from(durable);
                below.extend(now.values().cloned());
            }
            Body::Link(_) => {}
        }
        drop(state);
        below.iter().for_each(|node| node.restart(chance, seen));
    }
}

impl State {
    /// An error unless the owner, who we are, has this permission.
    pub(crate) fn allow(&self, bit: u32) -> io::Result<()> {
        if self.mode & bit == 0 {
            return Err(ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }

    /// Changes the permissions, of which a node keeps the lower twelve bits.
    pub(crate) fn permit(&mut self, permissions: &Permissions) {
        let mode = permissions.mode().unwrap_or(match permissions.readonly() {
            true => self.mode & !0o222,
            false => self.mode | 0o222,
        });
        self.mode = mode & 0o7777;
    }
}

impl Body {
    pub(super) fn folder() -> Self {
        Body::Folder {
            now: Entries::new(),
            durable: Entries::new(),
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("n_unsynced_names", &self.journal().records.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("ino", &self.ino)
            .finish_non_exhaustive()
    }
}
