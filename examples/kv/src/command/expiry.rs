//! Commands that read and move deadlines.
//!
//! A deadline is a point in time, in milliseconds of the Unix epoch, from the moment it is given,
//! so it survives a restart. It knows nothing of values. [`super::table`] names them.

use crate::aof::Record;
use crate::command::{Call, Failure, integer};

/// How a number names a point in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    millis: i64,
    is_relative: bool,
}

impl Unit {
    pub(super) const SECONDS: Self = Self {
        millis: 1000,
        is_relative: true,
    };
    pub(super) const MILLIS: Self = Self {
        millis: 1,
        is_relative: true,
    };
    const AT_SECONDS: Self = Self {
        millis: 1000,
        is_relative: false,
    };
    const AT_MILLIS: Self = Self {
        millis: 1,
        is_relative: false,
    };

    /// The unit behind EX, PX, EXAT and PXAT.
    pub(super) fn of_option(option: &[u8]) -> Self {
        match option {
            b"EX" => Self::SECONDS,
            b"PX" => Self::MILLIS,
            b"EXAT" => Self::AT_SECONDS,
            _ => Self::AT_MILLIS,
        }
    }

    /// The deadline that `number` means; the epoch if it lies before; `None` if it cannot be
    /// counted.
    pub(super) fn deadline(self, number: i64, now_ms: u64) -> Option<u64> {
        let base = if self.is_relative {
            i64::try_from(now_ms).ok()?
        } else {
            0
        };
        let at = number.checked_mul(self.millis)?.checked_add(base)?;
        Some(u64::try_from(at).unwrap_or(0))
    }
}

pub(super) fn invalid_time(name: &str) -> Failure {
    Failure::from(format!("ERR invalid expire time in '{name}' command"))
}

pub(super) fn expire(call: &mut Call<'_>) -> Result<(), Failure> {
    move_deadline(call, Unit::SECONDS, "expire")
}

pub(super) fn pexpire(call: &mut Call<'_>) -> Result<(), Failure> {
    move_deadline(call, Unit::MILLIS, "pexpire")
}

pub(super) fn expireat(call: &mut Call<'_>) -> Result<(), Failure> {
    move_deadline(call, Unit::AT_SECONDS, "expireat")
}

pub(super) fn pexpireat(call: &mut Call<'_>) -> Result<(), Failure> {
    move_deadline(call, Unit::AT_MILLIS, "pexpireat")
}

/// Under which condition a deadline moves.
#[derive(Debug, Default)]
struct Condition {
    if_none: bool,
    if_some: bool,
    if_later: bool,
    if_earlier: bool,
}

impl Condition {
    fn parse(options: &[&[u8]]) -> Result<Self, Failure> {
        let mut parsed = Self::default();
        for option in options {
            match option.to_ascii_uppercase().as_slice() {
                b"NX" => parsed.if_none = true,
                b"XX" => parsed.if_some = true,
                b"GT" => parsed.if_later = true,
                b"LT" => parsed.if_earlier = true,
                _ => {
                    let option = String::from_utf8_lossy(option).into_owned();
                    return Err(Failure::from(format!("ERR Unsupported option {option}")));
                }
            }
        }
        if parsed.if_none && (parsed.if_some || parsed.if_later || parsed.if_earlier) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(Failure::from(text.to_owned()));
        }
        if parsed.if_later && parsed.if_earlier {
            let text = "ERR GT and LT options at the same time are not compatible";
            return Err(Failure::from(text.to_owned()));
        }
        Ok(parsed)
    }

    /// A key without a deadline counts as one whose deadline is never.
    fn holds(&self, before: Option<u64>, after: u64) -> bool {
        !(self.if_none && before.is_some()
            || self.if_some && before.is_none()
            || self.if_later && before.is_none_or(|before| after <= before)
            || self.if_earlier && before.is_some_and(|before| after >= before))
    }
}

fn move_deadline(call: &mut Call<'_>, unit: Unit, name: &str) -> Result<(), Failure> {
    let key = call.arguments[1];
    let number = integer(call.arguments[2])?;
    let deadline_ms = unit
        .deadline(number, call.now_ms)
        .ok_or_else(|| invalid_time(name))?;
    let condition = Condition::parse(&call.arguments[3..])?;
    let entry = call.db.get(key, call.now_ms);
    if entry.is_none_or(|entry| !condition.holds(entry.deadline_ms, deadline_ms)) {
        call.out.integer(0);
        return Ok(());
    }
    if deadline_ms <= call.now_ms {
        call.db.change(&Record::Delete { keys: &[key] });
    } else {
        call.db.change(&Record::ExpireAt { key, deadline_ms });
    }
    call.out.integer(1);
    Ok(())
}

pub(super) fn persist(call: &mut Call<'_>) -> Result<(), Failure> {
    let key = call.arguments[1];
    let entry = call.db.get(key, call.now_ms);
    let has_deadline = entry.is_some_and(|entry| entry.deadline_ms.is_some());
    if has_deadline {
        call.db.change(&Record::Persist { key });
    }
    call.out.integer(i64::from(has_deadline));
    Ok(())
}

pub(super) fn ttl(call: &mut Call<'_>) -> Result<(), Failure> {
    // Rounded to the nearest second.
    reply_left(call, |left_ms| left_ms.saturating_add(500) / 1000)
}

pub(super) fn pttl(call: &mut Call<'_>) -> Result<(), Failure> {
    reply_left(call, |left_ms| left_ms)
}

/// Replies -2 if there is no key, -1 if it has no deadline, else what `shown` makes of the rest.
fn reply_left(call: &mut Call<'_>, shown: fn(u64) -> u64) -> Result<(), Failure> {
    let left = match call.db.get(call.arguments[1], call.now_ms) {
        None => -2,
        Some(entry) => match entry.deadline_ms {
            None => -1,
            Some(at) => i64::try_from(shown(at - call.now_ms)).unwrap_or(i64::MAX),
        },
    };
    call.out.integer(left);
    Ok(())
}
