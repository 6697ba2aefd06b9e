//! The operations on paths: from a path to a [`Place`], and from there to a change of names.
//!
//! Knows nothing of open files. Each operation is one step, made under the lock of the journal.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyrt_api::fs::{OpenFlags, Permissions};

use super::content::Data;
use super::tree::{Body, Disk, Node};

/// Links that may be followed on one way.
const LINKS: usize = 40;

/// The bits that a new file or folder does not get.
const UMASK: u32 = 0o022;

/// Where a path leads: down `way` from the root, and perhaps to a name that is free.
pub(super) struct Place {
    root: Arc<Node>,
    way: Vec<(OsString, Arc<Node>)>,
    free: Option<OsString>,
    /// The path ends in a way that only a folder can.
    wants_folder: bool,
}

enum Step {
    Root,
    Up,
    Down(OsString),
}

impl Place {
    /// What is there.
    pub(super) fn found(&self) -> io::Result<&Arc<Node>> {
        let node = self.way.last().map_or(&self.root, |(_, node)| node);
        match self.free {
            Some(_) => Err(ErrorKind::NotFound.into()),
            None if self.wants_folder && !node.is_folder() => Err(ErrorKind::NotADirectory.into()),
            None => Ok(node),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        let names = self.way.iter().map(|(name, _)| name.as_os_str());
        [OsStr::new("/")].into_iter().chain(names).collect()
    }

    /// The folder and the name in it, to be written to.
    fn name(&self) -> io::Result<(&Arc<Node>, &OsString)> {
        let (above, name) = match (&self.free, self.way.split_last()) {
            (Some(name), _) => (&self.way[..], name),
            (None, Some(((name, _), above))) => (above, name),
            (None, None) => return Err(ErrorKind::ResourceBusy.into()),
        };
        let folder = above.last().map_or(&self.root, |(_, node)| node);
        folder.state().allow(0o200)?;
        Ok((folder, name))
    }

    /// The folder and the name in it, if nothing stands there yet, for a folder or something else.
    fn vacant(&self, for_folder: bool) -> io::Result<(Arc<Node>, OsString)> {
        if self.free.is_none() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if self.wants_folder && !for_folder {
            return Err(ErrorKind::NotFound.into());
        }
        self.name()
            .map(|(folder, name)| (folder.clone(), name.clone()))
    }
}

impl Disk {
    /// Finds the place of a path; `follow` says whether a link at its end is followed.
    pub(super) fn find(&self, path: &Path, follow: bool) -> io::Result<Place> {
        let wants_folder = check(path)?;
        let mut steps = Vec::new();
        push(&mut steps, path);
        let mut place = Place {
            root: self.root().clone(),
            way: Vec::new(),
            free: None,
            wants_folder,
        };
        let mut n_links = 0;
        while let Some(step) = steps.pop() {
            let here = place.found()?.clone();
            let name = match step {
                Step::Root => {
                    place.way.clear();
                    continue;
                }
                Step::Up if here.is_folder() => {
                    place.way.pop();
                    continue;
                }
                Step::Up => return Err(ErrorKind::NotADirectory.into()),
                Step::Down(name) => name,
            };
            let Some(node) = here.child(&name)? else {
                place.free = Some(name);
                continue;
            };
            let followed = follow || !steps.is_empty();
            match node.link().filter(|_| followed) {
                Some(_) if n_links == LINKS => {
                    return Err(io::Error::other("too many levels of symbolic links"));
                }
                Some(target) => {
                    n_links += 1;
                    place.wants_folder |= steps.is_empty() && check(&target)?;
                    push(&mut steps, &target);
                }
                None => place.way.push((name, node)),
            }
        }
        Ok(place)
    }

