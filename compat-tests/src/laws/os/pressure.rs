//! Laws of a system that has no more to give: descriptors (L189), threads and memory (L190).

use std::fmt::Debug;
use std::future::Future;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyrt_api::fs::{self, File, OpenOptions};
use anyrt_api::net::{
    TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream, lookup_host_in,
};
use anyrt_api::time::{sleep_in, timeout_in};
use anyrt_api::{AnyRuntime, BlockOn, Runtime, Spawn};

use super::exhaustion::{EMFILE, Exhausted};
use super::faults::{Fault, with};
use super::process::processor_time;
use crate::bound::{at_most, scale};
use crate::gate::step_aside;
use crate::harness::{Tool, inside};
use crate::peers::{any_port, bytes_from, listener, pair};
use crate::scratch::folder;
use crate::{Backend, Capability, Lab, Law, Setup};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![
        law!(l189_without_descriptors_operations_say_so),
        law!(l189_without_descriptors_unix_sockets_say_so erased).needs(Capability::Unix),
        law!(l189_without_descriptors_nothing_spins).stochastic(),
        law!(l190_without_threads_nothing_is_lost in lab),
        law!(l190_with_no_more_threads_nothing_is_lost in lab),
        law!(l190_an_open_file_outlives_a_want_of_threads in lab),
        law!(l190_with_little_memory_nothing_is_lost in lab).limit(
            Duration::from_secs(30),
            "what it writes does not fit in the cache",
        ),
    ]
}

/// The operation, which hangs not, fails for want of a descriptor.
async fn refused<R: Runtime, T: Debug>(
    what: &str,
    operation: impl Future<Output = io::Result<T>>,
    rt: &R,
) {
    let answer = timeout_in(PATIENCE, operation, rt).await;
    let answer = answer.unwrap_or_else(|_| panic!("{what} hangs"));
    let error = answer.map(drop).expect_err(what);
    assert_eq!(error.raw_os_error(), Some(EMFILE), "{what}: {error}");
}

/// L189: Without a free descriptor each operation that needs one fails with the system's error;
/// those that need none work, and all do once there are some.
async fn l189_without_descriptors_operations_say_so<R: Runtime>(rt: R) {
    let folder = folder(&rt).await;
    let path = folder.join("file");
    std::fs::write(&path, b"content").expect("written");
    let (_listener, addr) = listener(&rt).await;
    let (ours, peer) = pair(&rt).await;
    let file = File::open_in(&path, &rt).await.expect("it opens");
    for _ in 0..3 {
        let exhausted = Exhausted::now();
        refused("connect", TcpStream::connect_in(addr, &rt), &rt).await;
        refused("listen", TcpListener::bind_in(any_port(), &rt), &rt).await;
        refused(
            "a datagram socket",
            UdpSocket::bind_in(any_port(), &rt),
            &rt,
        )
        .await;
        refused("open", File::open_in(&path, &rt), &rt).await;
        refused("create", File::create_in(folder.join("new"), &rt), &rt).await;
        refused("read", fs::read_in(&path, &rt), &rt).await;
        refused("write", fs::write_in(&path, b"other", &rt), &rt).await;
        refused("copy", fs::copy_in(&path, folder.join("copy"), &rt), &rt).await;
        refused("read_dir", fs::read_dir_in(&folder, &rt), &rt).await;
        let found = lookup_host_in(("localhost", 1), &rt);
        let found = timeout_in(PATIENCE, found, &rt).await;
        drop(found.expect("it hangs"));
        // What has its descriptor, or needs none, goes on.
        ours.write_all(b"on").await.expect("it has its descriptor");
        peer.read_exact(&mut [0; 2]).await.expect("and so has it");
        file.read_at(&mut [0; 4], 0).await.expect("it has its own");
        fs::metadata_in(&path, &rt).await.expect("it needs none");
        rt.spawn_blocking(|| ()).await.expect("it needs none");
        drop(exhausted);
        drop(pair(&rt).await);
        assert_eq!(fs::read_in(&path, &rt).await.expect("again"), b"content");
    }
}

/// L189: And so it is with Unix sockets.
async fn l189_without_descriptors_unix_sockets_say_so(rt: AnyRuntime) {
    let folder = folder(&rt).await;
    let path = folder.join("socket");
    let bound = UnixListener::bind_in(&path, &rt).expect("a listener");
    let exhausted = Exhausted::now();
    let other = folder.join("other");
    let now = |error: io::Error| assert_eq!(error.raw_os_error(), Some(EMFILE));
    refused("connect", UnixStream::connect_in(&path, &rt), &rt).await;
    now(UnixListener::bind_in(&other, &rt).expect_err("no descriptor is left"));
    now(UnixStream::pair_in(&rt).expect_err("no descriptor is left"));
    now(UnixDatagram::bind_in(&other, &rt).expect_err("no descriptor is left"));
    now(UnixDatagram::unbound_in(&rt).expect_err("no descriptor is left"));
    now(UnixDatagram::pair_in(&rt).expect_err("no descriptor is left"));
    assert!(!other.exists(), "a bind that failed left its path");
    drop(exhausted);
    let ends = futures_lite::future::zip(UnixStream::connect_in(&path, &rt), bound.accept()).await;
    ends.0.expect("again");
    ends.1.expect("again");
}

