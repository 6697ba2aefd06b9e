//! The runtimes that the program can be told to use.
//!
//! It knows their names alone: [`super::serve`] builds them, [`super::demo`] goes through them.

use std::fmt;

use clap::ValueEnum;

/// A runtime by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// Our own.
    Native,
    /// Over tokio.
    Tokio,
    /// Over smol's parts.
    Smol,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Tokio => "tokio",
            Self::Smol => "smol",
        })
    }
}
