//! The tables, as Markdown. It knows nothing of how the counts come about.

use std::fmt::Write as _;

use crate::bounds::{added, at};
use crate::cell::{Cell, LAYERS, Layer, OPERATIONS, STACKS, Stack, word};
use crate::count::Counted;

/// All of them.
#[must_use]
pub fn all(counts: &[Counted]) -> String {
    let mut text = String::new();
    instructions(counts, &mut text);
    allocations(counts, &mut text);
    named(counts, &mut text);
    text
}

/// Every part of a row, at each layer.
#[must_use]
pub fn parts(counts: &[Counted]) -> String {
    let mut text = String::new();
    for counted in counts {
        let _ = writeln!(text, "\n{}: {:.1}", counted.cell, counted.instructions);
        let mut parts: Vec<_> = counted
            .parts
            .iter()
            .filter(|(_, n)| n.abs() >= 0.05)
            .collect();
        parts.sort_by(|a, b| b.1.total_cmp(a.1));
        for (part, n) in parts {
            let _ = writeln!(text, "{n:10.1}  {part}");
        }
    }
    text
}

fn instructions(counts: &[Counted], text: &mut String) {
    text.push_str(
        "\nInstructions an operation:\n\n\
         | operation | on | raw | layer A | layer B | B / A | erased | erased / A |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows(counts) {
        let [raw, a, b, erased] = LAYERS.map(|layer| at(counts, row, layer));
        let n = |count: Option<&Counted>| {
            count.map_or_else(String::new, |count| format!("{:.0}", count.instructions))
        };
        let by_a = |count: Option<&Counted>| match (count, a) {
            (Some(count), Some(a)) => format!("{:.3}", count.instructions / a.instructions),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.operation.title(),
            word(row.stack),
            n(raw),
            n(a),
            n(b),
            by_a(b),
            n(erased),
            by_a(erased)
        );
    }
}

fn allocations(counts: &[Counted], text: &mut String) {
    text.push_str(
        "\nAllocations an operation:\n\n\
         | operation | on | raw | layer A | layer B | erased |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows(counts) {
        let cells = LAYERS.map(|layer| {
            at(counts, row, layer).map_or_else(String::new, |count| {
                format!("{:.2}", count.allocations.abs())
            })
        });
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            row.operation.title(),
            word(row.stack),
            cells.join(" | ")
        );
    }
}

fn named(counts: &[Counted], text: &mut String) {
    text.push_str(
        "\nWhat layer A has more of than raw, or less, in instructions:\n\n\
         | operation | on | in all | of which |\n\
         |---|---|---|---|\n",
    );
    for row in rows(counts).filter(|row| row.stack != Stack::Native) {
        let (Some(raw), Some(a)) = (at(counts, row, Layer::Raw), at(counts, row, Layer::A)) else {
            continue;
        };
        let mut parts: Vec<_> = added(raw, a).collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let least = (a.instructions.min(raw.instructions) * LEAST).max(1.0);
        let (shown, rest): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(_, n)| n.abs() >= least);
        let rest: f64 = rest.iter().map(|(_, n)| n).sum();
        let shown = shown.iter().map(|(part, n)| format!("{part} {n:+.0}"));
        let shown: Vec<_> = shown.chain([format!("smaller ones {rest:+.0}")]).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {:+.0} | {} |",
            row.operation.title(),
            word(row.stack),
            a.instructions - raw.instructions,
            shown.join(", ")
        );
    }
}

/// A cell of each row of which something was counted.
fn rows(counts: &[Counted]) -> impl Iterator<Item = Cell> {
    let all = OPERATIONS
        .iter()
        .flat_map(|&operation| STACKS.iter().map(move |&stack| (operation, stack)));
    all.filter_map(|row| {
        let mut cells = counts.iter().map(|count| count.cell);
        cells.find(|cell| (cell.operation, cell.stack) == row)
    })
}

/// Parts of less than this share of the smaller of both are said in sum.
const LEAST: f64 = 0.01;
