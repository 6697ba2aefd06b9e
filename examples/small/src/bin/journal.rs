//! A journal whose lines nobody waits for: they are accepted at once and written behind.
//!
//! `cargo run -p anyrt-examples --bin journal -- 100000` for as many lines. With `File::write_all`
//! in place of the writer's each line would wait for a thread, and most of the time would be that.

use std::io;

use anyrt::fs::{self, File, WriteBehind};

/// Lines between two checkpoints: the most that a power cut may take.
const CHECKPOINT: usize = 10_000;

#[anyrt::main(native)]
async fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).map_or(Ok(100_000), |n| n.parse());
    let bad = |e| io::Error::new(io::ErrorKind::InvalidInput, format!("not a number: {e}"));
    let count: usize = count.map_err(bad)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("journal");

    let mut journal = WriteBehind::new(File::create(&path).await?);
    for n in 1..=count {
        // The error of an earlier line may come here.
        journal.write_all(format!("line {n}\n").as_bytes()).await?;
        if n % CHECKPOINT == 0 {
            // In the file, then on the device.
            journal.flush().await?;
            journal.get_ref().sync_data().await?;
        }
    }
    // A drop would write the rest too, but not say whether that went well.
    journal.close().await?;

    let text = fs::read_to_string(&path).await?;
    println!("{} lines, {} bytes", text.lines().count(), text.len());
    Ok(())
}
