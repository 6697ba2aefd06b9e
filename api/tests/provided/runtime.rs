//! A runtime that can be erased and has its own way to do what could be left to the contract.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::fs::{Metadata, OpenFlags, Permissions};
use anyrt_api::task::{JoinError, RawJoin, TaskId, TaskMeta};
use anyrt_api::time::RawSleep;
use anyrt_api::{AsyncFs, Core, Entropy, Spawn, Timer};

use crate::files::{NoFolder, OwnFile, unasked_ops, unasked_paths};
use crate::sockets::{own, unasked};

#[derive(Debug, Clone)]
pub(crate) struct Own;

impl AsyncFs for Own {
    type File = OwnFile;
    type ReadDir = NoFolder;

    async fn read_file(&self, _: &Path) -> io::Result<Vec<u8>> {
        own("read_file")
    }

    async fn write_file(&self, _: &Path, _: Vec<u8>) -> io::Result<()> {
        own("write_file")
    }

    async fn copy_file(&self, _: &Path, _: &Path) -> io::Result<u64> {
        own("copy_file")
    }

    unasked_ops! {
        fn open_file(&Path, &OpenFlags) -> io::Result<OwnFile>;
        fn path_metadata(&Path, bool) -> io::Result<Metadata>;
        fn set_path_permissions(&Path, Permissions) -> io::Result<()>;
    }

    unasked_paths!();
}

impl Core for Own {
    const NAME: &'static str = "own";

    fn capabilities(c: &mut Capabilities<Self>) {
        c.fs();
    }
}

impl Spawn for Own {
    type RawJoin<T: Send> = Never<T>;

    fn spawn_raw<F>(&self, _: F, _: TaskMeta) -> Never<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        unreachable!("no test asks for this")
    }

    fn spawn_blocking_raw<F, T>(&self, _: F, _: TaskMeta) -> Never<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        unreachable!("no test asks for this")
    }
}

impl Timer for Own {
    type Sleep = NoAlarm;

    unasked! {
        fn now() -> Instant;
        fn wallclock() -> SystemTime;
        fn sleep_until(Instant) -> NoAlarm;
    }
}

impl Entropy for Own {
    unasked! { fn fill_bytes(&mut [u8]) -> (); }
}

/// The handle of a task that was never spawned.
pub(crate) struct Never<T>(PhantomData<fn() -> T>);

impl<T> Future for Never<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        unreachable!("no test asks for this")
    }
}

impl<T: Send> RawJoin<T> for Never<T> {
    unasked! {
        fn abort() -> ();
        fn is_finished() -> bool;
        fn id() -> TaskId;
    }
}

/// An alarm that was never set.
#[derive(Debug)]
pub(crate) struct NoAlarm;

impl Future for NoAlarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        unreachable!("no test asks for this")
    }
}

impl RawSleep for NoAlarm {
    fn reset(self: Pin<&mut Self>, _: Instant) {}
}
