//! The names of a disk and their journal: [`Disk`], [`Tree`], [`Node`], and what can be done with a
//! path.
//!
//! The tree is a map from whole paths, without links in them, to what is there. A node is alive as
//! long as a name, a record of the journal or a handle has it. Knows nothing of open files, nor of
//! the clock.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyrt_api::fs::{FileType, Metadata, OpenFlags, Permissions, RawDirEntry};
use anyrt_kit::lock::Lock;
use anyrt_kit::wait::Waiters;

use super::data::Data;
use crate::ensure;
use crate::entropy::Stream;

/// Links that may be followed on one way.
const LINKS: usize = 40;

/// The bits that a new file or folder does not get.
const UMASK: u32 = 0o022;

/// A disk: what is left of a [`Mem`](crate::Mem) runtime when its power was cut.
///
/// Cheap to clone; all clones are one disk. [`Runtime::with_disk`](crate::Runtime::with_disk)
/// starts the next runtime on it.
#[derive(Clone, Debug)]
pub struct Disk(pub(crate) Arc<Lock<Tree>>);

/// The names as they are and as they are on the disk, and the changes between the two.
#[derive(Debug)]
pub(crate) struct Tree {
    names: Names,
    durable: Names,
    journal: Vec<Record>,
    /// Counts the power cuts: a handle of an earlier life is dead.
    pub(super) life: u64,
    /// What a change of names is dated, set by whoever makes one.
    pub(super) now: SystemTime,
}

type Names = BTreeMap<PathBuf, Arc<Node>>;

/// Names that are given or taken away in one step.
type Record = Vec<(PathBuf, Option<Arc<Node>>)>;

/// A file, a folder or a symbolic link.
pub(crate) struct Node {
    pub(super) file_type: FileType,
    /// What a link leads to.
    target: PathBuf,
    pub(super) state: Lock<State>,
    /// Who waits for its lock.
    pub(super) unlocked: Waiters,
}

/// What changes of a node.
pub(super) struct State {
    pub(super) data: Data,
    pub(super) created: SystemTime,
    pub(super) modified: SystemTime,
    pub(super) accessed: SystemTime,
    /// The handles that hold its lock, and whether alone.
    pub(super) locks: BTreeMap<usize, bool>,
    mode: u32,
}

impl Default for Disk {
    /// An empty disk: a root folder.
    fn default() -> Self {
        let now = SystemTime::UNIX_EPOCH;
        let root = Node::new(FileType::DIR, 0o755, now);
        let names = Names::from([(PathBuf::from("/"), Arc::new(root))]);
        Disk(Arc::new(Lock::new(Tree {
            durable: names.clone(),
            names,
            journal: Vec::new(),
            life: 0,
            now,
        })))
    }
}

impl Tree {
    /// Puts all names on the disk.
    pub(super) fn sync(&mut self) {
        for (path, node) in self.journal.drain(..).flatten() {
            put(&mut self.durable, path, node);
        }
    }

    /// Cuts the power: see [`fs`](super) for what is left.
    pub(crate) fn power_cut(&mut self, chance: &Stream) {
        self.life += 1;
        self.journal.truncate(chance.up_to(self.journal.len()));
        self.sync();
        self.names.clone_from(&self.durable);
        for node in self.names.values() {
            let mut state = node.state.lock();
            state.locks.clear();
            state.data.power_cut(chance);
        }
    }

    /// Gives names, or takes them away, in one step.
    fn record(&mut self, record: Record) {
        for (path, node) in &record {
            put(&mut self.names, path.clone(), node.clone());
            if let Some(folder) = path.parent().and_then(|above| self.names.get(above)) {
                folder.state.lock().modified = self.now;
            }
        }
        self.journal.push(record);
    }

    fn create(&mut self, place: PathBuf, file_type: FileType, mode: u32) -> Arc<Node> {
        let node = Arc::new(Node::new(file_type, mode, self.now));
        self.record(vec![(place, Some(node.clone()))]);
        node
    }

