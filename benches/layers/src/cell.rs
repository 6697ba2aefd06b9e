//! What is counted: [`Cell`], an operation on a runtime at a layer. Knows nothing of how.

use std::fmt;

use clap::ValueEnum;

/// What is done again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Operation {
    /// A task is started and joined.
    SpawnJoin,
    /// A sleep is made, polled once and dropped.
    Sleep,
    /// 64 bytes are written to a connection and read from its other end, in one task.
    Tcp,
    /// A file of 1 KiB is read as a whole.
    ReadFile,
    /// 4 KiB of an open file are read at an offset.
    ReadAt,
}

/// All operations, in the order of the tables.
pub const OPERATIONS: [Operation; 5] = [
    Operation::SpawnJoin,
    Operation::Sleep,
    Operation::Tcp,
    Operation::ReadFile,
    Operation::ReadAt,
];

/// Whose tasks, timers and sockets they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Stack {
    /// tokio's.
    Tokio,
    /// async-executor's, async-io's, and those of the crates beside them.
    Smol,
    /// Our own.
    Native,
}

/// All stacks, in the order of the tables.
pub const STACKS: [Stack; 3] = [Stack::Tokio, Stack::Smol, Stack::Native];

/// How far up it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Layer {
    /// The library, as its own users call it.
    Raw,
    /// The backend's own types, and the budget charged by hand.
    A,
    /// The std-shaped types, the backend in their type.
    B,
    /// The same over `AnyRuntime`.
    Erased,
}

/// All layers, from below.
pub const LAYERS: [Layer; 4] = [Layer::Raw, Layer::A, Layer::B, Layer::Erased];

/// One number of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// What is done.
    pub operation: Operation,
    /// By whom.
    pub stack: Stack,
    /// Called where.
    pub layer: Layer,
}

impl Cell {
    /// All that there are: native has nothing below it.
    pub fn all() -> impl Iterator<Item = Cell> {
        let rows = OPERATIONS
            .iter()
            .flat_map(|&operation| STACKS.iter().map(move |&stack| (operation, stack)));
        let cells = rows.flat_map(|(operation, stack)| {
            LAYERS.iter().map(move |&layer| Cell {
                operation,
                stack,
                layer,
            })
        });
        cells.filter(|cell| (cell.stack, cell.layer) != (Stack::Native, Layer::Raw))
    }

    /// How often it is done in the shorter of two runs.
    #[must_use]
    pub fn n_times(self) -> usize {
        const POOLED: usize = 500;
        const MET: usize = 4000;
        const PLAIN: usize = 2000;
        match (self.operation, self.layer) {
            // There each is a trip to another thread, which takes long.
            (Operation::ReadFile | Operation::ReadAt, Layer::Raw) => POOLED,
            // What the allocator does once and what it does not, from run to run, is less of each.
            (Operation::ReadFile, _) => MET,
            _ => PLAIN,
        }
    }

    /// The arguments that name it to a program.
    #[must_use]
    pub fn arguments(self) -> [String; 3] {
        [word(self.operation), word(self.stack), word(self.layer)]
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arguments().join(" "))
    }
}

impl Operation {
    /// As a reader calls it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Operation::SpawnJoin => "spawn + join",
            Operation::Sleep => "sleep: made, polled once, dropped",
            Operation::Tcp => "TCP: 64 B written and read",
            Operation::ReadFile => "fs::read of 1 KiB",
            Operation::ReadAt => "read_at of 4 KiB",
        }
    }
}

/// As the command line calls it.
#[must_use]
pub fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.expect("none is skipped").get_name().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cell_is_there_once() {
        let all: std::collections::BTreeSet<_> = Cell::all().collect();
        assert_eq!(all.len(), Cell::all().count());
        assert_eq!(all.len(), 5 * (4 + 4 + 3));
    }
}
