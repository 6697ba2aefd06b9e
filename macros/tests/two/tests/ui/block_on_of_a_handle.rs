//! A handle does not block; its owner does.

use anyrt::{BlockOn, Spawn, native};

fn application(handle: native::Native) {
    handle.block_on(async {});
    any_owner(&handle);
}

fn any_owner<B: BlockOn>(_owner: &B) {}

fn main() {}