/// L189: Nothing spins meanwhile, though a connection waits to be accepted.
async fn l189_without_descriptors_nothing_spins<R: Runtime>(rt: R) {
    let (listener, addr) = listener(&rt).await;
    let waiting = TcpStream::connect_in(addr, &rt).await.expect("it connects");
    let exhausted = Exhausted::now();
    let accepts = rt.spawn(async move {
        let mut incoming = listener.into_incoming();
        loop {
            if let Some(Ok(stream)) = incoming.next().await {
                return stream.peer_addr();
            }
        }
    });
    let before = processor_time();
    // As much longer as the bound is wider.
    sleep_in(Duration::from_millis(400).mul_f64(scale()), &rt).await;
    let used = processor_time() - before;
    at_most("busy for", used, Duration::from_millis(50));
    assert!(!accepts.is_finished());
    drop(exhausted);
    let accepted = timeout_in(PATIENCE, accepts, &rt).await;
    let peer = accepted.expect("it hangs").expect("no panic");
    let own = waiting.local_addr().expect("its address");
    assert_eq!(peer.expect("its peer"), own);
}

/// Works while no further thread can be had: each call that needs one gives an error, or its
/// answer; nothing hangs, and tasks, timers and sockets go on.
async fn work_without_threads<R: Runtime>(rt: R) {
    let rt = &rt;
    let folder = folder_of_std();
    for round in 0..20_u32 {
        let path = folder.join(round.to_string());
        let closure = timeout_in(PATIENCE, rt.spawn_blocking(move || round), rt).await;
        if let Ok(answer) = closure.expect("a closure hangs") {
            assert_eq!(answer, round);
        }
        let write = timeout_in(PATIENCE, fs::write_in(&path, b"content", rt), rt).await;
        let written = write.expect("a write hangs");
        if written.is_ok() {
            assert_eq!(std::fs::read(&path).expect("it said so"), b"content");
        }
        let name = timeout_in(PATIENCE, lookup_host_in("localhost:1", rt), rt).await;
        drop(name.expect("a lookup hangs"));
        rt.spawn(async { step_aside(3).await })
            .await
            .expect("tasks go on");
        let (ours, peer) = pair(rt).await;
        ours.write_all(b"on").await.expect("sockets go on");
        peer.read_exact(&mut [0; 2]).await.expect("sockets go on");
        sleep_in(Duration::from_millis(1), rt).await;
    }
}

/// A folder that was made without a thread of the runtime.
fn folder_of_std() -> PathBuf {
    let folder = crate::harness::scratch_folder();
    std::fs::create_dir_all(&folder).expect("a folder for the law");
    folder
}

/// L190: Where no thread can be started, a runtime is an error, and what needs one gives an error
/// or waits; nothing hangs.
fn l190_without_threads_nothing_is_lost<B: Backend>(_: &Lab<B>) {
    let fault = Fault {
        calls: "?clone,?clone3",
        answer: "error=EAGAIN",
        // Counted by thread: this one has a thread of the suite's, and one more.
        when: "3+",
        path: None,
    };
    with(&fault, || {
        let setup = Setup {
            workers: 1,
            ..Setup::default()
        };
        // One that is content with a single thread works, and has none that may block.
        if let Ok(owner) = B::start(&setup) {
            owner.block_on(work_without_threads(owner.handle()));
        }
        let started = (0..9).map(|_| B::start(&Setup::default()));
        let errors = started.filter_map(Result::err).count();
        assert!(errors > 0, "a runtime without threads started");
    });
}

/// L190: And so it is where there were threads, and there are again.
fn l190_with_no_more_threads_nothing_is_lost<B: Backend>(lab: &Lab<B>) {
    in_group("pids", |group| {
        let owner = lab.start();
        let rt = owner.handle();
        let limit = group.join("pids.max");
        let count = std::fs::read_to_string(group.join("pids.current"));
        std::fs::write(&limit, count.expect("it counts")).expect("a limit");
        // There is none that may block yet.
        owner.block_on(work_without_threads(rt.clone()));
        std::fs::write(&limit, "max").expect("no limit");
        owner.block_on(async {
            let one = timeout_in(PATIENCE, rt.spawn_blocking(|| 1), &rt).await;
            let one = one.expect("a closure hangs though there are threads");
            assert_eq!(one.expect("there are threads"), 1);
        });
        let count = std::fs::read_to_string(group.join("pids.current"));
        std::fs::write(&limit, count.expect("it counts")).expect("a limit");
        owner.block_on(work_without_threads(rt));
        drop(B::start(&Setup::default()).expect_err("there is no thread for it"));
        std::fs::write(&limit, "max").expect("no limit");
    });
}

