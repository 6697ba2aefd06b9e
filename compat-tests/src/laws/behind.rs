//! Laws of the writer that writes behind its caller: L201 to L203.

use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::fs::{self, File, WriteBehind};
use anyrt_api::time::sleep_in;

use crate::peers::bytes_from;
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l201_a_flush_covers_what_was_accepted),
        law!(l201_no_more_than_the_limit_is_unwritten),
        law!(l202_an_error_is_told_by_the_next_call),
        law!(l203_a_dropped_writer_loses_nothing),
    ]
}

/// L201: When a flush resolves to `Ok`, every byte that was accepted is in the file, in order.
async fn l201_a_flush_covers_what_was_accepted<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let file = File::create_in(&path, &rt).await.expect("it is made");
    let mut writer = WriteBehind::new_in(file, &rt);
    let mut n_accepted = 0;
    for round in 0..200 {
        let is_flushed = round % 25 == 0;
        let len = if is_flushed {
            100_000
        } else {
            1 + round * 997 % 9_000
        };
        let bytes = bytes_from(n_accepted, len);
        writer.write_all(&bytes).await.expect("accepted");
        n_accepted += len;
        if is_flushed {
            writer.flush().await.expect("written");
            let seen = fs::read_in(&path, &rt).await.expect("it is there");
            assert!(seen == bytes_from(0, n_accepted), "after round {round}");
        }
    }
    writer.close().await.expect("written");
    let seen = fs::read_in(&path, &rt).await.expect("it is there");
    assert!(seen == bytes_from(0, n_accepted), "after the close");
}

/// L201: At any time at most 1 MiB of what was accepted is not in the file.
async fn l201_no_more_than_the_limit_is_unwritten<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    let file = File::create_in(&path, &rt).await.expect("it is made");
    let mut writer = WriteBehind::new_in(file, &rt);
    let bytes = bytes_from(0, 3 * WriteBehind::LIMIT);
    let mut n_accepted = 0;
    while n_accepted < bytes.len() {
        let n = writer.write(&bytes[n_accepted..]).await.expect("accepted");
        n_accepted += n;
        // What is seen now may be more than was there then, not less.
        let known = fs::metadata_in(&path, &rt).await.expect("it is there");
        let n_written = known.len() as usize;
        assert!(
            n_accepted <= n_written + WriteBehind::LIMIT,
            "{n_accepted} bytes were accepted, and {n_written} are in the file"
        );
    }
    writer.close().await.expect("written");
}

/// L202: The error of a write is returned by the next call, a flush and a close included, and every
/// call after it is an error too.
async fn l202_an_error_is_told_by_the_next_call<R: Runtime>(rt: R) {
    let path = folder(&rt).await.join("file");
    fs::write_in(&path, b"as it was", &rt).await.expect("made");
    for told_by_flush in [true, false] {
        let file = File::open_in(&path, &rt).await.expect("it opens");
        let mut writer = WriteBehind::new_in(file, &rt);
        writer.write_all(b"not so").await.expect("it is accepted");
        if told_by_flush {
            let error = writer.flush().await.expect_err("it cannot be written");
            let refused = writer.get_ref().write(b"not so").await;
            let refused = refused.expect_err("it is open to be read");
            assert_eq!(error.kind(), refused.kind());
            assert_eq!(error.raw_os_error(), refused.raw_os_error());
        } else {
            // Sooner or later: a write that comes before the error is accepted.
            while writer.write(b"x").await.is_ok() {
                sleep_in(Duration::from_millis(1), &rt).await;
            }
        }
        writer.flush().await.expect_err("what was accepted is lost");
        writer.write(b"x").await.expect_err("and so would this be");
        writer.close().await.expect_err("to the end");
    }
    let seen = fs::read_in(&path, &rt).await.expect("it is there");
    assert_eq!(seen, b"as it was");
}

/// L203: Dropping the writer loses nothing that was accepted: it is written later.
async fn l203_a_dropped_writer_loses_nothing<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    for round in 0..20 {
        let path = folder.join(round.to_string());
        let file = File::create_in(&path, &rt).await.expect("it is made");
        let mut writer = WriteBehind::new_in(file, &rt);
        let bytes = bytes_from(round, 1 + round * 20_011);
        for piece in bytes.chunks(100_000) {
            writer.write_all(piece).await.expect("accepted");
        }
        drop(writer);
        let begun = rt.now();
        while fs::read_in(&path, &rt).await.expect("it is there") != bytes {
            assert!(rt.now() - begun < Duration::from_secs(5), "round {round}");
            sleep_in(Duration::from_millis(1), &rt).await;
        }
    }
}
