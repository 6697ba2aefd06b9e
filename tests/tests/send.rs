//! Handles of outputs that hold a `&'static str` are `Send`, also where the compiler has forgotten
//! that lifetime: inside a future that is spawned.
#![forbid(unsafe_code)]

use anyrt_api::{AnyRuntime, BlockOn, Runtime, Spawn, task};

type Answer = Result<u8, &'static str>;

fn answer() -> Answer {
    Err("no")
}

async fn asked_in<R: Runtime>(rt: R) -> Answer {
    let handle = rt.spawn_blocking(answer);
    task::yield_now().await;
    let again = rt.spawn(async { answer() }).abort_on_drop();
    task::yield_now().await;
    let mut group = task::TaskGroup::new_in(&rt);
    group.spawn(async { answer() });
    assert_eq!(
        group.join_next().await.expect("one").expect("it runs"),
        Err("no")
    );
    assert_eq!(again.await.expect("it runs"), Err("no"));
    handle.await.expect("it runs")
}

async fn asked() -> Answer {
    let handle = task::spawn_blocking(answer);
    task::yield_now().await;
    handle.await.expect("it runs")
}

fn check<B: BlockOn>(owner: B) {
    let (rt, any) = (owner.handle(), AnyRuntime::new(owner.handle()));
    let tasks = (
        rt.spawn(asked_in(rt.clone())),
        rt.spawn(asked_in(any.clone())),
    );
    let (one, other) = owner.block_on(async { (tasks.0.await, tasks.1.await) });
    assert_eq!(one.expect("it runs"), Err("no"));
    assert_eq!(other.expect("it runs"), Err("no"));
    let bare = owner.block_on(any.scope(any.spawn(asked())));
    assert_eq!(bare.expect("it runs"), Err("no"));
}

#[test]
fn on_every_backend() {
    check(anyrt_native::Runtime::new().expect("native starts"));
    check(anyrt_tokio::Runtime::new().expect("tokio starts"));
    check(anyrt_smol::Runtime::new().expect("smol starts"));
}
