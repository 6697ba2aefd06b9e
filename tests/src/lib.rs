//! What needs several backends: the mixing matrix, allocation counts, the joint report.
#![forbid(unsafe_code)]
