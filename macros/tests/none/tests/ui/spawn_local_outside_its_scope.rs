//! Futures that are not `Send` are started inside a local scope, and stay there.

use anyrt::task;

fn application() {
    task::spawn_local(async {});
}

async fn library() {
    task::local::scope(async |local| {
        task::spawn(async move {
            local.spawn(async {});
        });
    })
    .await;
}

fn main() {}
