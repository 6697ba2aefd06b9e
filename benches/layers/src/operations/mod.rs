//! What the counted process does: one operation, n times, in one task of a runtime with one worker.
//!
//! The same loop at each layer, over `Operations`; one impl each for the raw libraries, the
//! backends' own types and the std-shaped ones. It knows nothing of who counts.

mod direct;
mod raw_smol;
mod raw_tokio;
mod surface;

use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyrt_api::{AnyRuntime, BlockOn, Spawn};
use tempfile::NamedTempFile;

use self::direct::Direct;
use self::surface::Surface;
use crate::cell::{Cell, Layer, Operation, Stack};

/// Does a cell's operation `n_times`.
///
/// # Errors
///
/// The system's, and that a cell does not exist.
pub fn run(cell: Cell, n_times: usize) -> io::Result<()> {
    let Cell {
        operation,
        stack,
        layer,
    } = cell;
    match (stack, layer) {
        (Stack::Tokio, Layer::Raw) => raw_tokio::run(operation, n_times),
        (Stack::Smol, Layer::Raw) => raw_smol::run(operation, n_times),
        (Stack::Native, Layer::Raw) => Err(io::Error::other("native has nothing below it")),
        (Stack::Tokio, _) => on(tokio()?, layer, operation, n_times),
        (Stack::Smol, _) => on(smol()?, layer, operation, n_times),
        (Stack::Native, _) => on(native()?, layer, operation, n_times),
    }
}

/// The loops over the operations.
trait Operations: Send + Sync + 'static {
    fn spawn_join(&self, n_times: usize) -> impl Future<Output = io::Result<()>> + Send;
    fn sleep(&self, n_times: usize) -> impl Future<Output = io::Result<()>> + Send;
    fn tcp(&self, n_times: usize) -> impl Future<Output = io::Result<()>> + Send;
    fn read_file(&self, path: &Path, n_times: usize)
    -> impl Future<Output = io::Result<()>> + Send;
    fn read_at(&self, path: &Path, n_times: usize) -> impl Future<Output = io::Result<()>> + Send;
}

fn tokio() -> io::Result<anyrt_tokio::Runtime> {
    anyrt_tokio::Runtime::builder().workers(1).build()
}

fn smol() -> io::Result<anyrt_smol::Runtime> {
    anyrt_smol::Runtime::builder().workers(1).build()
}

fn native() -> io::Result<anyrt_native::Runtime> {
    anyrt_native::Runtime::builder().workers(1).build()
}

fn on<O: BlockOn>(owner: O, layer: Layer, operation: Operation, n_times: usize) -> io::Result<()> {
    let rt = owner.handle();
    let task = match layer {
        Layer::A => rt.spawn(repeat(Direct(rt.clone()), operation, n_times)),
        Layer::B => rt.spawn(repeat(Surface(rt.clone()), operation, n_times)),
        Layer::Erased => {
            let any = AnyRuntime::new(rt.clone());
            rt.spawn(repeat(Surface(any), operation, n_times))
        }
        Layer::Raw => return Err(io::Error::other("a backend is not raw")),
    };
    let done = owner.block_on(task).map_err(io::Error::other)?;
    owner.shutdown(Duration::from_secs(1));
    done
}

/// A box for each loop, so that none is laid out for the sake of another.
async fn repeat<O: Operations>(on: O, operation: Operation, n_times: usize) -> io::Result<()> {
    match operation {
        Operation::SpawnJoin => Box::pin(on.spawn_join(n_times)).await,
        Operation::Sleep => Box::pin(on.sleep(n_times)).await,
        Operation::Tcp => Box::pin(on.tcp(n_times)).await,
        Operation::ReadFile => {
            let file = file_of(SMALL)?;
            Box::pin(on.read_file(file.path(), n_times)).await
        }
        Operation::ReadAt => {
            let file = file_of(PAGE)?;
            Box::pin(on.read_at(file.path(), n_times)).await
        }
    }
}

/// In the page cache, since it was just written.
fn file_of(len: usize) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(&vec![7; len])?;
    Ok(file)
}

const HOUR: Duration = Duration::from_secs(3600);
const LOOPBACK: &str = "127.0.0.1:0";
/// Bytes of a message, of a file that is read as a whole, and of a read at an offset.
const MESSAGE: usize = 64;
const SMALL: usize = 1024;
const PAGE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_does_what_it_says() {
        for cell in Cell::all() {
            let done = run(cell, 3);
            assert!(done.is_ok(), "{cell}: {done:?}");
        }
    }
}
