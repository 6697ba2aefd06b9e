//! tokio as a backend of anyrt.
