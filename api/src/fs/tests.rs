//! What holds for every backend, checked by the compiler under the bound alone.

use std::fmt::Debug;
use std::io::{self, ErrorKind, SeekFrom};

use super::{DirEntry, File, OpenFlags, OpenOptions, ReadDir};
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite};
use crate::{AnyRuntime, AsyncFs, fs};

fn is_plain<T: Send + Sync + Unpin + Debug + 'static>() {}
fn is_stream<T: AsyncRead + AsyncWrite + AsyncSeek>() {}
fn is_spawnable<T: Send + 'static>(_: T) {}

fn holds_for_any_backend<R: AsyncFs>() {
    is_plain::<File<R>>();
    is_plain::<ReadDir<R>>();
    is_plain::<DirEntry<R>>();
    is_stream::<File<R>>();
    is_stream::<&File<R>>();
}

/// Every operation of a generic library can stand in a task.
fn stands_in_a_task<R: AsyncFs>(rt: R) {
    is_spawnable(async move {
        let file = OpenOptions::new().read(true).open_in("a", &rt).await?;
        let mut buf = [0; 8];
        file.read(&mut buf).await?;
        file.read_exact_at(&mut buf, 0).await?;
        file.write_all_at(&buf, 8).await?;
        file.write_all(&buf).await?;
        file.seek(SeekFrom::End(0)).await?;
        file.read_to_end(&mut Vec::new()).await?;
        file.sync_all().await?;
        file.lock().await?;
        file.try_clone().await?.flush().await?;
        let mut dir = fs::read_dir_in("b", &rt).await?;
        while let Some(entry) = dir.next_entry().await? {
            fs::copy_in(entry.path(), "c", &rt).await?;
        }
        io::Result::Ok(())
    });
}

#[test]
fn types_and_futures_are_plain() {
    holds_for_any_backend::<AnyRuntime>();
    let _: fn(AnyRuntime) = stands_in_a_task;
    // The runtime is not borrowed.
    let rt_is_not_borrowed = |rt: &AnyRuntime| is_spawnable(fs::read_in("a", rt));
    let _: &dyn Fn(&AnyRuntime) = &rt_is_not_borrowed;
}

#[test]
fn flags_are_refused_as_std_does() {
    for bits in 0..64u32 {
        let is = |bit: u32| bits & (1 << bit) != 0;
        let mut ours = OpenOptions::new();
        ours.read(is(0)).write(is(1)).append(is(2));
        ours.truncate(is(3)).create(is(4)).create_new(is(5));
        let flags: &OpenFlags = ours.flags();
        let mut std = std::fs::OpenOptions::new();
        std.read(is(0)).write(is(1)).append(is(2));
        std.truncate(is(3)).create(is(4)).create_new(is(5));
        // Nothing can be opened there, so std's refusal is all that it can answer differently.
        let refused = std.open("/nowhere/at/all").map_err(|error| error.kind());
        let is_refused = matches!(refused, Err(ErrorKind::InvalidInput));
        assert_eq!(flags.check().is_err(), is_refused, "{flags:?}");
    }
}

#[test]
#[should_panic(expected = "api/src/fs/tests.rs")]
fn outside_any_runtime_the_panic_names_the_call() {
    let read = fs::read("a");
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(read).poll(&mut cx);
}

#[test]
#[cfg(unix)]
fn what_unix_knows_of_a_file_is_std_s() {
    use std::os::unix::fs::MetadataExt;

    let exe = std::env::current_exe().expect("the test's own file");
    let std = std::fs::metadata(exe).expect("it is there");
    let ours = fs::Metadata::from(std.clone());
    let unix = ours.unix().expect("this is Unix");
    assert_eq!((unix.dev, unix.ino), (std.dev(), std.ino()));
    assert_eq!((unix.mode, unix.nlink), (std.mode(), std.nlink()));
    assert_eq!((unix.blksize, unix.blocks), (std.blksize(), std.blocks()));
    let changed = (unix.ctime, unix.ctime_nsec);
    assert_eq!(changed, (std.ctime(), std.ctime_nsec()));
    assert_eq!(ours.len(), std.len());
    assert_eq!(ours.modified().ok(), std.modified().ok());
}
