//! What comes out: a line of JSON a figure for programs, a table for people.
//!
//! It knows figures and nothing of how they were made. Another form (a plot, a page) is another
//! file beside these, fed with the same figures.

mod lines;
mod table;

pub use self::{lines::Lines, table::markdown};
