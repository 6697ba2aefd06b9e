//! The commands by name.
//!
//! It knows how many arguments a command takes and what it may do, and not how. [`super::execute`]
//! and COMMAND read it.

use crate::command::{Call, Failure, Kind, expiry, keys, server, strings};

/// What is known of a command before it runs.
pub(crate) struct Spec {
    /// Its name in lower case.
    pub(crate) name: &'static str,
    /// Arguments with the name: exactly so many, or at least so many if negative.
    pub(crate) arity: i64,
    pub(crate) kind: Kind,
    /// First key, last key (negative: from the end) and step; zeros if it takes none.
    pub(crate) keys: (i64, i64, i64),
    pub(crate) run: fn(&mut Call<'_>) -> Result<(), Failure>,
}

impl Spec {
    pub(crate) fn takes(&self, n_arguments: usize) -> bool {
        let n = i64::try_from(n_arguments).unwrap_or(i64::MAX);
        if self.arity < 0 {
            n >= -self.arity
        } else {
            n == self.arity
        }
    }
}

/// The command of this name, in any case.
pub(crate) fn find(name: &[u8]) -> Option<&'static Spec> {
    let mut lower = [0; NAME_MAX_BYTES];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let found = TABLE
        .binary_search_by(|spec| spec.name.as_bytes().cmp(lower))
        .ok()?;
    Some(&TABLE[found])
}

const NAME_MAX_BYTES: usize = 16;

const fn connection(
    name: &'static str,
    arity: i64,
    run: fn(&mut Call<'_>) -> Result<(), Failure>,
) -> Spec {
    Spec {
        name,
        arity,
        kind: Kind::Connection,
        keys: (0, 0, 0),
        run,
    }
}

const fn read(
    name: &'static str,
    arity: i64,
    keys: (i64, i64, i64),
    run: fn(&mut Call<'_>) -> Result<(), Failure>,
) -> Spec {
    Spec {
        name,
        arity,
        kind: Kind::Read,
        keys,
        run,
    }
}

const fn write(
    name: &'static str,
    arity: i64,
    keys: (i64, i64, i64),
    run: fn(&mut Call<'_>) -> Result<(), Failure>,
) -> Spec {
    Spec {
        name,
        arity,
        kind: Kind::Write,
        keys,
        run,
    }
}

const NONE: (i64, i64, i64) = (0, 0, 0);
const ONE: (i64, i64, i64) = (1, 1, 1);
const ALL: (i64, i64, i64) = (1, -1, 1);
const PAIRS: (i64, i64, i64) = (1, -1, 2);

/// Every command, in the order of the names.
pub(crate) static TABLE: &[Spec] = &[
    write("append", 3, ONE, strings::append),
    connection("command", -1, server::command),
    connection("config", -2, server::config),
    read("dbsize", 1, NONE, keys::dbsize),
    write("decr", 2, ONE, strings::decr),
    write("decrby", 3, ONE, strings::decrby),
    write("del", -2, ALL, keys::del),
    connection("echo", 2, server::echo),
    read("exists", -2, ALL, keys::exists),
    write("expire", -3, ONE, expiry::expire),
    write("expireat", -3, ONE, expiry::expireat),
    write("flushall", -1, NONE, keys::flushall),
    read("get", 2, ONE, strings::get),
    write("getdel", 2, ONE, strings::getdel),
    write("getset", 3, ONE, strings::getset),
    connection("hello", -1, server::hello),
    write("incr", 2, ONE, strings::incr),
    write("incrby", 3, ONE, strings::incrby),
    read("info", -1, NONE, server::info),
    read("keys", 2, NONE, keys::keys),
    read("mget", -2, ALL, strings::mget),
    write("mset", -3, PAIRS, strings::mset),
    write("persist", 2, ONE, expiry::persist),
    write("pexpire", -3, ONE, expiry::pexpire),
    write("pexpireat", -3, ONE, expiry::pexpireat),
    connection("ping", -1, server::ping),
    write("psetex", 4, ONE, strings::psetex),
    read("pttl", 2, ONE, expiry::pttl),
    connection("quit", -1, server::quit),
    read("scan", -2, NONE, keys::scan),
    connection("select", 2, server::select),
    write("set", -3, ONE, strings::set),
    write("setex", 4, ONE, strings::setex),
    write("setnx", 3, ONE, strings::setnx),
    read("strlen", 2, ONE, strings::strlen),
    read("ttl", 2, ONE, expiry::ttl),
    read("type", 2, ONE, keys::key_type),
    write("unlink", -2, ALL, keys::del),
];
