//! Mutants of blocking calls: L035 to L039 and L048.

use crate::backend::Sick;
use crate::mutant::Mutant;

mutants! {
    BlocksInPlaceAsAWorker: l048_block_on_in_block_in_place => Broken;
}

/// `block_in_place` runs its closure on a thread that still counts as driving.
#[derive(Default)]
struct BlocksInPlaceAsAWorker;

impl Mutant for BlocksInPlaceAsAWorker {
    fn block_in_place(&self, _rt: &Sick, f: &mut dyn FnMut()) {
        f();
    }
}
