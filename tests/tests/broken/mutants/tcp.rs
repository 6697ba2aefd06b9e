//! Mutants of connecting, accepting and connections: L107 to L124.

use std::net::SocketAddr;

use anyrt_api::AsyncNet;

use crate::backend::{Doing, Sick, Tcp};
use crate::mutant::Mutant;

mutants! {
    TriesARefusalAgain: l108_nobody_listens => Hang;
}

/// A connect that was refused is tried again, for ever.
#[derive(Default)]
struct TriesARefusalAgain;

impl Mutant for TriesARefusalAgain {
    fn connect<'a>(&'a self, rt: &'a Sick, addr: SocketAddr) -> Doing<'a, Tcp> {
        Box::pin(async move {
            loop {
                if let Ok(raw) = rt.native.connect_tcp(addr).await {
                    return Ok(Tcp::new(raw, rt));
                }
            }
        })
    }
}
