//! L057: a process that was forked, and its child.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;
use std::time::Duration;

use anyrt_api::net::{TcpListener, TcpStream, UdpSocket};
use anyrt_api::time::sleep_in;
use anyrt_api::{BlockOn, Runtime, Spawn, Timer};
use fork::{Fork, fork};
use futures_lite::future::block_on;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::lab::HandleOf;
use crate::peers::{any_port, pair};
use crate::{Backend, Lab, Law};

pub(super) fn table<B: Backend>() -> Vec<Law<B>> {
    vec![law!(l057_a_forked_child_is_told in lab)]
}

/// L057: In a forked child the runtime of its parent says that it is of no use there, by an error
/// or a panic that names `fork`, and never hangs. The parent's goes on.
fn l057_a_forked_child_is_told<B: Backend>(lab: &Lab<B>) {
    let owner = lab.start();
    let rt = owner.handle();
    let (ours, peer) = owner.block_on(async {
        rt.spawn_blocking(|| ()).await.expect("a closure");
        sleep_in(Duration::from_millis(5), &rt).await;
        pair(&rt).await
    });
    let child = match fork().expect("a fork") {
        Fork::Parent(child) => Pid::from_raw(child).expect("the child's number"),
        Fork::Child => {
            let told = catch_unwind(AssertUnwindSafe(|| in_child::<B>(&owner, &ours)));
            // What goes here stays as it is in the parent.
            drop((ours, peer));
            drop(owner);
            exit(i32::from(told.is_err()));
        }
    };
    owner.block_on(async {
        let status = ended(&rt, child).await;
        assert_eq!(status, Some(0), "the child hung, or was not told");
        let reader = rt.spawn(async move { ours.read(&mut [0; 4]).await });
        // It waits by now, for an event of a poller that the child knew too.
        sleep_in(Duration::from_millis(20), &rt).await;
        peer.write_all(b"some").await.expect("written");
        let read = reader.await.expect("no panic");
        assert_eq!(read.expect("the child took no socket away"), 4);
        rt.spawn_blocking(|| ()).await.expect("a closure");
    });
}

/// What a child tries, from a thread that is none of the runtime's.
fn in_child<B: Backend>(owner: &B::Owner, stream: &TcpStream<HandleOf<B>>) {
    let rt = owner.handle();
    // Far enough that it is not past before it is polled; nobody waits for it.
    let deadline = rt.now() + Duration::from_secs(3_600);
    let told = |what: &str, text: String| assert!(text.contains("fork"), "{what}: {text}");
    let error = block_on(rt.spawn(async {})).expect_err("there is nobody to run it");
    told("a task", error.to_string());
    let error = block_on(rt.spawn_blocking(|| ())).expect_err("there is nobody to run it");
    told("a closure", error.to_string());
    let error = block_on(stream.read(&mut [0; 4])).expect_err("nothing is there to read");
    told("a read that waits", error.to_string());
    let listener = block_on(TcpListener::bind_in(any_port(), &rt)).map(drop);
    told(
        "a listener",
        listener.expect_err("no event would come").to_string(),
    );
    let socket = block_on(UdpSocket::bind_in(any_port(), &rt)).map(drop);
    told(
        "a socket",
        socket.expect_err("no event would come").to_string(),
    );
    told(
        "a sleep",
        text_of_panic(|| block_on(rt.sleep_until(deadline))),
    );
    told("block_on", text_of_panic(|| owner.block_on(async {})));
}

fn text_of_panic(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it cannot go on");
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .expect("a text")
}

/// The exit code of a child; one that hangs is killed, and has none.
async fn ended<R: Runtime>(rt: &R, child: Pid) -> Option<i32> {
    for _ in 0..300 {
        let waited = waitpid(Some(child), WaitOptions::NOHANG).expect("it is ours");
        if let Some((_, status)) = waited {
            return status.exit_status();
        }
        sleep_in(Duration::from_millis(10), rt).await;
    }
    kill_process(child, Signal::KILL).expect("it is ours");
    waitpid(Some(child), WaitOptions::empty()).expect("it is ours");
    None
}
