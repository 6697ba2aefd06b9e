//! smol as a backend of anyrt: async-executor, async-io and blocking.
