//! A program in a dozen lines: a task, a timer, a file.
//!
//! `cargo run -p anyrt-examples --bin hello`. Another runtime is another word in the attribute.

use std::io;
use std::time::Duration;

use anyrt::{fs, task, time};

#[anyrt::main(native)]
async fn main() -> io::Result<()> {
    let greeting = task::spawn(async {
        time::sleep(Duration::from_millis(10)).await;
        "hello from a task"
    });
    let source = fs::read_to_string(file!()).await;
    println!("{}", greeting.await?);
    match source {
        Ok(text) => println!("this program has {} lines", text.lines().count()),
        Err(e) => println!("this program's source is elsewhere: {e}"),
    }
    Ok(())
}
