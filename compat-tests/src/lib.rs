//! The laws that every backend of anyrt obeys, as a suite for any backend.
