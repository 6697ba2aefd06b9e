//! What `anyrt-benches goals` says: lines of JSON, the machine's first, then one a goal.
//!
//! It knows nothing of how they are shown.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{ALLOCATORS, Allocator};

/// What was measured with one allocator.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) allocator: &'static Allocator,
    pub(crate) machine: Machine,
    /// In the order of the rows.
    pub(crate) goals: Vec<Goal>,
}

/// On what it was measured.
#[derive(Debug, Deserialize)]
pub(crate) struct Machine {
    pub(crate) kernel: String,
    pub(crate) processor: String,
    pub(crate) workers: usize,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
}

/// One goal and what was measured.
#[derive(Debug, Deserialize)]
pub(crate) struct Goal {
    pub(crate) row: String,
    pub(crate) part: String,
    pub(crate) weight: Weight,
    pub(crate) unit: String,
    pub(crate) native: f64,
    pub(crate) other: Option<String>,
    pub(crate) other_figure: Option<f64>,
    pub(crate) ratio: Option<f64>,
    pub(crate) spread: f64,
    pub(crate) goal: String,
    pub(crate) is_short: bool,
    pub(crate) is_noisy: bool,
}

/// What it means that a row falls short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weight {
    /// It must not.
    Must,
    /// A few may.
    Counts,
    /// It does not count.
    Shown,
}

impl Run {
    /// What a run has left in a file.
    pub(crate) fn read(allocator: &'static Allocator, path: &Path) -> Result<Self, String> {
        let error = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let text = fs::read_to_string(path).map_err(|e| error(&e))?;
        Self::parse(allocator, &text).map_err(|e| error(&e))
    }

    pub(crate) fn parse(
        allocator: &'static Allocator,
        text: &str,
    ) -> Result<Self, serde_json::Error> {
        let mut lines = text.lines();
        let machine = serde_json::from_str(lines.next().unwrap_or_default())?;
        let goals = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self {
            allocator,
            machine,
            goals,
        })
    }
}

/// The allocator of that name.
pub(crate) fn named(key: &str) -> Result<&'static Allocator, String> {
    let found = ALLOCATORS.iter().find(|allocator| allocator.key == key);
    found.ok_or_else(|| {
        let keys = ALLOCATORS.each_ref().map(|allocator| allocator.key);
        format!("no such allocator; there are {}", keys.join(", "))
    })
}
