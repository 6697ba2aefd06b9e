//! What is known of a file: [`Metadata`], [`FileType`], [`Permissions`], [`FileTimes`].
//!
//! Plain data with std's accessors, which convert from std's types: std's own can only be made by
//! an operating system, and a backend may have none.

use std::io;
use std::time::SystemTime;

/// What is known of a file: [`std::fs::Metadata`] as plain data.
#[derive(Debug, Clone)]
pub struct Metadata {
    file_type: FileType,
    len: u64,
    permissions: Permissions,
    modified: Option<SystemTime>,
    accessed: Option<SystemTime>,
    created: Option<SystemTime>,
    unix: Option<UnixMetadata>,
}

impl Metadata {
    /// For backends: a file of this kind and length, writable, without times.
    #[must_use]
    pub fn new(file_type: FileType, len: u64) -> Self {
        Metadata {
            file_type,
            len,
            permissions: Permissions::default(),
            modified: None,
            accessed: None,
            created: None,
            unix: None,
        }
    }

    /// For backends: adds the permissions.
    #[must_use]
    pub fn with_permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// For backends: adds the time of the last write.
    #[must_use]
    pub fn with_modified(mut self, at: SystemTime) -> Self {
        self.modified = Some(at);
        self
    }

    /// For backends: adds the time of the last read.
    #[must_use]
    pub fn with_accessed(mut self, at: SystemTime) -> Self {
        self.accessed = Some(at);
        self
    }

    /// For backends: adds the time of creation.
    #[must_use]
    pub fn with_created(mut self, at: SystemTime) -> Self {
        self.created = Some(at);
        self
    }

    /// For backends: adds what Unix knows besides.
    #[must_use]
    pub fn with_unix(mut self, unix: UnixMetadata) -> Self {
        self.unix = Some(unix);
        self
    }

    /// The kind of file.
    #[must_use]
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// True for a folder.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.file_type.is_dir()
    }

    /// True for a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.file_type.is_file()
    }

    /// True for a symbolic link, as `symlink_metadata` shows it.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.file_type.is_symlink()
    }

    /// The length in bytes.
    #[must_use]
    #[allow(
        clippy::len_without_is_empty,
        reason = "std's name, and std has no `is_empty` here"
    )]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The permissions.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        self.permissions.clone()
    }

    /// The time of the last write.
    ///
    /// # Errors
    ///
    /// `Unsupported`, as in std, where the file system does not keep it.
    pub fn modified(&self) -> io::Result<SystemTime> {
        self.modified.ok_or_else(|| not_kept("modified"))
    }

    /// The time of the last read.
    ///
    /// # Errors
    ///
    /// `Unsupported`, as in std, where the file system does not keep it.
    pub fn accessed(&self) -> io::Result<SystemTime> {
        self.accessed.ok_or_else(|| not_kept("accessed"))
    }

    /// The time of creation.
    ///
    /// # Errors
    ///
    /// `Unsupported`, as in std, where the file system does not keep it.
    pub fn created(&self) -> io::Result<SystemTime> {
        self.created.ok_or_else(|| not_kept("created"))
    }

    /// What Unix knows besides: the counterpart of `std::os::unix::fs::MetadataExt`. `None` where
    /// the backend has no such thing.
    #[must_use]
    pub fn unix(&self) -> Option<&UnixMetadata> {
        self.unix.as_ref()
    }
}

/// What Unix knows of a file besides, under the names and in the units of
/// `std::os::unix::fs::MetadataExt`. Length and the other times stand in [`Metadata`].
///
/// A backend without a system begins with the default, all zero, and sets what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names and meanings of stat(2)")]
pub struct UnixMetadata {
    pub dev: u64,
    pub ino: u64,
    pub mode: u32,
    pub nlink: u64,
    pub uid: u32,
    pub gid: u32,
    pub rdev: u64,
    pub blksize: u64,
    pub blocks: u64,
    pub ctime: i64,
    pub ctime_nsec: i64,
}

/// The kind of a file: [`std::fs::FileType`] as plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileType(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    File,
    Dir,
    Symlink,
    Fifo,
    Socket,
    CharDevice,
    BlockDevice,
    Other,
}

impl FileType {
    /// A regular file.
    pub const FILE: FileType = FileType(Kind::File);
    /// A folder.
    pub const DIR: FileType = FileType(Kind::Dir);
    /// A symbolic link.
    pub const SYMLINK: FileType = FileType(Kind::Symlink);

    /// True for a folder.
    #[must_use]
    pub fn is_dir(self) -> bool {
        self.0 == Kind::Dir
    }

    /// True for a regular file.
    #[must_use]
    pub fn is_file(self) -> bool {
        self.0 == Kind::File
    }

    /// True for a symbolic link.
    #[must_use]
    pub fn is_symlink(self) -> bool {
        self.0 == Kind::Symlink
    }

    /// True for a named pipe.
    #[must_use]
    pub fn is_fifo(self) -> bool {
        self.0 == Kind::Fifo
    }