    /// Finds the file to open, or makes it.
    pub(super) fn open(
        &self,
        path: &Path,
        flags: &OpenFlags,
        at: SystemTime,
    ) -> io::Result<Arc<Node>> {
        let mut journal = self.journal();
        let writes = flags.write || flags.append;
        let creates = flags.create || flags.create_new;
        let no_file = creates && check(path)?;
        let place = self.find(path, !(flags.create_new || no_file))?;
        if creates && place.wants_folder {
            return Err(ErrorKind::IsADirectory.into());
        }
        if place.free.is_some() {
            if !creates {
                return Err(ErrorKind::NotFound.into());
            }
            let (folder, name) = place.vacant(false)?;
            let mode = flags.mode.unwrap_or(0o666) & !UMASK & 0o7777;
            let node = journal.create(Body::File(Data::default()), mode, at);
            journal.rename(vec![(folder, name, Some(node.clone()))], at);
            return Ok(node);
        }
        if flags.create_new {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let node = place.found()?;
        let mut state = node.state();
        if flags.read {
            state.allow(0o400)?;
        }
        if writes {
            state.allow(0o200)?;
        }
        match &mut state.body {
            Body::File(data) if flags.truncate => {
                data.set_len(0);
                state.modified = at;
            }
            Body::Folder { .. } if writes || flags.create => {
                return Err(ErrorKind::IsADirectory.into());
            }
            _ => {}
        }
        drop(state);
        Ok(node.clone())
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path, at: SystemTime) -> io::Result<()> {
        let mut journal = self.journal();
        let (from, to) = (self.find(from, false)?, self.find(to, false)?);
        let node = from.found()?.clone();
        if to.wants_folder && !node.is_folder() {
            return Err(ErrorKind::NotADirectory.into());
        }
        let (old_folder, old_name) = from.name()?;
        let (new_folder, new_name) = to.name()?;
        if to.way.iter().any(|(_, above)| Arc::ptr_eq(above, &node)) {
            let same = to.found().is_ok_and(|there| Arc::ptr_eq(there, &node));
            return if same {
                Ok(())
            } else {
                Err(ErrorKind::InvalidInput.into())
            };
        }
        if to.free.is_none() {
            let there = to.found()?;
            let holds_it = from.way.iter().any(|(_, above)| Arc::ptr_eq(above, there));
            match (node.is_folder(), there.is_folder()) {
                _ if holds_it => return Err(ErrorKind::DirectoryNotEmpty.into()),
                (true, false) => return Err(ErrorKind::NotADirectory.into()),
                (false, true) => return Err(ErrorKind::IsADirectory.into()),
                (true, true) if !is_empty(there) => {
                    return Err(ErrorKind::DirectoryNotEmpty.into());
                }
                _ => {}
            }
        }
        let names = vec![
            (old_folder.clone(), old_name.clone(), None),
            (new_folder.clone(), new_name.clone(), Some(node)),
        ];
        journal.rename(names, at);
        Ok(())
    }

    pub(crate) fn remove_file(&self, path: &Path, at: SystemTime) -> io::Result<()> {
        let mut journal = self.journal();
        let place = self.find(path, false)?;
        if place.found()?.is_folder() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let (folder, name) = place.name()?;
        journal.rename(vec![(folder.clone(), name.clone(), None)], at);
        Ok(())
    }

    /// Removes a folder; with `all` also what is in it.
    pub(crate) fn remove_dir(&self, path: &Path, all: bool, at: SystemTime) -> io::Result<()> {
        let mut journal = self.journal();
        let place = self.find(path, false)?;
        let node = place.found()?;
        let link = all && node.link().is_some();
        if !node.is_folder() && !link {
            return Err(ErrorKind::NotADirectory.into());
        }
        if !(all || is_empty(node)) {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        let (folder, name) = place.name()?;
        let mut left = vec![(folder.clone(), name.clone(), node.clone())];
        let mut doomed = Vec::new();
        while let Some((folder, name, node)) = left.pop() {
            folder.state().allow(0o200)?;
            doomed.push((folder, name));
            if node.is_folder() {
                let below = node.names()?.into_iter();
                left.extend(below.map(|(name, below)| (node.clone(), name, below)));
            }
        }
        // What is deepest goes first, each by itself, as `rm -r` does.
        for (folder, name) in doomed.into_iter().rev() {
            journal.rename(vec![(folder, name, None)], at);
        }
        Ok(())
    }

    /// Makes a folder; with `all` also those above it, and it may be there already.
    pub(crate) fn create_dir(
        &self,
        path: &Path,
        all: bool,
        mode: u32,
        at: SystemTime,
    ) -> io::Result<()> {
        if all && path.as_os_str().is_empty() {
            return Ok(());
        }
        let mut journal = self.journal();
        let named = path
            .ancestors()
            .skip(1)
            .filter(|path| path.file_name().is_some());
        let above: Vec<_> = named.take_while(|_| all).collect();
        let steps = above.into_iter().rev().map(|path| (path, false));
        for (path, is_last) in steps.chain([(path, true)]) {
            match self.node(path, true) {
                Ok(node) if all && node.is_folder() => continue,
                Ok(_) if !is_last => return Err(ErrorKind::NotADirectory.into()),
                Err(error) if !is_last && error.kind() != ErrorKind::NotFound => {
                    return Err(error);
                }
                _ => {}
            }
            let (folder, name) = self.find(path, false)?.vacant(true)?;
            let node = journal.create(Body::folder(), mode & !UMASK & 0o7777, at);
            journal.rename(vec![(folder, name, Some(node))], at);
        }
        Ok(())
    }

    pub(crate) fn hard_link(&self, original: &Path, link: &Path, at: SystemTime) -> io::Result<()> {
        let mut journal = self.journal();
        let node = self.node(original, false)?;
        let (folder, name) = self.find(link, false)?.vacant(false)?;
        if node.is_folder() {
            return Err(ErrorKind::PermissionDenied.into());
        }
        journal.rename(vec![(folder, name, Some(node))], at);
        Ok(())
    }

    pub(crate) fn symlink(&self, original: &Path, link: &Path, at: SystemTime) -> io::Result<()> {
        check(original)?;
        let mut journal = self.journal();
        let (folder, name) = self.find(link, false)?.vacant(false)?;
        let node = journal.create(Body::Link(original.to_owned()), 0o777, at);
        journal.rename(vec![(folder, name, Some(node))], at);
        Ok(())
    }

    pub(crate) fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let target = self.node(path, false)?.link();
        target.ok_or(ErrorKind::InvalidInput.into())
    }

    pub(crate) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let place = self.find(path, true)?;
        place.found()?;
        Ok(place.path())
    }

