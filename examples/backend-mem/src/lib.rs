//! A whole backend in memory: the example for backend authors.
