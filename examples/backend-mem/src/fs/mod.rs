//! Files without a device: [`Disk`], which outlives its runtime and remembers what was synced.
//!
//! # What a power cut leaves
//!
//! - **Bytes.** Writes and changes of length reach the disk in order. A cut keeps a prefix of those
//!   since the file's last sync, and may tear the one after it.
//! - **Names.** Creations, links, renames and removals go through a journal, in order, each whole
//!   or not at all. The sync of any file or folder writes all of the journal; a cut keeps a prefix
//!   of what came after.
//! - **The rest.** Permissions and times are kept as they were. Open files are gone: each further
//!   operation on one is an error.
//!
//! What is kept of what was not synced is drawn from the seed of the runtime. So a rename puts
//! nothing of a file's bytes on the disk: who replaces a file syncs it first, as with ext4 in its
//! usual mode, of which this is the model.
//!
//! # What this disk has not
//!
//! Permissions are kept and not enforced, a name may have any length, a slash at the end of a path
//! says nothing, and a file has at most a gigabyte, holes included.

mod data;
pub(crate) mod file;
mod tree;

pub use file::{File, ReadDir};
pub use tree::Disk;
