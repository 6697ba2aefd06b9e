//! A library never blocks a runtime that it was lent.

fn library<R: anyrt_api::Runtime>(rt: &R) {
    rt.block_on(async {});
}

fn main() {}
