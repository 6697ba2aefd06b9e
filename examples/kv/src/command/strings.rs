//! Commands that read and write values.
//!
//! It knows nothing of deadlines but that SET may give one. A command that answers a value changes
//! nothing if the answer does not fit. [`super::table`] names them.

use crate::aof::Record;
use crate::command::{Call, Failure, as_reply, expiry, integer, wrong_number};

pub(super) fn get(call: &mut Call<'_>) -> Result<(), Failure> {
    reply_value(call, call.arguments[1]);
    Ok(())
}

pub(super) fn mget(call: &mut Call<'_>) -> Result<(), Failure> {
    call.out.array(call.arguments.len() - 1);
    for key in &call.arguments[1..] {
        reply_value(call, key);
    }
    Ok(())
}

pub(super) fn strlen(call: &mut Call<'_>) -> Result<(), Failure> {
    let entry = call.db.get(call.arguments[1], call.now_ms);
    call.out
        .integer(as_reply(entry.map_or(0, |entry| entry.value.len())));
    Ok(())
}

pub(super) fn getdel(call: &mut Call<'_>) -> Result<(), Failure> {
    let key = call.arguments[1];
    reply_value(call, key);
    if call.db.get(key, call.now_ms).is_some() && !call.out.is_over() {
        call.db.change(&Record::Delete { keys: &[key] });
    }
    Ok(())
}

pub(super) fn getset(call: &mut Call<'_>) -> Result<(), Failure> {
    let (key, value) = (call.arguments[1], call.arguments[2]);
    reply_value(call, key);
    if !call.out.is_over() {
        let deadline_ms = None;
        call.db.change(&Record::Set {
            key,
            value,
            deadline_ms,
        });
    }
    Ok(())
}

pub(super) fn mset(call: &mut Call<'_>) -> Result<(), Failure> {
    let pairs = &call.arguments[1..];
    if !pairs.len().is_multiple_of(2) {
        return Err(Failure::from(wrong_number("mset")));
    }
    call.db.change(&Record::SetMany { pairs });
    call.out.simple("OK");
    Ok(())
}

/// What stands behind `SET key value`.
#[derive(Debug, Default)]
struct SetOptions {
    deadline_ms: Option<u64>,
    keep_deadline: bool,
    answer_old: bool,
    /// `Some(true)`: only if the key is there (XX); `Some(false)`: only if it is not (NX).
    if_present: Option<bool>,
}

impl SetOptions {
    fn parse(mut options: &[&[u8]], now_ms: u64) -> Result<Self, Failure> {
        let mut parsed = Self::default();
        while let Some((option, rest)) = options.split_first() {
            options = rest;
            let option = option.to_ascii_uppercase();
            match option.as_slice() {
                b"NX" | b"XX" if parsed.if_present.is_none() => {
                    parsed.if_present = Some(option == b"XX");
                }
                b"GET" if !parsed.answer_old => parsed.answer_old = true,
                b"KEEPTTL" if !parsed.keep_deadline && parsed.deadline_ms.is_none() => {
                    parsed.keep_deadline = true;
                }
                b"EX" | b"PX" | b"EXAT" | b"PXAT"
                    if !parsed.keep_deadline && parsed.deadline_ms.is_none() =>
                {
                    let (number, rest) = options.split_first().ok_or(Failure::SYNTAX)?;
                    options = rest;
                    let unit = expiry::Unit::of_option(&option);
                    let number = integer(number)?;
                    let deadline = unit.deadline(number, now_ms).filter(|_| number > 0);
                    parsed.deadline_ms = Some(deadline.ok_or_else(|| expiry::invalid_time("set"))?);
                }
                _ => return Err(Failure::SYNTAX),
            }
        }
        Ok(parsed)
    }
}

