//! What is true of the std-shaped sockets on any backend, shown on one made for it.

mod addresses;
mod auto_traits;
mod fake;
mod incoming;
mod streams;
