//! A task may move between threads; an `Rc` may not.

use std::rc::Rc;

#[anyrt::main(native)]
async fn main() {
    let shared = Rc::new(1);
    anyrt::task::spawn(async move {
        anyrt::task::yield_now().await;
        println!("{shared}");
    });
}