pub(super) fn set(call: &mut Call<'_>) -> Result<(), Failure> {
    let (key, value) = (call.arguments[1], call.arguments[2]);
    let options = SetOptions::parse(&call.arguments[3..], call.now_ms)?;
    let old = call.db.get(key, call.now_ms);
    let goes_ahead = options
        .if_present
        .is_none_or(|wanted| wanted == old.is_some());
    match old {
        Some(old) if options.answer_old => call.out.bulk(old.value),
        None if options.answer_old => call.out.null(),
        _ if goes_ahead => call.out.simple("OK"),
        _ => call.out.null(),
    }
    // What cannot be answered is not done.
    if goes_ahead && !call.out.is_over() {
        let kept = old
            .and_then(|old| old.deadline_ms)
            .filter(|_| options.keep_deadline);
        let deadline_ms = options.deadline_ms.or(kept);
        call.db.change(&Record::Set {
            key,
            value,
            deadline_ms,
        });
    }
    Ok(())
}

pub(super) fn setnx(call: &mut Call<'_>) -> Result<(), Failure> {
    let (key, value) = (call.arguments[1], call.arguments[2]);
    let is_new = call.db.get(key, call.now_ms).is_none();
    if is_new {
        let deadline_ms = None;
        call.db.change(&Record::Set {
            key,
            value,
            deadline_ms,
        });
    }
    call.out.integer(i64::from(is_new));
    Ok(())
}

pub(super) fn setex(call: &mut Call<'_>) -> Result<(), Failure> {
    set_for(call, expiry::Unit::SECONDS, "setex")
}

pub(super) fn psetex(call: &mut Call<'_>) -> Result<(), Failure> {
    set_for(call, expiry::Unit::MILLIS, "psetex")
}

fn set_for(call: &mut Call<'_>, unit: expiry::Unit, name: &str) -> Result<(), Failure> {
    let (key, value) = (call.arguments[1], call.arguments[3]);
    let number = integer(call.arguments[2])?;
    let deadline_ms = unit.deadline(number, call.now_ms).filter(|_| number > 0);
    let deadline_ms = Some(deadline_ms.ok_or_else(|| expiry::invalid_time(name))?);
    call.db.change(&Record::Set {
        key,
        value,
        deadline_ms,
    });
    call.out.simple("OK");
    Ok(())
}

pub(super) fn append(call: &mut Call<'_>) -> Result<(), Failure> {
    let (key, suffix) = (call.arguments[1], call.arguments[2]);
    let len = call
        .db
        .get(key, call.now_ms)
        .map_or(0, |entry| entry.value.len());
    let len = len.saturating_add(suffix.len());
    if len > call.facts.config.request_max_bytes {
        return Err(Failure::TOO_LONG);
    }
    call.db.purge(key, call.now_ms);
    call.db.change(&Record::Append { key, suffix });
    call.out.integer(as_reply(len));
    Ok(())
}

pub(super) fn incr(call: &mut Call<'_>) -> Result<(), Failure> {
    add(call, 1)
}

pub(super) fn decr(call: &mut Call<'_>) -> Result<(), Failure> {
    add(call, -1)
}

pub(super) fn incrby(call: &mut Call<'_>) -> Result<(), Failure> {
    let by = integer(call.arguments[2])?;
    add(call, by)
}

pub(super) fn decrby(call: &mut Call<'_>) -> Result<(), Failure> {
    let by = integer(call.arguments[2])?.checked_neg();
    add(
        call,
        by.ok_or_else(|| Failure::from("ERR decrement would overflow".to_owned()))?,
    )
}

fn add(call: &mut Call<'_>, by: i64) -> Result<(), Failure> {
    let key = call.arguments[1];
    let old = call.db.get(key, call.now_ms);
    let deadline_ms = old.and_then(|old| old.deadline_ms);
    let number = old.map_or(Ok(0), |old| integer(old.value))?;
    let sum = number
        .checked_add(by)
        .ok_or_else(|| Failure::from("ERR increment or decrement would overflow".to_owned()))?;
    let value = sum.to_string();
    call.db.change(&Record::Set {
        key,
        value: value.as_bytes(),
        deadline_ms,
    });
    call.out.integer(sum);
    Ok(())
}

fn reply_value(call: &mut Call<'_>, key: &[u8]) {
    match call.db.get(key, call.now_ms) {
        Some(entry) => call.out.bulk(entry.value),
        None => call.out.null(),
    }
}
