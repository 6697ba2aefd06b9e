//! L184: what a backend has not says so.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Instant, SystemTime};

use anyrt_api::any::Capabilities;
use anyrt_api::fs::{self, File};
use anyrt_api::net::{TcpListener, TcpStream, UdpSocket, lookup_host_in};
use anyrt_api::task::TaskMeta;
use anyrt_api::{AnyRuntime, Core, Entropy, Runtime, Spawn, Timer};

use crate::peers::{any_port, pair};
use crate::scratch::folder;
use crate::{Backend, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l184_what_is_not_there_says_so),
        law!(l184_what_is_there_is_there_erased),
    ]
}

/// A backend's tasks, clock and chance, and nothing else of it: to a library that asks for less.
#[derive(Debug, Clone)]
struct Bare<R>(R);

impl<R: Runtime> Core for Bare<R> {
    const NAME: &'static str = "bare";

    fn capabilities(_: &mut Capabilities<Self>) {}
}

impl<R: Runtime> Spawn for Bare<R> {
    type RawJoin<T: Send> = R::RawJoin<T>;

    fn spawn_raw<F>(&self, future: F, meta: TaskMeta) -> R::RawJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn_raw(future, meta)
    }

    fn spawn_blocking_raw<F, T>(&self, f: F, meta: TaskMeta) -> R::RawJoin<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.spawn_blocking_raw(f, meta)
    }
}

impl<R: Runtime> Timer for Bare<R> {
    type Sleep = R::Sleep;

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn wallclock(&self) -> SystemTime {
        self.0.wallclock()
    }

    fn sleep_until(&self, deadline: Instant) -> R::Sleep {
        self.0.sleep_until(deadline)
    }
}

impl<R: Runtime> Entropy for Bare<R> {
    fn fill_bytes(&self, buf: &mut [u8]) {
        self.0.fill_bytes(buf);
    }
}

/// The answer is an error, at once, that names the backend and what it has not.
fn says_so<T>(answer: io::Result<T>, what: &str) {
    let error = answer.err().unwrap_or_else(|| panic!("it has no {what}"));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert!(text.contains("bare"), "{text:?} does not name the backend");
    assert!(
        text.contains(what),
        "{text:?} does not name what is missing"
    );
}

/// L184: What a backend has not is an error that says so, also where its type is forgotten; what it
/// has works.
async fn l184_what_is_not_there_says_so<R: Runtime>(rt: R) {
    let rt = AnyRuntime::new(Bare(rt));
    says_so(TcpStream::connect_in("127.0.0.1:1", &rt).await, "sockets");
    says_so(TcpListener::bind_in(any_port(), &rt).await, "sockets");
    says_so(UdpSocket::bind_in(any_port(), &rt).await, "sockets");
    says_so(lookup_host_in("localhost:1", &rt).await, "sockets");
    let none = Path::new("none");
    says_so(File::open_in(none, &rt).await, "files");
    says_so(fs::read_in(none, &rt).await, "files");
    says_so(fs::write_in(none, b"x", &rt).await, "files");
    says_so(fs::read_dir_in(none, &rt).await, "files");
    says_so(fs::remove_file_in(none, &rt).await, "files");
    says_so(fs::metadata_in(none, &rt).await, "files");
    assert_eq!(rt.spawn(async { 1 }).await.expect("it has tasks"), 1);
    assert_eq!(rt.spawn_blocking(|| 2).await.expect("and closures"), 2);
    rt.sleep_until(rt.now()).await;
    rt.fill_bytes(&mut [0; 4]);
}

/// L184: What a runtime has is there as well where its type is forgotten: nothing is left out in
/// silence.
async fn l184_what_is_there_is_there_erased<R: Runtime>(rt: R) {
    let rt = AnyRuntime::new(rt);
    drop(pair(&rt).await);
    let path = folder(&rt).await.join("file");
    fs::write_in(&path, b"content", &rt)
        .await
        .expect("it has files");
    assert_eq!(
        fs::read_in(&path, &rt).await.expect("it has files"),
        b"content"
    );
    let found = lookup_host_in(("localhost", 1), &rt).await;
    assert!(found.expect("it has names").count() > 0);
    drop(UdpSocket::bind_in(any_port(), &rt).await.expect("a socket"));
}