    /// The path without links and dots. Everything above its last name is there; `follow` says
    /// whether a link that stands under that name is followed.
    fn resolve(&self, path: &Path, follow: bool) -> io::Result<PathBuf> {
        let bytes = path.as_os_str().as_encoded_bytes();
        ensure(!bytes.contains(&0), ErrorKind::InvalidInput)?;
        ensure(!bytes.is_empty(), ErrorKind::NotFound)?;
        let mut place = PathBuf::from("/");
        let mut steps: Vec<_> = path.iter().rev().map(OsStr::to_owned).collect();
        let mut n_links = 0;
        while let Some(step) = steps.pop() {
            self.folder(&place)?;
            match step.to_str() {
                Some(".") => {}
                Some("..") => drop(place.pop()),
                _ => place.push(step),
            }
            let is_followed = follow || !steps.is_empty();
            let node = self.names.get(&place).filter(|_| is_followed);
            if let Some(link) = node.filter(|node| node.file_type.is_symlink()) {
                n_links += 1;
                if n_links > LINKS {
                    return Err(io::Error::other("too many levels of symbolic links"));
                }
                place.pop();
                steps.extend(link.target.iter().rev().map(OsStr::to_owned));
            }
        }
        Ok(place)
    }

    /// An error unless a folder is at a resolved path.
    fn folder(&self, place: &Path) -> io::Result<()> {
        let node = self.names.get(place).ok_or(ErrorKind::NotFound)?;
        ensure(node.file_type.is_dir(), ErrorKind::NotADirectory)
    }

    /// What a path leads to, and its resolved form.
    pub(crate) fn find(&self, path: &Path, follow: bool) -> io::Result<(PathBuf, Arc<Node>)> {
        let place = self.resolve(path, follow)?;
        let node = self.names.get(&place).ok_or(ErrorKind::NotFound)?;
        Ok((place, node.clone()))
    }

    /// The resolved form of a path at which nothing stands.
    fn vacant(&self, path: &Path) -> io::Result<PathBuf> {
        let place = self.resolve(path, false)?;
        ensure(!self.names.contains_key(&place), ErrorKind::AlreadyExists)?;
        Ok(place)
    }

