//! Laws that look at the backend from outside, through the operating system: Unix.
//!
//! Their backends have declared [`Capability::Os`]; those on Unix sockets ask for
//! [`Capability::Unix`] instead. This folder holds all of the suite that knows a system.

mod descriptors;
mod exhaustion;
mod files;
mod handles;
mod interrupt;
mod names;
mod twin;
mod unix;

use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::time::sleep_in;

use crate::{Backend, Capability, Law};

/// These laws, each with the capability that it needs.
pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    let mut laws = Vec::new();
    laws.extend(descriptors::table());
    laws.extend(exhaustion::table());
    laws.extend(files::table());
    laws.extend(handles::table());
    laws.extend(interrupt::table());
    laws.extend(names::table());
    laws.extend(twin::table());
    let mut laws: Vec<_> = laws
        .into_iter()
        .map(|law: Law<B>| law.needs(Capability::Os))
        .collect();
    laws.extend(unix::table());
    laws
}

/// How many descriptors this process has open.
fn descriptors() -> usize {
    let entries = std::fs::read_dir("/dev/fd").expect("a list of descriptors");
    // Less the one that reads the list.
    entries.count() - 1
}

/// Waits until the number of descriptors is back at `baseline`, for a second at most.
async fn descriptors_settle<R: Runtime>(rt: &R, baseline: usize) {
    for _ in 0..100 {
        if descriptors() <= baseline {
            return;
        }
        sleep_in(Duration::from_millis(10), rt).await;
    }
    panic!(
        "{} descriptors are open, {baseline} were at the start",
        descriptors()
    );
}
