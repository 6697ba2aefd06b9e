//! Laws of reading and writing a connection: L086, L088 to L094 and L106.

use std::future::poll_fn;
use std::io::IoSlice;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyrt_api::Runtime;
use anyrt_api::io::{AsyncReadExt, AsyncWrite};
use anyrt_api::net::TcpStream;
use anyrt_api::time::{sleep_in, timeout_in};
use futures_lite::future::poll_once;

use crate::gate::Gate;
use crate::peers::{byte_at, bytes_from, pair, read_checked};
use crate::probe::Probe;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l086_would_block_never_escapes),
        law!(l088_empty_buffers_answer_at_once),
        law!(l089_bytes_of_a_failed_write_are_not_sent),
        law!(l090_a_dropped_read_loses_nothing),
        law!(l091_helpers_keep_their_progress),
        law!(l092_both_directions_make_progress),
        law!(l093_four_readers_share_a_stream),
        law!(l094_no_readiness_is_lost),
        law!(l106_a_vectored_write_is_one_write),
    ]
}

/// L086: `WouldBlock` never escapes, also where many wait and one is served.
async fn l086_would_block_never_escapes<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let mut quiet = [0; 8];
    for _ in 0..20 {
        // Polls that nothing asked for.
        assert!(poll_once(ours.read(&mut quiet)).await.is_none());
    }
    let served = Gate::new();
    let readers: Vec<_> = (0..6)
        .map(|_| {
            let (ours, served) = (ours.clone(), served.clone());
            rt.spawn(async move {
                let mut byte = [0];
                while ours.read(&mut byte).await? > 0 {
                    served.open();
                }
                Ok::<_, std::io::Error>(())
            })
        })
        .collect();
    for sent in 0..60 {
        // All of them wait when it comes, as far as this thread can bring it about.
        sleep_in(Duration::from_millis(1), &rt).await;
        peer.write_all(b"x").await.expect("a byte");
        let all = timeout_in(Duration::from_secs(2), served.wait_for(sent + 1), &rt).await;
        all.expect("a reader was served");
    }
    drop(peer);
    for reader in readers {
        reader.await.expect("no panic").expect("no error at all");
    }
}

/// L088: A read into an empty buffer, and a write of one, is `Ok(0)` at once.
async fn l088_empty_buffers_answer_at_once<R: Runtime>(rt: R) {
    let (ours, _peer) = pair(&rt).await;
    let at_once = |what: Option<std::io::Result<usize>>| {
        assert_eq!(what.expect("at once").expect("no error"), 0);
    };
    at_once(poll_once(ours.read(&mut [])).await);
    at_once(poll_once(ours.write(&[])).await);
    at_once(poll_once(ours.write_vectored(&[IoSlice::new(&[]), IoSlice::new(&[])])).await);
    let (read, write) = ours.into_split();
    at_once(poll_once(read.read(&mut [])).await);
    at_once(poll_once(write.write(&[])).await);
    let mut by_trait = &read;
    at_once(poll_once(AsyncReadExt::read(&mut by_trait, &mut [])).await);
}

/// L089: `Err` means that no byte was transferred by that call: what comes is what was
/// acknowledged.
async fn l089_bytes_of_a_failed_write_are_not_sent<R: Runtime>(rt: R) {
    for _ in 0..5 {
        let (ours, peer) = pair(&rt).await;
        let end = ours.clone();
        let writer = rt.spawn(async move {
            let mut sent = 0;
            while let Ok(n) = ours.write(&bytes_from(sent, 3_001)).await {
                sent += n;
            }
            sent
        });
        let (mut got, mut buf) = (0, [0; 5_000]);
        loop {
            let n = peer.read(&mut buf).await.expect("to the end");
            let is_right = (0..n).all(|i| buf[i] == byte_at(got + i));
            assert!(is_right, "wrong bytes at {got}");
            got += n;
            if n == 0 {
                break;
            }
            if got > 100_000 {
                // While the writer writes, or waits to.
                end.shutdown(Shutdown::Write).expect("the end");
            }
        }
        let acknowledged = writer.await.expect("an error in the end");
        assert_eq!(got, acknowledged, "of so many that were acknowledged");
    }
}

/// L090: Dropping the future of a pending read loses no byte.
async fn l090_a_dropped_read_loses_nothing<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    for i in 0..100_u8 {
        let mut lost = [0xff];
        let probe = Probe::new();
        let mut read = Box::pin(ours.read(&mut lost));
        assert!(probe.poll(read.as_mut()).is_pending());
        if i % 2 == 0 {
            // It is dropped when the byte is there and it has been woken.
            peer.write_all(&[i]).await.expect("a byte");
            probe.woken().await;
            drop(read);
        } else {
            drop(read);
            peer.write_all(&[i]).await.expect("a byte");
        }
        assert!(probe.is_let_go().await, "a dropped read keeps its waker");
        assert_eq!(
            lost,
            [0xff],
            "a read that was dropped wrote into its buffer"
        );
        let mut byte = [0];
        assert_eq!(ours.read(&mut byte).await.expect("a byte"), 1);
        assert_eq!(byte, [i]);
    }
}

