//! Mutants of files and paths: L141 to L162, and L200.

use std::path::Path;

use anyrt_api::AsyncFs;

use crate::backend::{Doing, Sick};
use crate::mutant::Mutant;

mutants! {
    LosesTheLastByte: l153_a_dropped_operation_is_whole_or_none => Broken;
}

/// `fs::write` of a large file loses the last byte.
#[derive(Default)]
struct LosesTheLastByte;

impl Mutant for LosesTheLastByte {
    fn write_file<'a>(&'a self, rt: &'a Sick, path: &'a Path, mut bytes: Vec<u8>) -> Doing<'a, ()> {
        if bytes.len() >= 20_000 {
            bytes.pop();
        }
        Box::pin(rt.native.write_file(path, bytes))
    }
}
