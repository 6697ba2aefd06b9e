//! Files without a device: [`Disk`], which outlives its runtime and remembers what was synced.
//!
//! # What a power cut leaves
//!
//! - **Bytes.** Writes and changes of length reach the disk in order. A cut keeps a prefix of those
//!   since the file's last sync, and may tear the one after it. `sync_all` and `sync_data` put all
//!   of a file's bytes on the disk; so does, by itself, a megabyte of newer ones.
//! - **Names.** Creations, links, renames and removals go through a journal, in order, each whole
//!   or not at all. A sync of a file or folder writes the journal up to the last record that
//!   concerns it: its own name, or, of a folder, any name in it. A cut keeps a prefix of the rest.
//!   So a file that was synced keeps the name under which it was made, and a rename after that sync
//!   is safe once the folder was synced too.
//! - **The rest.** Permissions and times are kept as they were. Open files are gone: each further
//!   operation on one is an error.
//!
//! What is kept of what was not synced is drawn from the seed of the runtime. The model is that of
//! a journaling file system (ext4's `data=ordered`), and harsher than it in that the sync of one
//! file writes the journal no further than it must.

mod content;
pub(crate) mod file;
mod names;
mod tree;

pub use file::{File, ReadDir};
pub use tree::Disk;
