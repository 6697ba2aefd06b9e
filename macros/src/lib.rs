//! The attributes of anyrt: main and test.