    /// True for a Unix socket.
    #[must_use]
    pub fn is_socket(self) -> bool {
        self.0 == Kind::Socket
    }

    /// True for a character device.
    #[must_use]
    pub fn is_char_device(self) -> bool {
        self.0 == Kind::CharDevice
    }

    /// True for a block device.
    #[must_use]
    pub fn is_block_device(self) -> bool {
        self.0 == Kind::BlockDevice
    }
}

impl From<std::fs::FileType> for FileType {
    fn from(kind: std::fs::FileType) -> Self {
        if kind.is_file() {
            FileType::FILE
        } else if kind.is_dir() {
            FileType::DIR
        } else if kind.is_symlink() {
            FileType::SYMLINK
        } else {
            FileType(special(kind))
        }
    }
}

/// Who may do what with a file: [`std::fs::Permissions`] as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    readonly: bool,
    mode: Option<u32>,
}

impl Permissions {
    /// The permissions of a Unix mode, as `PermissionsExt::from_mode` makes them.
    #[must_use]
    pub fn from_mode(mode: u32) -> Self {
        Permissions {
            readonly: mode & 0o222 == 0,
            mode: Some(mode),
        }
    }

    /// True if nobody may write.
    #[must_use]
    pub fn readonly(&self) -> bool {
        self.readonly
    }

    /// Allows or forbids writing; on Unix to all three classes, as in std.
    pub fn set_readonly(&mut self, readonly: bool) {
        self.readonly = readonly;
        self.mode = self.mode.map(|mode| {
            if readonly {
                mode & !0o222
            } else {
                mode | 0o222
            }
        });
    }

    /// The Unix mode, where there is one.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// Sets the Unix mode.
    pub fn set_mode(&mut self, mode: u32) {
        *self = Permissions::from_mode(mode);
    }
}

/// Times to set on a file: [`std::fs::FileTimes`] as plain data. What is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct FileTimes {
    accessed: Option<SystemTime>,
    modified: Option<SystemTime>,
}

impl FileTimes {
    /// No times: setting them changes nothing.
    pub fn new() -> Self {
        FileTimes::default()
    }

    /// Sets the time of the last read.
    pub fn set_accessed(mut self, at: SystemTime) -> Self {
        self.accessed = Some(at);
        self
    }

    /// Sets the time of the last write.
    pub fn set_modified(mut self, at: SystemTime) -> Self {
        self.modified = Some(at);
        self
    }

    /// The time of the last read, if it is to be set.
    #[must_use]
    pub fn accessed(&self) -> Option<SystemTime> {
        self.accessed
    }

    /// The time of the last write, if it is to be set.
    #[must_use]
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }
}

impl From<FileTimes> for std::fs::FileTimes {
    fn from(times: FileTimes) -> Self {
        let mut std = std::fs::FileTimes::new();
        if let Some(at) = times.accessed {
            std = std.set_accessed(at);
        }
        if let Some(at) = times.modified {
            std = std.set_modified(at);
        }
        std
    }
}

impl From<std::fs::Metadata> for Metadata {
    fn from(std: std::fs::Metadata) -> Self {
        Metadata {
            file_type: std.file_type().into(),
            len: std.len(),
            permissions: std.permissions().into(),
            modified: std.modified().ok(),
            accessed: std.accessed().ok(),
            created: std.created().ok(),
            unix: unix_metadata(&std),
        }
    }
}

impl From<std::fs::Permissions> for Permissions {
    fn from(std: std::fs::Permissions) -> Self {
        Permissions {
            readonly: std.readonly(),
            mode: mode(&std),
        }
    }
}

fn not_kept(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("the time a file was {what} is not kept by this file system"),
    )
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> Kind {
    use std::os::unix::fs::FileTypeExt;

    match () {
        () if kind.is_fifo() => Kind::Fifo,
        () if kind.is_socket() => Kind::Socket,
        () if kind.is_char_device() => Kind::CharDevice,
        () if kind.is_block_device() => Kind::BlockDevice,
        () => Kind::Other,
    }
}

#[cfg(not(unix))]
fn special(_kind: std::fs::FileType) -> Kind {
    Kind::Other
}

#[cfg(unix)]
fn mode(std: &std::fs::Permissions) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    Some(std.mode())
}

#[cfg(not(unix))]
fn mode(_std: &std::fs::Permissions) -> Option<u32> {
    None
}

#[cfg(unix)]
fn unix_metadata(std: &std::fs::Metadata) -> Option<UnixMetadata> {
    use std::os::unix::fs::MetadataExt;

    Some(UnixMetadata {
        dev: std.dev(),
        ino: std.ino(),
        mode: std.mode(),
        nlink: std.nlink(),
        uid: std.uid(),
        gid: std.gid(),
        rdev: std.rdev(),
        blksize: std.blksize(),
        blocks: std.blocks(),
        ctime: std.ctime(),
        ctime_nsec: std.ctime_nsec(),
    })
}

#[cfg(not(unix))]
fn unix_metadata(_std: &std::fs::Metadata) -> Option<UnixMetadata> {
    None
}
