//! How a file is opened, as plain data: [`OpenFlags`], which backends read.

use std::io;

/// How a file is opened: what [`OpenOptions`](crate::fs::OpenOptions) builds and a backend reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OpenFlags {
    /// Reads are allowed.
    pub read: bool,
    /// Writes are allowed.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// The file is emptied.
    pub truncate: bool,
    /// The file is made if it is not there.
    pub create: bool,
    /// The file is made, and it is an error if it is there.
    pub create_new: bool,
    /// Permissions of a new file, on Unix; std's default is `0o666`, less the umask.
    pub mode: Option<u32>,
    /// Further flags of the system's `open`, on Unix.
    pub custom_flags: i32,
}

impl OpenFlags {
    /// Refuses the combinations that [`std::fs::OpenOptions`] refuses, with its error kind.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if no access is asked for, or if a file would be made or emptied that is not
    /// opened to be written.
    pub fn check(&self) -> io::Result<()> {
        let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        if !(self.read || self.write || self.append) {
            return refuse("a file is opened to `read`, `write` or `append`");
        }
        if self.append && self.truncate && !self.create_new {
            return refuse("`append` and `truncate` exclude each other");
        }
        let makes = self.truncate || self.create || self.create_new;
        if makes && !(self.write || self.append) {
            return refuse("`create`, `create_new` and `truncate` need `write` or `append`");
        }
        Ok(())
    }
}
