//! What must hold of the counts. It knows nothing of how they come about; the test and the program
//! call it.

use crate::cell::{Cell, Layer, Operation, Stack, word};
use crate::count::Counted;
use crate::parts::UNNAMED;

/// Layer B's instructions by layer A's, at most.
pub const B_OVER_A_MAX: f64 = 1.02;

/// What is counted of layer A as the library's and by name, at least.
pub const NAMED_MIN: f64 = 0.98;

/// A block that is allocated now and then, for many operations, is no allocation of one: a queue of
/// async-io grows by the clock. One for each operation is a whole one.
const RARELY: f64 = 0.5;

/// All that does not hold, each a sentence.
#[must_use]
pub fn broken(counts: &[Counted]) -> Vec<String> {
    rows(counts).flat_map(|a| of_row(counts, a)).collect()
}

/// Where something does not hold.
#[must_use]
pub fn broken_rows(counts: &[Counted]) -> Vec<(Operation, Stack)> {
    let broken = rows(counts).filter(|a| !of_row(counts, a).is_empty());
    broken.map(|a| (a.cell.operation, a.cell.stack)).collect()
}

/// The rows whose instructions are not held, since they differ from run to run.
#[must_use]
pub fn unsteady(counts: &[Counted]) -> Vec<String> {
    let unsteady = rows(counts).filter(|a| !a.is_steady);
    let name = |a: &Counted| format!("{} {}", word(a.cell.operation), word(a.cell.stack));
    unsteady.map(name).collect()
}

/// Each row by its layer A.
fn rows(counts: &[Counted]) -> impl Iterator<Item = &Counted> {
    counts.iter().filter(|count| count.cell.layer == Layer::A)
}

/// The count of the same operation and stack at another layer.
#[must_use]
pub fn at(counts: &[Counted], cell: Cell, layer: Layer) -> Option<&Counted> {
    let wanted = Cell { layer, ..cell };
    counts.iter().find(|count| count.cell == wanted)
}

fn of_row(counts: &[Counted], a: &Counted) -> Vec<String> {
    let mut broken = Vec::new();
    if let Some(b) = at(counts, a.cell, Layer::B) {
        let ratio = b.instructions / a.instructions;
        if a.is_steady && b.is_steady && (ratio.is_nan() || ratio > B_OVER_A_MAX) {
            broken.push(format!(
                "{}: {:.1} instructions, layer A {:.1}: {ratio:.3} times, at most {B_OVER_A_MAX}",
                b.cell, b.instructions, a.instructions
            ));
        }
        if b.allocations > a.allocations + RARELY {
            broken.push(format!(
                "{}: {:.2} allocations, layer A {:.2}",
                b.cell, b.allocations, a.allocations
            ));
        }
    }
    if let Some(raw) = at(counts, a.cell, Layer::Raw) {
        let named: f64 = added(raw, a)
            .filter(|(part, _)| !part.starts_with(UNNAMED))
            .map(|(_, n)| n)
            .sum();
        if (raw.instructions + named) < NAMED_MIN * a.instructions {
            broken.push(format!(
                "{}: {:.1} instructions, of which raw has {:.1} and {named:.1} have a name",
                a.cell, a.instructions, raw.instructions
            ));
        }
    }
    broken
}

/// What `a` has more of than `raw`, or less, part by part.
pub fn added<'a>(raw: &'a Counted, a: &'a Counted) -> impl Iterator<Item = (&'a str, f64)> {
    let of_raw = |part: &str| raw.parts.get(part).copied().unwrap_or_default();
    let grown = a
        .parts
        .iter()
        .map(move |(part, n)| (part.as_str(), n - of_raw(part)));
    let gone = raw
        .parts
        .iter()
        .filter(|(part, _)| !a.parts.contains_key(*part));
    grown.chain(gone.map(|(part, n)| (part.as_str(), -n)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::Loops;

    fn counted(layer: Layer, parts: &[(&str, f64)], allocations: f64) -> Counted {
        let cell = Cell {
            operation: Operation::Tcp,
            stack: Stack::Tokio,
            layer,
        };
        let parts = parts.iter().map(|(part, n)| ((*part).to_owned(), *n));
        Counted {
            cell,
            instructions: parts.clone().map(|(_, n)| n).sum(),
            allocations,
            parts: parts.collect(),
            is_steady: true,
            loops: Loops::default(),
        }
    }

    #[test]
    fn what_holds_is_no_word() {
        let raw = counted(Layer::Raw, &[("tokio", 900.0), ("std", 40.0)], 1.0);
        let a = counted(Layer::A, &[("tokio", 900.0), ("budget", 100.0)], 1.0);
        let b = counted(Layer::B, &[("tokio", 919.0), ("budget", 100.0)], 1.0);
        assert!(broken(&[raw, a, b]).is_empty());
    }

    #[test]
    fn what_does_not_hold_is_said() {
        let raw = counted(Layer::Raw, &[("tokio", 900.0)], 1.0);
        let a = counted(Layer::A, &[("tokio", 900.0), (UNNAMED, 30.0)], 1.0);
        let b = counted(Layer::B, &[("tokio", 960.0)], 2.0);
        let said = broken(&[raw.clone(), a.clone(), b.clone()]).join("\n");
        assert!(said.contains("1.032 times"), "{said}");
        assert!(said.contains("2.00 allocations"), "{said}");
        assert!(said.contains("0.0 have a name"), "{said}");
        assert_eq!(broken_rows(&[raw, a, b]), [(Operation::Tcp, Stack::Tokio)]);
    }
}
