//! What backends over an operating system share: files, name lookup, waiters, the task wrapper.
