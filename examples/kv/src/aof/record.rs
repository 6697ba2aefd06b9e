//! One change of the store, as it stands in the log.
//!
//! A record says what came out, never what was asked: INCR is logged as the number it made, EXPIRE
//! as a point in time. So replaying needs no clock. Its form is that of the command of the same
//! name, so
//! `redis-cli --pipe` can read a log. It knows the store and no command. Commands make records, the
//! recovery reads them back, and both apply them by the same function.

use crate::number::parse_integer;
use crate::resp::write_command;
use crate::store::{Store, Undo};

/// A change of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    /// `SET key value [PXAT deadline]`: value and deadline as given, nothing kept.
    Set {
        key: &'a [u8],
        value: &'a [u8],
        deadline_ms: Option<u64>,
    },
    /// `MSET key value [key value ..]`: all of them or none.
    SetMany { pairs: &'a [&'a [u8]] },
    /// `APPEND key suffix`.
    Append { key: &'a [u8], suffix: &'a [u8] },
    /// `DEL key [key ..]`.
    Delete { keys: &'a [&'a [u8]] },
    /// `PEXPIREAT key deadline`.
    ExpireAt { key: &'a [u8], deadline_ms: u64 },
    /// `PERSIST key`.
    Persist { key: &'a [u8] },
    /// `FLUSHALL`.
    Clear,
}

impl<'a> Record<'a> {
    /// Reads a record back; `None` if the arguments are no record.
    pub(crate) fn decode(arguments: &'a [&'a [u8]]) -> Option<Self> {
        let deadline = |digits: &[u8]| u64::try_from(parse_integer(digits)?).ok();
        Some(match *arguments {
            [b"SET", key, value] => Self::Set {
                key,
                value,
                deadline_ms: None,
            },
            [b"SET", key, value, b"PXAT", at] => Self::Set {
                key,
                value,
                deadline_ms: Some(deadline(at)?),
            },
            [b"MSET", ref pairs @ ..] if !pairs.is_empty() && pairs.len().is_multiple_of(2) => {
                Self::SetMany { pairs }
            }
            [b"APPEND", key, suffix] => Self::Append { key, suffix },
            [b"DEL", ref keys @ ..] if !keys.is_empty() => Self::Delete { keys },
            [b"PEXPIREAT", key, at] => Self::ExpireAt {
                key,
                deadline_ms: deadline(at)?,
            },
            [b"PERSIST", key] => Self::Persist { key },
            [b"FLUSHALL"] => Self::Clear,
            _ => return None,
        })
    }

    /// Appends the record to `bytes`.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Set {
                key,
                value,
                deadline_ms: None,
            } => {
                write_command(bytes, &[b"SET", key, value]);
            }
            Self::Set {
                key,
                value,
                deadline_ms: Some(at),
            } => {
                write_command(
                    bytes,
                    &[b"SET", key, value, b"PXAT", at.to_string().as_bytes()],
                );
            }
            Self::SetMany { pairs } => {
                write_command(bytes, &[&[b"MSET".as_slice()], *pairs].concat())
            }
            Self::Append { key, suffix } => write_command(bytes, &[b"APPEND", key, suffix]),
            Self::Delete { keys } => write_command(bytes, &[&[b"DEL".as_slice()], *keys].concat()),
            Self::ExpireAt { key, deadline_ms } => {
                write_command(
                    bytes,
                    &[b"PEXPIREAT", key, deadline_ms.to_string().as_bytes()],
                );
            }
            Self::Persist { key } => write_command(bytes, &[b"PERSIST", key]),
            Self::Clear => write_command(bytes, &[b"FLUSHALL"]),
        }
    }

    /// Makes the change, and adds to `undo` what takes it back.
    pub(crate) fn apply(&self, store: &mut Store, undo: &mut Vec<Undo>) {
        match self {
            Self::Set {
                key,
                value,
                deadline_ms,
            } => {
                undo.push(store.put(key, value.to_vec(), *deadline_ms));
            }
            Self::SetMany { pairs } => {
                for pair in pairs.chunks_exact(2) {
                    undo.push(store.put(pair[0], pair[1].to_vec(), None));
                }
            }
            Self::Append { key, suffix } => undo.push(store.append(key, suffix)),
            Self::Delete { keys } => undo.extend(keys.iter().filter_map(|key| store.remove(key))),
            Self::ExpireAt { key, deadline_ms } => {
                undo.extend(store.set_deadline(key, Some(*deadline_ms)));
            }
            Self::Persist { key } => undo.extend(store.set_deadline(key, None)),
            Self::Clear => undo.push(store.clear()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resp::{Input, Limits};

    #[test]
    fn every_record_reads_back() {
        let pairs: [&[u8]; 4] = [b"a", b"1", b"b", b"2"];
        let records = [
            Record::Set {
                key: b"k",
                value: b"v",
                deadline_ms: None,
            },
            Record::Set {
                key: b"",
                value: b"\r\n",
                deadline_ms: Some(i64::MAX as u64),
            },
            Record::SetMany { pairs: &pairs },
            Record::Append {
                key: b"k",
                suffix: b"x",
            },
            Record::Delete { keys: &pairs },
            Record::ExpireAt {
                key: b"k",
                deadline_ms: 7,
            },
            Record::Persist { key: b"k" },
            Record::Clear,
        ];
        let mut bytes = Vec::new();
        records.iter().for_each(|record| record.encode(&mut bytes));
        let mut input = Input::new(Limits {
            request_max_bytes: 1000,
            arguments_max: 16,
        });
        input.room()[..bytes.len()].copy_from_slice(&bytes);
        input.filled(bytes.len());
        for record in records {
            let whole = input
                .next_request()
                .expect("good bytes")
                .expect("a whole record");
            let arguments = input.arguments(whole).expect("good bytes");
            arguments.with(|arguments| assert_eq!(Record::decode(arguments), Some(record)));
            input.take(whole);
        }
        assert_eq!(input.len(), 0);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let no_records: [&[&[u8]]; 9] = [
            &[],
            &[b"GET", b"k"],
            &[b"set", b"k", b"v"],
            &[b"SET", b"k"],
            &[b"SET", b"k", b"v", b"PXAT", b"-1"],
            &[b"SET", b"k", b"v", b"PX", b"1"],
            &[b"MSET", b"k"],
            &[b"DEL"],
            &[b"PEXPIREAT", b"k", b"soon"],
        ];
        for arguments in no_records {
            assert_eq!(Record::decode(arguments), None);
        }
    }

    proptest! {
        #[test]
        fn applying_and_undoing_restores(
            key in "[ab]", value in "[xy]{0,3}", deadline in proptest::option::of(0u64..9),
        ) {
            let mut store = Store::default();
            let mut undo = Vec::new();
            Record::Set { key: b"a", value: b"old", deadline_ms: Some(5) }
                .apply(&mut store, &mut undo);
            undo.clear();
            let (key, value) = (key.as_bytes(), value.as_bytes());
            Record::Append { key, suffix: value }.apply(&mut store, &mut undo);
            Record::Set { key, value, deadline_ms: deadline }.apply(&mut store, &mut undo);
            Record::Persist { key }.apply(&mut store, &mut undo);
            Record::Delete { keys: &[key, b"none"] }.apply(&mut store, &mut undo);
            Record::Clear.apply(&mut store, &mut undo);
            Record::SetMany { pairs: &[key, value, b"c", b"c"] }.apply(&mut store, &mut undo);
            undo.into_iter().rev().for_each(|undo| undo.apply(&mut store));
            let found = store.get(b"a", 0).map(|entry| (entry.value.to_vec(), entry.deadline_ms));
            prop_assert_eq!(found, Some((b"old".to_vec(), Some(5))));
            prop_assert_eq!(store.len(), 1);
        }
    }
}
