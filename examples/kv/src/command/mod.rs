//! What a request means.
//!
//! ```text
//!   arguments -> table: name, arity, kind -> strings | expiry | keys | server -> Db, Output
//! ```
//!
//! Commands run under the engine's lock and never wait. They know the store, records and replies,
//! and nothing of sockets, files or clocks: the time is an argument. The engine calls [`execute`].

mod expiry;
mod keys;
mod server;
mod strings;
mod table;

use std::borrow::Cow;

use self::table::Spec;
use crate::config::Config;
use crate::db::Db;
use crate::number::parse_integer;
use crate::resp::Output;
use crate::stats::Stats;

/// What a command may look at and change.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The command's name and what follows it.
    pub(crate) arguments: &'a [&'a [u8]],
    /// The time of the call, in milliseconds of the Unix epoch.
    pub(crate) now_ms: u64,
    pub(crate) db: &'a mut Db,
    pub(crate) out: &'a mut Output,
    pub(crate) facts: &'a Facts,
}

/// What commands may tell about the server.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) config: Config,
    pub(crate) stats: Stats,
    /// The name of the runtime.
    pub(crate) runtime: &'static str,
}

/// What a reply rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// On nothing that a failed write could take back.
    Connection,
    /// On what the store holds.
    Read,
    /// On a change of the store.
    Write,
}

/// What the connection does after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Continue,
    /// Send what there is, and close.
    Close,
    /// Close at once: this is no client of ours.
    Abandon,
}

/// Why a command was not carried out: the text of an error reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure(Cow<'static, str>);

impl Failure {
    const SYNTAX: Self = Self(Cow::Borrowed("ERR syntax error"));
    const NOT_AN_INTEGER: Self = Self(Cow::Borrowed("ERR value is not an integer or out of range"));
    const TOO_LONG: Self = Self(Cow::Borrowed(
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
    ));
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

/// Carries out one request and writes its reply, exactly one.
///
/// `arguments` is not empty.
pub(crate) fn execute(call: &mut Call<'_>) -> (Kind, Next) {
    let name = call.arguments[0];
    if name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:") {
        // A browser was talked into sending a request here: nothing of what follows may run.
        return (Kind::Connection, Next::Abandon);
    }
    call.facts.stats.commands.add(1);
    let Some(spec) = table::find(name) else {
        call.out.error(&unknown_command(call.arguments));
        return (Kind::Connection, Next::Continue);
    };
    if let Err(Failure(text)) = run(spec, call) {
        call.out.error(&text);
    }
    let next = if spec.name == "quit" {
        Next::Close
    } else {
        Next::Continue
    };
    (spec.kind, next)
}

fn run(spec: &Spec, call: &mut Call<'_>) -> Result<(), Failure> {
    if !spec.takes(call.arguments.len()) {
        return Err(Failure::from(wrong_number(spec.name)));
    }
    if let (Kind::Write, Some(refusal)) = (spec.kind, call.db.queue.refusal()) {
        return Err(Failure::from(refused(refusal)));
    }
    (spec.run)(call)
}

/// The reply to whatever rests on a write that did not reach the log.
pub(crate) fn refused(why: &impl std::fmt::Display) -> String {
    format!("MISCONF the append-only file refuses writes: {why}")
}

fn wrong_number(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}

fn unknown_command(arguments: &[&[u8]]) -> String {
    let shown = |bytes: &[u8]| {
        let shown = &bytes[..bytes.len().min(UNKNOWN_SHOWN_BYTES)];
        String::from_utf8_lossy(shown).into_owned()
    };
    let mut text = format!(
        "ERR unknown command '{}', with args beginning with: ",
        shown(arguments[0])
    );
    for argument in &arguments[1..] {
        if text.len() > UNKNOWN_SHOWN_BYTES {
            break;
        }
        text.push_str(&format!("'{}' ", shown(argument)));
    }
    text
}

fn integer(argument: &[u8]) -> Result<i64, Failure> {
    parse_integer(argument).ok_or(Failure::NOT_AN_INTEGER)
}

/// A length or a count as a reply.
fn as_reply(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// How much of an unknown command is repeated to the client.
const UNKNOWN_SHOWN_BYTES: usize = 128;

#[cfg(test)]
mod tests;
