//! What comes out of a run: a record for programs, tables and plots for people.
//!
//! ```text
//!   figures --> lines.rs --> a record -->  record.rs  --+--> page.rs      report.md
//!      |        (head.rs)                  (rows)       +--> html.rs      report.html
//!      v                                                +--> plot.rs      overview.svg
//!   table.rs, on the terminal                           +--> headline.rs  headlines.md
//!                                                       +--> compare.rs   two records
//! ```
//!
//! It knows figures and nothing of how they were made. Another form is another file beside these,
//! fed with the same rows.

mod compare;
mod head;
mod headline;
mod html;
mod lines;
mod page;
mod plot;
mod record;
mod table;

#[cfg(test)]
pub(crate) mod sample;

use std::{fs, io, path::Path};

pub use self::{
    compare::Comparison,
    head::Head,
    headline::{HEADLINES, Headline, require_all},
    lines::Lines,
    record::{Entry, Row, Run},
    table::markdown,
};

/// The record's name in a folder of a report.
pub const RECORD: &str = "figures.jsonl";

/// Writes all that people read of a run into `folder`.
///
/// # Errors
///
/// The system's.
pub fn write(run: &Run, folder: &Path) -> io::Result<()> {
    let overview = plot::overview(run)?;
    let files = [
        ("report.md", page::markdown(run)),
        ("report.html", html::page(run, &overview)?),
        ("overview.svg", overview),
        ("headlines.md", headline::markdown(run)),
    ];
    fs::create_dir_all(folder)?;
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Three figures that count.
fn short(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
