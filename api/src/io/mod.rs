//! Reading and writing: futures-io's traits, futures-lite's extensions, and what we add to them.

mod stream;
mod wait;

pub use stream::RawStream;
pub use wait::{Direction, RawObject, Wait};
