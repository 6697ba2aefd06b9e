//! Laws of bad times: descriptors run out (L055, L113, L115), and connections flood in (L061).

use std::fs::File;
use std::net::{SocketAddr, TcpStream as StdStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyrt_api::net::{AcceptError, TcpStream};
use anyrt_api::time::{sleep_in, timeout_in};
use anyrt_api::{BlockOn, Runtime};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::process::descriptors;
use crate::bound::{at_most, at_most_count};
use crate::peers::listener;
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l055_a_failed_start_is_an_error in lab),
        law!(l061_a_flood_starves_no_timer).stochastic(),
        law!(l113_accept_without_descriptors),
        law!(l115_incoming_backs_off).stochastic(),
    ]
}

/// Every descriptor that this process may have is taken until this is dropped.
pub(super) struct Exhausted {
    taken: Vec<File>,
    limit: Rlimit,
}

impl Exhausted {
    pub(super) fn now() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let few = Rlimit {
            current: Some(descriptors() as u64 + 20),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, few).expect("a lower limit");
        let taken = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        Exhausted { taken, limit }
    }
}

impl Drop for Exhausted {
    fn drop(&mut self) {
        self.taken.clear();
        setrlimit(Resource::Nofile, self.limit).expect("the limit that was");
    }
}

/// L055: A runtime that cannot be started is an error, and one can be once there is room.
fn l055_a_failed_start_is_an_error<B: Backend>(lab: &Lab<B>) {
    let exhausted = Exhausted::now();
    let setup = crate::Setup::default();
    match B::start(&setup) {
        Err(error) => assert!(error.raw_os_error().is_none_or(|number| number == EMFILE)),
        // One that opens its descriptors later has to say it then.
        Ok(owner) => drop(owner),
    }
    drop(exhausted);
    let owner = lab.start();
    let rt = owner.handle();
    owner.block_on(async {
        sleep_in(Duration::from_millis(1), &rt).await;
        crate::peers::pair(&rt).await;
    });
}

/// Connects again and again, and drops what it has.
fn flood(addr: SocketAddr, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        if let Ok(stream) = StdStream::connect(addr) {
            drop(stream);
        }
    }
}

/// L061: An accept loop under a flood of connections starves no timer and no task.
async fn l061_a_flood_starves_no_timer<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let stop = Arc::new(AtomicBool::new(false));
    let floods: Vec<_> = (0..3)
        .map(|_| {
            let stop = stop.clone();
            rt.spawn_blocking(move || flood(addr, &stop))
        })
        .collect();
    let accepts = rt.spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    for _ in 0..10 {
        let deadline = rt.now() + Duration::from_millis(10);
        rt.sleep_until(deadline).await;
        at_most("late by", rt.now() - deadline, Duration::from_millis(500));
        rt.spawn(async {}).await.expect("another task runs");
    }
    stop.store(true, Ordering::SeqCst);
    for flood in floods {
        flood.await.expect("it stops");
    }
    assert!(
        accepts
            .cancel()
            .await
            .expect_err("it never ends")
            .is_cancelled()
    );
}

/// L113: Out of descriptors, accept returns that error; once one is free the waiting connection is
/// accepted.
async fn l113_accept_without_descriptors<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let stream = TcpStream::connect_in(addr, &rt).await.expect("it connects");
    let exhausted = Exhausted::now();
    for _ in 0..3 {
        let accepted = timeout_in(Duration::from_secs(5), listener.accept(), &rt).await;
        let error = accepted
            .expect("it hangs")
            .expect_err("no descriptor is left");
        assert_eq!(error.raw_os_error(), Some(EMFILE));
        assert_eq!(AcceptError::of(&error), AcceptError::Exhausted);
    }
    drop(exhausted);
    let accepted = timeout_in(Duration::from_secs(5), listener.accept(), &rt).await;
    let (_, peer) = accepted.expect("it hangs").expect("the waiting connection");
    assert_eq!(peer, stream.local_addr().expect("its address"));
}

/// L115: `incoming` does not spin while there are no descriptors, and goes on when there are.
async fn l115_incoming_backs_off<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let _waiting = TcpStream::connect_in(addr, &rt).await.expect("it connects");
    let mut incoming = listener.incoming();
    let exhausted = Exhausted::now();
    let mut errors = 0;
    let counting = async {
        while let Some(accepted) = incoming.next().await {
            let error = accepted.expect_err("no descriptor is left");
            assert_eq!(error.raw_os_error(), Some(EMFILE));
            errors += 1;
        }
    };
    let over = timeout_in(Duration::from_millis(500), counting, &rt).await;
    over.expect_err("it never ends");
    assert!(errors > 0, "an error is an item");
    at_most_count("tries in half a second:", errors, 50);
    drop(exhausted);
    let next = async { while incoming.next().await.expect("it never ends").is_err() {} };
    timeout_in(Duration::from_secs(5), next, &rt)
        .await
        .expect("it goes on");
}

/// "Too many open files", on Linux, macOS and the BSDs.
pub(super) const EMFILE: i32 = 24;