    /// The names at and below a resolved path, from the top.
    fn below<'a>(&'a self, place: &'a Path) -> impl Iterator<Item = (&'a PathBuf, &'a Arc<Node>)> {
        let names = self.names.range(place.to_owned()..);
        names.take_while(move |(path, _)| path.starts_with(place))
    }

    fn is_empty(&self, place: &Path) -> bool {
        self.below(place).nth(1).is_none()
    }

    /// Finds the file to open, or makes it.
    pub(super) fn open(&mut self, path: &Path, flags: &OpenFlags) -> io::Result<Arc<Node>> {
        let creates = flags.create || flags.create_new;
        let place = self.resolve(path, !flags.create_new)?;
        let Some(node) = self.names.get(&place) else {
            let mode = flags.mode.unwrap_or(0o666);
            let made = creates.then(|| self.create(place, FileType::FILE, mode));
            return made.ok_or(ErrorKind::NotFound.into());
        };
        let writes = creates || flags.write || flags.append;
        ensure(!flags.create_new, ErrorKind::AlreadyExists)?;
        ensure(!node.file_type.is_dir() || !writes, ErrorKind::IsADirectory)?;
        if flags.truncate {
            let mut state = node.state.lock();
            state.data.set_len(0)?;
            state.modified = self.now;
        }
        Ok(node.clone())
    }

    /// What is in a folder, by name.
    pub(crate) fn entries(&self, path: &Path) -> io::Result<VecDeque<RawDirEntry>> {
        let place = self.resolve(path, true)?;
        self.folder(&place)?;
        let own = self
            .below(&place)
            .filter(|(path, _)| path.parent() == Some(&place));
        let entries = own.filter_map(|(path, node)| {
            let mut entry = RawDirEntry::new(path.file_name()?.to_owned());
            entry.file_type = Some(node.file_type);
            Some(entry)
        });
        Ok(entries.collect())
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.resolve(from, false)?, self.resolve(to, false)?);
        let node = self.names.get(&from).ok_or(ErrorKind::NotFound)?;
        let there = self.names.get(&to);
        if there.is_some_and(|there| Arc::ptr_eq(node, there)) {
            return Ok(());
        }
        ensure(!to.starts_with(&from), ErrorKind::InvalidInput)?;
        ensure(!from.starts_with(&to), ErrorKind::DirectoryNotEmpty)?;
        if let Some(there) = there {
            let [is_folder, replaces] = [node, there].map(|node| node.file_type.is_dir());
            ensure(replaces || !is_folder, ErrorKind::NotADirectory)?;
            ensure(is_folder || !replaces, ErrorKind::IsADirectory)?;
            let is_free = !replaces || self.is_empty(&to);
            ensure(is_free, ErrorKind::DirectoryNotEmpty)?;
        }
        let moves = self.below(&from).flat_map(|(path, node)| {
            let below = path.strip_prefix(&from).expect("it is below");
            // `join` would put a slash behind the name itself.
            let moved = to.components().chain(below.components()).collect();
            [(path.clone(), None), (moved, Some(node.clone()))]
        });
        self.record(moves.collect());
        Ok(())
    }

    /// Removes an empty folder, or anything else.
    pub(crate) fn remove(&mut self, path: &Path, folder: bool) -> io::Result<()> {
        let (place, node) = self.find(path, false)?;
        ensure(node.file_type.is_dir() || !folder, ErrorKind::NotADirectory)?;
        ensure(folder || !node.file_type.is_dir(), ErrorKind::IsADirectory)?;
        ensure(self.is_empty(&place), ErrorKind::DirectoryNotEmpty)?;
        self.take_away(place)
    }

    /// Removes a folder and what is in it, the deepest first, each by itself, as `rm -r` does.
    pub(crate) fn remove_dir_all(&mut self, path: &Path) -> io::Result<()> {
        let (place, node) = self.find(path, false)?;
        ensure(!node.file_type.is_file(), ErrorKind::NotADirectory)?;
        let doomed: Vec<_> = self.below(&place).map(|(path, _)| path.clone()).collect();
        let mut deepest_first = doomed.into_iter().rev();
        deepest_first.try_for_each(|path| self.take_away(path))
    }

    fn take_away(&mut self, place: PathBuf) -> io::Result<()> {
        ensure(place.parent().is_some(), ErrorKind::ResourceBusy)?;
        self.record(vec![(place, None)]);
        Ok(())
    }

    /// Makes a folder; with `all` also those above it, and it may be there already.
    pub(crate) fn create_dir(&mut self, path: &Path, all: bool, mode: u32) -> io::Result<()> {
        let there = self.find(path, true).ok().filter(|_| all);
        if there.is_some_and(|(_, node)| node.file_type.is_dir()) {
            return Ok(());
        }
        match self.vacant(path) {
            Err(missing) if all && missing.kind() == ErrorKind::NotFound => {
                self.create_dir(path.parent().ok_or(missing)?, true, mode)?;
                self.create_dir(path, true, mode)
            }
            place => place.map(|place| drop(self.create(place, FileType::DIR, mode))),
        }
    }

    pub(crate) fn permit(&self, path: &Path, permissions: &Permissions) -> io::Result<()> {
        self.find(path, true)
            .map(|found| found.1.permit(permissions))
    }

    pub(crate) fn hard_link(&mut self, original: &Path, link: &Path) -> io::Result<()> {
        let (_, node) = self.find(original, false)?;
        let place = self.vacant(link)?;
        ensure(!node.file_type.is_dir(), ErrorKind::PermissionDenied)?;
        self.record(vec![(place, Some(node))]);
        Ok(())
    }

    pub(crate) fn symlink(&mut self, original: &Path, link: &Path) -> io::Result<()> {
        ensure(!original.as_os_str().is_empty(), ErrorKind::NotFound)?;
        let place = self.vacant(link)?;
        let mut node = Node::new(FileType::SYMLINK, 0o777, self.now);
        node.target = original.to_owned();
        self.record(vec![(place, Some(Arc::new(node)))]);
        Ok(())
    }

    pub(crate) fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let (_, node) = self.find(path, false)?;
        ensure(node.file_type.is_symlink(), ErrorKind::InvalidInput)?;
        Ok(node.target.clone())
    }

    pub(crate) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.find(path, true)?.0)
    }
}

fn put(names: &mut Names, path: PathBuf, node: Option<Arc<Node>>) {
    match node {
        Some(node) => names.insert(path, node),
        None => names.remove(&path),
    };
}

impl Node {
    fn new(file_type: FileType, mode: u32, at: SystemTime) -> Self {
        Node {
            file_type,
            target: PathBuf::new(),
            state: Lock::new(State {
                data: Data::default(),
                created: at,
                modified: at,
                accessed: at,
                locks: BTreeMap::new(),
                mode: mode & !UMASK,
            }),
            unlocked: Waiters::new(),
        }
    }

    pub(crate) fn metadata(&self) -> Metadata {
        let state = self.state.lock();
        let len = state.data.len() + self.target.as_os_str().len() as u64;
        Metadata::new(self.file_type, len)
            .with_permissions(Permissions::from_mode(state.mode))
            .with_created(state.created)
            .with_modified(state.modified)
            .with_accessed(state.accessed)
    }

    pub(super) fn permit(&self, permissions: &Permissions) {
        let mut state = self.state.lock();
        state.mode = permissions.mode().unwrap_or(match permissions.readonly() {
            true => state.mode & !0o222,
            false => state.mode | 0o222,
        });
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.metadata()).finish()
    }
}