/// L190: What an open file needs a thread for gives an error or its answer, each time, and the file
/// works once there are threads.
fn l190_an_open_file_outlives_a_want_of_threads<B: Backend>(lab: &Lab<B>) {
    in_group("pids", |group| {
        let threads = || {
            let count = std::fs::read_to_string(group.join("pids.current"));
            count.expect("it counts").trim().to_owned()
        };
        let owner = lab.start_with(|setup| {
            setup.blocking_keep_alive = Duration::from_millis(20);
        });
        let (rt, at_rest) = (owner.handle(), threads());
        let path = folder_of_std().join("file");
        std::fs::write(&path, b"old").expect("it is made");
        owner.block_on(async {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).open_in(&path, &rt).await;
            let file = file.expect("it is there");
            // A backend may keep the thread that opened it, and is then done the sooner.
            for _ in 0..40 {
                if threads() == at_rest {
                    break;
                }
                sleep_in(Duration::from_millis(25), &rt).await;
            }
            std::fs::write(group.join("pids.max"), threads()).expect("a limit");
            for _ in 0..20 {
                timeout_in(PATIENCE, try_all(&file), &rt)
                    .await
                    .expect("it hangs");
            }
            std::fs::write(group.join("pids.max"), "max").expect("no limit");
            let works = async {
                file.set_len(0).await.expect("there are threads");
                file.rewind().await.expect("there are threads");
                file.write_all(b"new").await.expect("there are threads");
                file.sync_all().await.expect("there are threads");
            };
            timeout_in(PATIENCE, works, &rt).await.expect("it hangs");
        });
        assert_eq!(std::fs::read(&path).expect("it is there"), b"new");
    });
}

/// Each operation of a file that may need a thread, whatever it says.
async fn try_all<R: Runtime>(file: &File<R>) {
    drop(file.read(&mut [0; 4]).await);
    drop(file.write(b"some").await);
    drop(file.seek(SeekFrom::End(0)).await);
    drop(file.set_len(2).await);
    drop(file.metadata().await);
    drop(file.sync_data().await);
    if file.lock().await.is_ok() {
        drop(file.unlock().await);
    }
}

/// L190: With less memory than what is written and sent, every byte arrives.
fn l190_with_little_memory_nothing_is_lost<B: Backend>(lab: &Lab<B>) {
    const LEN: usize = 96 << 20;
    const CHUNK: usize = 251 << 12;
    in_group("memory", |group| {
        let limits = ["memory.limit_in_bytes", "memory.max"].map(|name| group.join(name));
        let limit = limits.iter().find(|limit| limit.exists());
        std::fs::write(limit.expect("one of them"), "64M").expect("a limit");
        let owner = lab.start();
        let rt = owner.handle();
        owner.block_on(async {
            let path = folder(&rt).await.join("file");
            let (ours, peer) = pair(&rt).await;
            let bytes = bytes_from(0, CHUNK);
            let sent = bytes.clone();
            let sends = rt.spawn(async move {
                for _ in 0..LEN / CHUNK {
                    ours.write_all(&sent).await.expect("it is read");
                }
            });
            let file = File::create_in(&path, &rt).await.expect("it is made");
            let mut got = vec![0; CHUNK];
            for _ in 0..LEN / CHUNK {
                file.write_all(&bytes).await.expect("written");
                peer.read_exact(&mut got).await.expect("it is sent");
                assert!(got == bytes, "other bytes arrived");
            }
            sends.await.expect("no panic");
            let file = File::open_in(&path, &rt).await.expect("it opens");
            for _ in 0..LEN / CHUNK {
                file.read_exact(&mut got).await.expect("what was written");
                assert!(got == bytes, "other bytes are in the file");
            }
        });
    });
}

/// Runs a law in a group of processes of its own, whose folder it is given, with limits to set.
fn in_group(controller: &str, law: impl FnOnce(&Path)) {
    let line = ["sh", "-c", GROUP, "sh", controller];
    inside(&Tool::new(line), || {
        let group = std::env::var_os("GROUP").expect("the shell has set it");
        law(Path::new(&group));
    });
}

/// Puts the process behind it in such a group, below the one that it is in. `$1` is what is to be
/// limited: the first version of these groups has a tree for each.
const GROUP: &str = r#"
home=$(sed -n "s|^[0-9]*:$1:|/sys/fs/cgroup/$1|p" /proc/self/cgroup)
[ -n "$home" ] || home=$(sed -n "s|^0::|/sys/fs/cgroup|p" /proc/self/cgroup)
GROUP=$home/anyrt-laws-$$
export GROUP
mkdir "$GROUP" && echo $$ > "$GROUP/cgroup.procs" || exit 1
limited=$1
shift
code=1
if [ -e "$GROUP/$limited.max" ] || [ -e "$GROUP/$limited.limit_in_bytes" ]; then
    "$@"
    code=$?
else
    echo "no limit for $limited" >&2
fi
echo $$ > "$home/cgroup.procs"
rmdir "$GROUP"
exit $code
"#;

/// What needs no waiting takes less.
const PATIENCE: Duration = Duration::from_secs(5);