/// L091: A helper that is not cancel-safe keeps its progress where the caller can keep it.
async fn l091_helpers_keep_their_progress<R: Runtime>(rt: R) {
    let (ours, peer) = pair(&rt).await;
    let mut kept = Vec::new();
    let mut reading = Box::pin(ours.read_to_end(&mut kept));
    assert!(poll_once(reading.as_mut()).await.is_none());
    peer.write_all(b"first").await.expect("the first part");
    let probe = Probe::new();
    let mut polls = 0;
    // Until it has taken the first part and waits for the next.
    while probe.poll(reading.as_mut()).is_pending() && polls < 20 {
        sleep_in(Duration::from_millis(1), &rt).await;
        polls += 1;
    }
    drop(reading);
    peer.write_all(b" second").await.expect("the second part");
    drop(peer);
    ours.read_to_end(&mut kept).await.expect("the rest");
    assert_eq!(kept, b"first second");
}

/// L092: One task that reads and one that writes one connection both make progress.
async fn l092_both_directions_make_progress<R: Runtime>(rt: R) {
    const LEN: usize = 1 << 20;
    async fn send<R: Runtime>(stream: TcpStream<R>) {
        for start in (0..LEN).step_by(10_000) {
            let len = 10_000.min(LEN - start);
            stream
                .write_all(&bytes_from(start, len))
                .await
                .expect("it is read");
        }
        stream.shutdown(Shutdown::Write).expect("the end of it");
    }
    let (ours, peer) = pair(&rt).await;
    let (their_reader, their_writer) = (peer.clone(), peer);
    // Both ends read and write at once: more than the socket's buffers hold, in both directions.
    let tasks = [ours.clone(), their_writer].map(|stream| rt.spawn(send(stream)));
    let theirs = rt.spawn(async move { read_checked(&their_reader, 4_096).await });
    // A pending read does not take the writer's place, nor the other way round.
    assert_eq!(read_checked(&ours, 7_000).await.expect("all of it"), LEN);
    assert_eq!(theirs.await.expect("no panic").expect("all of it"), LEN);
    for task in tasks {
        task.await.expect("all was sent");
    }
}

/// L093: Several tasks may read one connection: each byte goes to exactly one, and all of them see
/// the end.
async fn l093_four_readers_share_a_stream<R: Runtime>(rt: R) {
    const BYTES: usize = 400;
    let (ours, peer) = pair(&rt).await;
    let seen: Arc<Vec<AtomicUsize>> = Arc::new((0..256).map(|_| AtomicUsize::new(0)).collect());
    let shared = Arc::new(ours);
    let readers: Vec<_> = (0..4)
        .map(|i| {
            let (shared, own, seen) = (shared.clone(), (*shared).clone(), seen.clone());
            rt.spawn(async move {
                // Two through a shared reference, two through clones.
                let stream = if i % 2 == 0 { &*shared } else { &own };
                let mut byte = [0];
                while stream.read(&mut byte).await.expect("a byte or the end") > 0 {
                    seen[usize::from(byte[0])].fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for i in 0..BYTES {
        if i % 40 == 0 {
            // Long enough for all of them to wait.
            sleep_in(Duration::from_millis(1), &rt).await;
        }
        peer.write_all(&[(i % 256) as u8])
            .await
            .expect("it is read");
    }
    drop(peer);
    for reader in readers {
        reader.await.expect("each sees the end");
    }
    for (byte, count) in seen.iter().enumerate() {
        let sent = BYTES / 256 + usize::from(byte < BYTES % 256);
        assert_eq!(count.load(Ordering::SeqCst), sent, "byte {byte}");
    }
}

/// L094: Readiness that arrives during an operation is not lost to that operation.
async fn l094_no_readiness_is_lost<R: Runtime>(rt: R) {
    const ROUNDS: usize = 3_000;
    let (ours, peer) = pair(&rt).await;
    let echo = rt.spawn(async move {
        let mut byte = [0];
        while peer.read(&mut byte).await.expect("a byte") > 0 {
            peer.write_all(&byte).await.expect("its echo");
        }
    });
    let player = rt.spawn(async move {
        let mut byte = [0];
        for i in 0..ROUNDS {
            ours.write_all(&[i as u8]).await.expect("a byte");
            assert_eq!(ours.read(&mut byte).await.expect("its echo"), 1);
            assert_eq!(byte, [i as u8]);
        }
    });
    player.await.expect("every round ended");
    echo.await.expect("and the echo");
}

/// L106: A vectored write is one write of the concatenation, or of a prefix of it.
async fn l106_a_vectored_write_is_one_write<R: Runtime>(rt: R) {
    let (mut ours, peer) = pair(&rt).await;
    let reader = rt.spawn(async move { read_checked(&peer, 3_333).await });
    let mut sent = 0;
    for round in 0..60 {
        let whole = bytes_from(sent, 100 + round * 700);
        // Cut in unequal parts, some of them empty.
        let (first, rest) = whole.split_at(whole.len() / 7);
        let (second, third) = rest.split_at(rest.len() / 2);
        let parts = [&[], first, second, &[], third].map(IoSlice::new);
        let n = match round % 3 {
            0 => ours.write_vectored(&parts).await,
            _ => poll_fn(|cx| Pin::new(&mut ours).poll_write_vectored(cx, &parts)).await,
        };
        let n = n.expect("a prefix of it");
        assert!(n > 0 && n <= whole.len());
        sent += n;
    }
    drop(ours);
    assert_eq!(
        reader
            .await
            .expect("no panic")
            .expect("every byte in its place"),
        sent
    );
}
