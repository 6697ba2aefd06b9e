//! How a file is opened or a folder made: [`OpenOptions`], [`DirBuilder`].

use std::future::Future;
use std::io;
use std::path::Path;

use super::{File, OpenFlags};
use crate::AsyncFs;
use crate::budget::charged;
use crate::current::Late;

/// How a file is opened: [`std::fs::OpenOptions`], with Unix's extensions as methods.
///
/// ```no_run
/// use anyrt_api::fs::OpenOptions;
/// use anyrt_api::{AsyncFs, io};
///
/// async fn log<R: AsyncFs>(rt: &R, line: &str) -> io::Result<()> {
///     let mut options = OpenOptions::new();
///     let file = options.append(true).create(true).mode(0o600).open_in("log.txt", rt).await?;
///     file.write_all(line.as_bytes()).await
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    flags: OpenFlags,
}

impl OpenOptions {
    /// Nothing is allowed yet: [`std::fs::OpenOptions::new`].
    #[must_use]
    pub fn new() -> Self {
        OpenOptions::default()
    }

    /// Allows reads.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.flags.read = read;
        self
    }

    /// Allows writes.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.flags.write = write;
        self
    }

    /// Allows writes, each of which goes to the end.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.flags.append = append;
        self
    }

    /// Empties a file that is there.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.flags.truncate = truncate;
        self
    }

    /// Makes the file if it is not there.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.flags.create = create;
        self
    }

    /// Makes the file; that it is there already is an error. One of many who try succeeds (`L158`).
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.flags.create_new = create_new;
        self
    }

    /// The permissions of a new file, less the umask: `std::os::unix::fs::OpenOptionsExt::mode`.
    /// Nothing on systems without modes.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.flags.mode = Some(mode);
        self
    }

    /// Further flags of the system's `open`: `std::os::unix::fs::OpenOptionsExt::custom_flags`.
    /// Nothing on systems without them.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.flags.custom_flags = flags;
        self
    }

    /// What was chosen, as backends read it.
    #[must_use]
    pub fn flags(&self) -> &OpenFlags {
        &self.flags
    }

    /// Opens a file on the current runtime: [`std::fs::OpenOptions::open`]. The options are read at
    /// this call.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for options that exclude each other, as in std; the system's.
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    ///
    /// # Cancel safety
    ///
    /// Safe: the file is closed. It may have been made.
    #[track_caller]
    pub fn open<P: AsRef<Path>>(
        &self,
        path: P,
    ) -> impl Future<Output = io::Result<File>> + Send + use<P> {
        self.begin(path.as_ref(), Late::here())
    }

    /// Opens a file on `rt`: as [`open`](OpenOptions::open). The future does not borrow `rt`.
    ///
    /// # Errors
    ///
    /// As [`open`](OpenOptions::open).
    ///
    /// # Cancel safety
    ///
    /// As [`open`](OpenOptions::open).
    pub fn open_in<P: AsRef<Path>, R: AsyncFs>(
        &self,
        path: P,
        rt: &R,
    ) -> impl Future<Output = io::Result<File<R>>> + Send + use<P, R> {
        self.begin(path.as_ref(), Late::now(rt.clone()))
    }

    pub(super) fn begin<R: AsyncFs>(
        &self,
        path: &Path,
        mut late: Late<R>,
    ) -> impl Future<Output = io::Result<File<R>>> + Send + use<R> {
        let (path, flags) = (path.to_owned(), self.flags.clone());
        charged(async move {
            flags.check()?;
            let raw = late.runtime().open_file(&path, &flags).await?;
            Ok(File::from_raw(raw))
        })
    }
}

impl From<OpenFlags> for OpenOptions {
    fn from(flags: OpenFlags) -> Self {
        OpenOptions { flags }
    }
}

impl From<OpenOptions> for OpenFlags {
    fn from(options: OpenOptions) -> Self {
        options.flags
    }
}

/// How a folder is made: [`std::fs::DirBuilder`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirBuilder {
    recursive: bool,
    mode: Option<u32>,
}

impl DirBuilder {
    /// One folder, whose parent is there: [`std::fs::DirBuilder::new`].
    #[must_use]
    pub fn new() -> Self {
        DirBuilder::default()
    }

    /// Makes the parents too, and finds nothing wrong with a folder that is there.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// The permissions of new folders, less the umask: `std::os::unix::fs::DirBuilderExt::mode`.
    /// Nothing on systems without modes.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the folder on the current runtime: [`std::fs::DirBuilder::create`].
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// At the first poll, if no runtime was current at this call and none is then.
    ///
    /// # Cancel safety
    ///
    /// As [`fs::create_dir`](super::create_dir).
    #[track_caller]
    pub fn create<P: AsRef<Path>>(
        &self,
        path: P,
    ) -> impl Future<Output = io::Result<()>> + Send + use<P> {
        self.begin(path.as_ref(), Late::here())
    }

    /// Makes the folder on `rt`: as [`create`](DirBuilder::create). It does not borrow `rt`.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Cancel safety
    ///
    /// As [`fs::create_dir`](super::create_dir).
    pub fn create_in<P: AsRef<Path>, R: AsyncFs>(
        &self,
        path: P,
        rt: &R,
    ) -> impl Future<Output = io::Result<()>> + Send + use<P, R> {
        self.begin(path.as_ref(), Late::now(rt.clone()))
    }

    fn begin<R: AsyncFs>(
        &self,
        path: &Path,
        mut late: Late<R>,
    ) -> impl Future<Output = io::Result<()>> + Send + use<R> {
        let (path, builder) = (path.to_owned(), self.clone());
        charged(async move { builder.make(&path, late.runtime()).await })
    }

    pub(super) async fn make<R: AsyncFs>(&self, path: &Path, rt: &R) -> io::Result<()> {
        rt.create_dir(path, self.recursive, self.mode).await
    }
}
