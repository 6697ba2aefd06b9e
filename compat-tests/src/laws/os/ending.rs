//! Laws of files and the end of their runtime: L160, a read that waits, and L161, writes.

use std::fs::File as StdFile;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyrt_api::fs::{self, File};
use anyrt_api::time::sleep_in;
use anyrt_api::{BlockOn, Runtime, Spawn, Timer};
use futures_lite::future::poll_once;

use super::files::pipe;
use crate::bound::at_most;
use crate::gate::step_aside;
use crate::peers::bytes_from;
use crate::scratch::folder;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l160_a_waiting_read_blocks_no_worker),
        law!(l160_a_waiting_read_holds_up_no_shutdown in lab).stochastic(),
        law!(l160_a_waiting_open_holds_up_no_shutdown in lab).stochastic(),
        law!(l161_writes_before_a_shutdown_are_in_the_file in lab),
        law!(l161_a_write_under_way_is_waited_for in lab),
    ]
}

/// L160: A read that waits for a pipe's other end blocks no worker, and the bytes reach it when
/// they come.
async fn l160_a_waiting_read_blocks_no_worker<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let (path, mut other_end) = pipe(&folder);
    let mut reads = Vec::new();
    // More than there are workers, and fewer than there are threads that may block.
    for _ in 0..5 {
        let file = File::open_in(&path, &rt).await.expect("it opens");
        reads.push(rt.spawn(async move {
            let mut byte = [0];
            file.read_exact(&mut byte).await.map(|()| byte[0])
        }));
    }
    for round in 0..20 {
        rt.spawn(async move { step_aside(round).await })
            .await
            .expect("tasks go on");
        sleep_in(Duration::from_millis(1), &rt).await;
        fs::write_in(folder.join("other"), b"files too", &rt)
            .await
            .expect("files go on");
    }
    assert!(reads.iter().all(|read| !read.is_finished()));
    other_end.write_all(b"abcde").expect("written");
    let mut got = Vec::new();
    for read in reads {
        got.push(read.await.expect("no panic").expect("a byte"));
    }
    got.sort_unstable();
    assert_eq!(got, b"abcde", "each byte goes to one reader");
}

/// Shuts down with `LIMIT` while something is stuck, and sees how long it takes.
fn shuts_down_in_time<B: Backend>(lab: &Lab<B>, owner: B::Owner) {
    let clock = lab.start();
    let before = clock.handle().now();
    owner.shutdown(LIMIT);
    let took = clock.handle().now() - before;
    at_most("the shutdown took", took, LIMIT + Duration::from_millis(50));
}

/// L160: Nor does it hold up a shutdown beyond its limit.
fn l160_a_waiting_read_holds_up_no_shutdown<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let (file, mut other_end) = owner.block_on(async {
        let (path, other_end) = pipe(&folder(&rt).await);
        let file = File::open_in(&path, &rt).await.expect("it opens");
        let mut buf = [0; 8];
        assert!(poll_once(file.read(&mut buf)).await.is_none());
        sleep_in(Duration::from_millis(20), &rt).await;
        (file, other_end)
    });
    shuts_down_in_time(lab, owner);
    // The thread that is stuck is let go, so that it does not outlive what it reads.
    other_end.write_all(b"let it go").expect("written");
    drop(file);
}

/// L160: And so it is with the open of a pipe whose other end nobody has.
fn l160_a_waiting_open_holds_up_no_shutdown<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let path = owner.block_on(async {
        let (path, other_end) = pipe(&folder(&rt).await);
        drop(other_end);
        let opening = rt.spawn(File::open_in(path.clone(), &rt));
        for _ in 0..5 {
            sleep_in(Duration::from_millis(4), &rt).await;
            rt.spawn(async {}).await.expect("tasks go on");
        }
        assert!(!opening.is_finished(), "there is nobody to write to it");
        path
    });
    shuts_down_in_time(lab, owner);
    let both = StdFile::options().read(true).write(true).open(path);
    drop(both.expect("the thread that is stuck is let go"));
}

/// Writes until it is refused, and counts what was acknowledged.
async fn write_on<R: Runtime>(file: File<R>, acknowledged: Arc<AtomicUsize>) -> io::Result<()> {
    loop {
        let at = acknowledged.load(Ordering::SeqCst);
        let n = file.write(&bytes_from(at, 700)).await?;
        acknowledged.fetch_add(n, Ordering::SeqCst);
    }
}

/// L161: What was acknowledged before a shutdown is in the file, however the runtime ends.
fn l161_writes_before_a_shutdown_are_in_the_file<B: Backend>(lab: &Lab<B>) {
    for round in 0..12_u64 {
        let owner = lab.start();
        let rt = owner.handle();
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let path = owner.block_on(async {
            let path = folder(&rt).await.join("file");
            let file = File::create_in(&path, &rt).await.expect("it is made");
            drop(rt.spawn(write_on(file, acknowledged.clone())));
            sleep_in(Duration::from_millis(round), &rt).await;
            path
        });
        match round % 3 {
            0 => owner.shutdown(Duration::ZERO),
            1 => owner.shutdown(Duration::from_secs(5)),
            _ => drop(owner),
        }
        let acknowledged = acknowledged.load(Ordering::SeqCst);
        let all = std::fs::read(path).expect("it is there");
        assert!(all.len() >= acknowledged, "round {round}: writes were lost");
        assert!(
            all == bytes_from(0, all.len()),
            "round {round}: other bytes"
        );
    }
}

/// L161: A write that was begun is waited for by a shutdown that has the time: then it is whole, or
/// did not take place.
fn l161_a_write_under_way_is_waited_for<B: Backend>(lab: &Lab<B>) {
    const LEN: usize = 3_000_000;
    for round in 0..8 {
        let owner = lab.start();
        let rt = owner.handle();
        let path = owner.block_on(async {
            let path = folder(&rt).await.join("file");
            let mut write = Box::pin(fs::write_in(&path, bytes_from(0, LEN), &rt));
            let _ = poll_once(write.as_mut()).await;
            step_aside(round / 2).await;
            // With the future there still, or dropped.
            let kept = (round % 2 == 0).then_some(write);
            drop(kept);
            path
        });
        owner.shutdown(Duration::from_secs(5));
        match std::fs::read(path) {
            Ok(all) => assert!(all == bytes_from(0, LEN), "round {round}: {}", all.len()),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
        }
    }
}

/// What a shutdown is given.
const LIMIT: Duration = Duration::from_millis(200);
