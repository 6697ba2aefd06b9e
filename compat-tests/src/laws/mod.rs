//! The laws, in the order of the catalogue.
//!
//! A law is one function of at most 40 lines that shows one promise; its name opens with the id of
//! the sentence in the contract. It is private, so that the compiler reports one that no table
//! names. Laws use the contract alone: no sleeping threads, time by the runtime's clock, port 0.

/// A law by the name of its function. A plain one is given the runtime, in `block_on`; one
/// `in lab` starts its own; an `erased` one is given the runtime as `AnyRuntime`, the way to
/// optional traits.
macro_rules! law {
    ($name:ident) => {
        $crate::Law::new(stringify!($name), |lab| lab.run($name))
    };
    ($name:ident in lab) => {
        $crate::Law::new(stringify!($name), $name)
    };
    ($name:ident erased) => {
        $crate::Law::new(stringify!($name), |lab| lab.run_erased($name))
    };
}

mod behind;
mod blocking;
mod bounded;
mod broken;
mod bulk;
mod cancel;
mod capability;
mod closing;
mod combinations;
mod current;
mod fairness;
mod file;
mod flood;
mod lifecycle;
mod listen;
mod locals;
mod lookup;
mod mixing;
#[cfg(unix)]
mod os;
mod outlive;
mod path;
mod progress;
mod shutdown;
mod spawn;
mod stream;
mod tcp;
mod time;
mod timer;
mod udp;
mod untested;
mod waker;
mod wakes;

pub use mixing::{Operation, operations};
pub use untested::untested;

use crate::{Backend, Law};

/// Laws of an operating system are written for Unix, and compiled for it alone.
pub(crate) const ARE_ALL_HERE: bool = cfg!(unix);

/// Every law, for this backend.
#[must_use]
pub fn all<B: Backend>() -> Vec<Law<B>> {
    let mut laws = Vec::new();
    laws.extend(waker::table());
    laws.extend(wakes::table());
    laws.extend(spawn::table());
    laws.extend(cancel::table());
    laws.extend(combinations::table());
    laws.extend(blocking::table());
    laws.extend(lifecycle::table());
    laws.extend(shutdown::table());
    laws.extend(outlive::table());
    laws.extend(fairness::table());
    laws.extend(progress::table());
    laws.extend(timer::table());
    laws.extend(time::table());
    laws.extend(current::table());
    laws.extend(locals::table());
    laws.extend(stream::table());
    laws.extend(closing::table());
    laws.extend(listen::table());
    laws.extend(tcp::table());
    laws.extend(bulk::table());
    laws.extend(broken::table());
    laws.extend(udp::table());
    laws.extend(bounded::table());
    laws.extend(lookup::table());
    laws.extend(file::table());
    laws.extend(behind::table());
    laws.extend(path::table());
    laws.extend(flood::table());
    laws.extend(mixing::table());
    laws.extend(capability::table());
    #[cfg(unix)]
    laws.extend(os::table());
    laws
}
