//! Laws that look at the backend from outside, through the operating system: Unix.
//!
//! Their backends have declared [`Capability::Os`]; those on Unix sockets ask for
//! [`Capability::Unix`] instead. This folder holds all of the suite that knows a system.

mod addresses;
mod datagrams;
mod descriptors;
mod ending;
mod exhaustion;
mod faults;
mod files;
mod fork;
mod handles;
mod idle;
mod injected;
mod interrupt;
mod load;
mod memory;
mod names;
mod pressure;
mod process;
mod resolver;
mod small_disk;
mod threads;
mod twin;
mod unix;

use crate::{Backend, Capability, Law};

/// These laws, each with the capability that it needs.
pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    let mut laws = Vec::new();
    laws.extend(addresses::table());
    laws.extend(datagrams::table());
    laws.extend(descriptors::table());
    laws.extend(ending::table());
    laws.extend(exhaustion::table());
    laws.extend(files::table());
    laws.extend(fork::table());
    laws.extend(handles::table());
    laws.extend(idle::table());
    laws.extend(injected::table());
    laws.extend(interrupt::table());
    laws.extend(load::table());
    laws.extend(memory::table());
    laws.extend(names::table());
    laws.extend(pressure::table());
    laws.extend(resolver::table());
    laws.extend(small_disk::table());
    laws.extend(threads::table());
    laws.extend(twin::table());
    let mut laws: Vec<_> = laws
        .into_iter()
        .map(|law: Law<B>| law.needs(Capability::Os))
        .collect();
    laws.extend(unix::table());
    laws
}
