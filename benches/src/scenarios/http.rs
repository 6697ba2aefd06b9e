//! hyper's HTTP/1.1 on each contender: one fixed response over connections that stay open.
//!
//! hyper is the same for all; what differs is the runtime, and the adapter through which hyper
//! reads and writes its connections ([`Connection::into_http`]).

use std::{convert::Infallible, io};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};

use super::{
    Place, Scenario, Setup, everyone, more_descriptors,
    names::*,
    server::{Load, serve},
};
use crate::{
    client::Protocol,
    contender::{Connection, Owner},
    figure::Value,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        name: "http_100",
        what: "HTTP/1.1 through hyper: a GET and its response over 100 connections",
        place: Place::Network,
        cells: everyone!(http),
    }]
}

fn http<O: Owner>(setup: &Setup) -> io::Result<Vec<Value>> {
    let load = Load {
        protocol: Protocol::Http,
        connections: 100,
    };
    more_descriptors(load.connections as u64)?;
    let (owner, addr) = serve::<O, _>(setup, respond)?;
    let values = load.answered(setup, addr)?;
    owner.stop();
    Ok(values)
}

/// Until the client goes.
async fn respond(stream: impl Connection) {
    let connection = http1::Builder::new().serve_connection(stream.into_http(), service_fn(hello));
    // A client that goes between two requests is no error, and one that goes in between is none of
    // the server's.
    let _ = connection.await;
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::new(Bytes::from_static(
        b"Hello, world!",
    ))))
}
