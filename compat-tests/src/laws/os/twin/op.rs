//! Operations on files and paths, and how they are drawn: [`Op`].
//!
//! Knows nothing of who makes them.

use std::io::SeekFrom;

use proptest::prelude::*;

/// One operation. A path is a name below a folder; a file is one of [`FILES`] places for open ones.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Open(usize, &'static str, Flags),
    Close(usize),
    Read(usize, usize),
    Write(usize, Vec<u8>),
    ReadAt(usize, usize, u64),
    WriteAt(usize, Vec<u8>, u64),
    Seek(usize, SeekFrom),
    SetLen(usize, u64),
    Len(usize),
    Sync(usize),
    ReadFile(&'static str),
    WriteFile(&'static str, Vec<u8>),
    Copy(&'static str, &'static str),
    Rename(&'static str, &'static str),
    HardLink(&'static str, &'static str),
    Symlink(&'static str, &'static str),
    ReadLink(&'static str),
    RemoveFile(&'static str),
    /// With those above it, if so asked.
    CreateDir(&'static str, bool),
    /// With all that is in it, if so asked.
    RemoveDir(&'static str, bool),
    ReadDir(&'static str),
    /// Of what a link points to, if so asked.
    Metadata(&'static str, bool),
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) append: bool,
    pub(super) truncate: bool,
    pub(super) create: bool,
    pub(super) create_new: bool,
}

/// Places for open files.
pub(super) const FILES: usize = 3;

/// Names that meet each other: files, folders, what is in them, and what is nowhere.
const NAMES: [&str; 8] = ["a", "b", "d", "d/a", "d/e", "d/e/b", "a/x", "missing/x"];

/// Any operation: on open files, which are mostly there, on paths, and opens.
pub(super) fn any_op() -> impl Strategy<Value = Op> {
    let open =
        (file(), name(), flags()).prop_map(|(file, name, flags)| Op::Open(file, name, flags));
    prop_oneof![3 => open, 8 => on_files(), 6 => on_paths()]
}

fn file() -> impl Strategy<Value = usize> {
    0..FILES
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let long = (any::<u8>(), 0..5_000_usize).prop_map(|(byte, len)| vec![byte; len]);
    prop_oneof![prop::collection::vec(any::<u8>(), 0..9), long]
}

fn offset() -> impl Strategy<Value = u64> {
    0..9_000_u64
}

fn flags() -> impl Strategy<Value = Flags> {
    // Without access, or with flags that contradict each other, now and then: that is an error.
    let usual = |p| prop::bool::weighted(p);
    (
        usual(0.9),
        usual(0.8),
        usual(0.2),
        usual(0.2),
        usual(0.7),
        usual(0.2),
    )
        .prop_map(
            |(read, write, append, truncate, create, create_new)| Flags {
                read,
                write,
                append,
                truncate,
                create,
                create_new,
            },
        )
}

fn on_files() -> impl Strategy<Value = Op> {
    let to = prop_oneof![
        offset().prop_map(SeekFrom::Start),
        (-6_000..6_000_i64).prop_map(SeekFrom::Current),
        (-6_000..6_000_i64).prop_map(SeekFrom::End),
    ];
    prop_oneof![
        1 => file().prop_map(Op::Close),
        3 => (file(), 1..6_000_usize).prop_map(|(file, n)| Op::Read(file, n)),
        4 => (file(), bytes()).prop_map(|(file, bytes)| Op::Write(file, bytes)),
        1 => (file(), 1..6_000_usize, offset()).prop_map(|(file, n, at)| Op::ReadAt(file, n, at)),
        1 => (file(), bytes(), offset()).prop_map(|(file, it, at)| Op::WriteAt(file, it, at)),
        3 => (file(), to).prop_map(|(file, to)| Op::Seek(file, to)),
        1 => (file(), offset()).prop_map(|(file, len)| Op::SetLen(file, len)),
        1 => file().prop_map(Op::Len),
        1 => file().prop_map(Op::Sync),
    ]
}

fn on_paths() -> impl Strategy<Value = Op> {
    let two = || (name(), name());
    prop_oneof![
        name().prop_map(Op::ReadFile),
        (name(), bytes()).prop_map(|(name, bytes)| Op::WriteFile(name, bytes)),
        two().prop_map(|(from, to)| Op::Copy(from, to)),
        two().prop_map(|(from, to)| Op::Rename(from, to)),
        two().prop_map(|(from, to)| Op::HardLink(from, to)),
        two().prop_map(|(from, to)| Op::Symlink(from, to)),
        name().prop_map(Op::ReadLink),
        name().prop_map(Op::RemoveFile),
        (name(), any::<bool>()).prop_map(|(name, all)| Op::CreateDir(name, all)),
        (name(), any::<bool>()).prop_map(|(name, all)| Op::RemoveDir(name, all)),
        name().prop_map(Op::ReadDir),
        (name(), any::<bool>()).prop_map(|(name, follow)| Op::Metadata(name, follow)),
    ]
}
