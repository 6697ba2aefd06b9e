//! Nothing: the cases of this package are its tests.
#![forbid(unsafe_code)]
