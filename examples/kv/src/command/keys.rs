//! Commands on keys as such.
//!
//! It knows nothing of what values hold. [`super::table`] names them.

use crate::aof::Record;
use crate::command::{Call, Failure, as_reply, integer};
use crate::glob::{PATTERN_MAX_BYTES, Pattern};
use crate::number::parse_integer;
use crate::store::Key;

pub(super) fn del(call: &mut Call<'_>) -> Result<(), Failure> {
    let mut keys = call.arguments[1..].to_vec();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| call.db.get(key, call.now_ms).is_some());
    if !keys.is_empty() {
        call.db.change(&Record::Delete { keys: &keys });
    }
    call.out.integer(as_reply(keys.len()));
    Ok(())
}

pub(super) fn exists(call: &mut Call<'_>) -> Result<(), Failure> {
    let keys = call.arguments[1..].iter();
    let n_found = keys
        .filter(|key| call.db.get(key, call.now_ms).is_some())
        .count();
    call.out.integer(as_reply(n_found));
    Ok(())
}

pub(super) fn key_type(call: &mut Call<'_>) -> Result<(), Failure> {
    let found = call.db.get(call.arguments[1], call.now_ms).is_some();
    call.out.simple(if found { "string" } else { "none" });
    Ok(())
}

pub(super) fn dbsize(call: &mut Call<'_>) -> Result<(), Failure> {
    call.out.integer(as_reply(call.db.store.len()));
    Ok(())
}

pub(super) fn flushall(call: &mut Call<'_>) -> Result<(), Failure> {
    match &call.arguments[1..] {
        [] => {}
        [mode] if mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC") => {}
        _ => return Err(Failure::SYNTAX),
    }
    call.db.change(&Record::Clear);
    call.out.simple("OK");
    Ok(())
}

pub(super) fn keys(call: &mut Call<'_>) -> Result<(), Failure> {
    let pattern = compile(call.arguments[1])?;
    let mut found = Found::new(call.out.room());
    for key in call.db.store.keys(call.now_ms) {
        if pattern.matches(key) && !found.push(key) {
            break;
        }
    }
    found.reply(call);
    Ok(())
}

pub(super) fn scan(call: &mut Call<'_>) -> Result<(), Failure> {
    let cursor = parse_integer(call.arguments[1]).and_then(|cursor| usize::try_from(cursor).ok());
    let cursor = cursor.ok_or_else(|| Failure::from("ERR invalid cursor".to_owned()))?;
    let mut pattern = None;
    let (mut count, mut wants_strings) = (10, true);
    let options = &call.arguments[2..];
    if !options.len().is_multiple_of(2) {
        return Err(Failure::SYNTAX);
    }
    for option in options.chunks_exact(2) {
        match option[0].to_ascii_uppercase().as_slice() {
            b"MATCH" => pattern = Some(compile(option[1])?),
            b"COUNT" => {
                let number = usize::try_from(integer(option[1])?).ok().filter(|n| *n > 0);
                count = number.ok_or(Failure::SYNTAX)?;
            }
            b"TYPE" => wants_strings = option[1].eq_ignore_ascii_case(b"string"),
            _ => return Err(Failure::SYNTAX),
        }
    }
    let mut found = Found::new(call.out.room());
    let next = call.db.store.scan(cursor, count, call.now_ms, |key| {
        if wants_strings && pattern.as_ref().is_none_or(|pattern| pattern.matches(key)) {
            found.push(key);
        }
    });
    call.out.array(2);
    call.out.bulk(next.to_string().as_bytes());
    found.reply(call);
    Ok(())
}

fn compile(pattern: &[u8]) -> Result<Pattern, Failure> {
    Pattern::compile(pattern).map_err(|_| {
        Failure::from(format!(
            "ERR the pattern is longer than {PATTERN_MAX_BYTES} bytes"
        ))
    })
}

/// Keys for a reply whose length must be known before its first element.
struct Found {
    keys: Vec<Key>,
    room: usize,
    is_over: bool,
}

impl Found {
    fn new(room: usize) -> Self {
        Self {
            keys: Vec::new(),
            room,
            is_over: false,
        }
    }

    /// Takes `key` unless the reply would no longer fit; then it answers false.
    fn push(&mut self, key: &Key) -> bool {
        match self.room.checked_sub(key.len() + KEY_COST_BYTES) {
            Some(room) if !self.is_over => {
                self.room = room;
                self.keys.push(Key::clone(key));
            }
            _ => self.is_over = true,
        }
        !self.is_over
    }

    fn reply(self, call: &mut Call<'_>) {
        if self.is_over {
            call.out.overflow();
        }
        call.out.array(self.keys.len());
        for key in &self.keys {
            call.out.bulk(key);
        }
    }
}

/// What a key costs in a reply beside its own bytes.
const KEY_COST_BYTES: usize = 24;
