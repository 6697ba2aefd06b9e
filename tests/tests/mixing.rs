//! L178 to L183 over all backends: who makes a future, and who polls it.
//!
//! Every cell of the matrix ends within a second: it completes, or it is refused where it is made.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use anyrt_api::{BlockOn, Runtime};
use anyrt_laws::{Backend, Setup, operations};
use anyrt_tests::{Native, Smol, Tokio, TokioSingle};

type Work = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Who polls.
#[derive(Debug, Clone, Copy)]
enum Executor {
    TokioWorkers,
    TokioSingle,
    /// Without timers and without sockets.
    TokioBare,
    Smol,
    Futures,
    FuturesLite,
    BareWaker,
}

const EXECUTORS: [Executor; 7] = [
    Executor::TokioWorkers,
    Executor::TokioSingle,
    Executor::TokioBare,
    Executor::Smol,
    Executor::Futures,
    Executor::FuturesLite,
    Executor::BareWaker,
];

impl Executor {
    fn run(self, work: Work) -> io::Result<()> {
        use tokio::runtime::Builder;
        match self {
            Executor::TokioWorkers => {
                let runtime = Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?;
                // In a task of its own, on a worker.
                runtime.block_on(async { tokio::spawn(work).await.map_err(io::Error::other)? })
            }
            Executor::TokioSingle => Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(work),
            Executor::TokioBare => Builder::new_current_thread().build()?.block_on(work),
            Executor::Smol => smol::block_on(smol::spawn(work)),
            Executor::Futures => futures_executor::block_on(work),
            Executor::FuturesLite => futures_lite::future::block_on(work),
            Executor::BareWaker => by_hand(work),
        }
    }
}

/// Polls with a waker that unparks this thread, and with nothing else around.
fn by_hand(work: Work) -> io::Result<()> {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// One cell: a thread of its own, a second at most.
fn cell(maker: &str, operation: &str, executor: Executor, work: Work) {
    let (done, finished) = channel();
    let run = move || done.send(executor.run(work));
    let thread = thread::Builder::new().spawn(run).expect("a thread");
    match finished.recv_timeout(Duration::from_secs(1)) {
        Ok(result) => {
            result.unwrap_or_else(|error| panic!("{maker}, {operation}, {executor:?}: {error}"));
            thread
                .join()
                .expect("it ended well")
                .expect("the result was received");
        }
        Err(RecvTimeoutError::Timeout) => panic!("{maker}, {operation}, {executor:?}: hangs"),
        Err(RecvTimeoutError::Disconnected) => panic!("{maker}, {operation}, {executor:?}: panics"),
    }
}

/// All cells of one maker.
fn row<R: Runtime>(maker: &str, rt: &R) {
    for executor in EXECUTORS {
        for (name, work) in operations(rt) {
            cell(maker, name, executor, work);
        }
    }
}

fn row_of<B: Backend>() {
    for workers in [2, 1] {
        let mut setup = Setup::default();
        setup.workers = workers;
        let owner = B::start(&setup).expect("a runtime");
        row(B::NAME, &owner.handle());
        // What it erases to is polled by the same.
        row(B::NAME, &anyrt_api::AnyRuntime::new(owner.handle()));
    }
}

#[test]
fn native_is_polled_by_all() {
    row_of::<Native>();
}

#[test]
fn tokio_is_polled_by_all() {
    row_of::<Tokio>();
}

#[test]
fn single_threaded_tokio_is_polled_by_all() {
    row_of::<TokioSingle>();
}

#[test]
fn smol_is_polled_by_all() {
    row_of::<Smol>();
}

#[test]
fn a_lent_tokio_is_polled_by_all() {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let handle = runtime.handle().clone();
    row(
        "lent tokio",
        &anyrt_tokio::Tokio::try_from_handle(handle).expect("it is driven"),
    );
}

#[test]
fn what_nobody_drives_is_refused() {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let idle = builder.enable_all().build().expect("a runtime");
    let refused = anyrt_tokio::Tokio::try_from_handle(idle.handle().clone());
    let error = refused.expect_err("nobody drives it");
    assert!(error.to_string().contains("single-threaded"), "{error}");
}

/// Each backend's operations inside each backend's `block_on`, and in its tasks.
fn across<Maker: Backend, User: Backend>() {
    let setup = Setup::default();
    let maker = Maker::start(&setup).expect("a runtime");
    let user = User::start(&setup).expect("a runtime");
    let pair = format!("{} in {}", Maker::NAME, User::NAME);
    for (name, work) in operations(&maker.handle()) {
        user.block_on(work)
            .unwrap_or_else(|error| panic!("{pair}, {name}: {error}"));
    }
    for (name, work) in operations(&maker.handle()) {
        let task = anyrt_api::task::spawn_in(work, &user.handle());
        let done = user.block_on(task).expect("no panic");
        done.unwrap_or_else(|error| panic!("{pair}, {name}: {error}"));
    }
    user.shutdown(Duration::from_secs(5));
    // The one's end is not the other's.
    for (name, work) in operations(&maker.handle()) {
        maker
            .block_on(work)
            .unwrap_or_else(|error| panic!("{pair}, {name}: {error}"));
    }
}

#[test]
fn each_works_inside_each() {
    across::<Native, Tokio>();
    across::<Native, Smol>();
    across::<Tokio, Native>();
    across::<Tokio, Smol>();
    across::<Smol, Native>();
    across::<Smol, Tokio>();
    across::<TokioSingle, Native>();
    across::<Native, TokioSingle>();
}