    pub(crate) fn permit(&self, path: &Path, permissions: &Permissions) -> io::Result<()> {
        self.node(path, true)?.state().permit(permissions);
        Ok(())
    }

    /// The node of a path.
    pub(crate) fn node(&self, path: &Path, follow: bool) -> io::Result<Arc<Node>> {
        let follow = follow || check(path)?;
        self.find(path, follow)?.found().cloned()
    }
}

fn is_empty(folder: &Arc<Node>) -> bool {
    folder.names().is_ok_and(|names| names.is_empty())
}

/// Refuses what no path may be; true if it ends in a way that only a folder can.
fn check(path: &Path) -> io::Result<bool> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.contains(&0) {
        let text = "a path has no NUL byte in it";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    if bytes.is_empty() {
        return Err(ErrorKind::NotFound.into());
    }
    if bytes.len() >= 4096
        || bytes
            .split(|byte| *byte == b'/')
            .any(|name| name.len() > 255)
    {
        return Err(ErrorKind::InvalidFilename.into());
    }
    Ok(bytes.ends_with(b"/") || bytes.ends_with(b"/.") || bytes.ends_with(b"/.."))
}

/// Puts the steps of a path on the stack, its first on top. A relative path starts where it stands.
fn push(steps: &mut Vec<Step>, path: &Path) {
    steps.extend(
        path.components()
            .rev()
            .filter_map(|component| match component {
                Component::Prefix(_) | Component::CurDir => None,
                Component::RootDir => Some(Step::Root),
                Component::ParentDir => Some(Step::Up),
                Component::Normal(name) => Some(Step::Down(name.to_owned())),
            }),
    );
}
