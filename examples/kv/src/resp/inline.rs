//! A line of words, as a person at a terminal writes.
//!
//! Words stand between blanks; `"` quotes with the escapes of C and `\xhh`, `'` quotes literally
//! but for
//! `\'`. It knows nothing of buffers or commands. [`parse`](super::parse) calls it.

use crate::resp::ProtocolError;

/// The words of `line`.
pub(crate) fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        words.push(take_word(&mut rest)?);
        rest = rest.trim_ascii_start();
    }
    Ok(words)
}

fn take_word(rest: &mut &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let mut word = Vec::new();
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'"' | b'\'' => {
                *rest = tail;
                take_quoted(byte, rest, &mut word)?;
                // A closing quote ends the word.
                return match rest.first() {
                    Some(next) if !next.is_ascii_whitespace() => Err(unbalanced()),
                    _ => Ok(word),
                };
            }
            _ if byte.is_ascii_whitespace() => break,
            _ => word.push(byte),
        }
        *rest = tail;
    }
    Ok(word)
}

fn take_quoted(quote: u8, rest: &mut &[u8], word: &mut Vec<u8>) -> Result<(), ProtocolError> {
    loop {
        let (byte, tail) = match (quote, *rest) {
            (_, []) => return Err(unbalanced()),
            (b'"', [b'\\', b'x', high, low, tail @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex(*high) << 4 | hex(*low), tail)
            }
            (b'"', [b'\\', escaped, tail @ ..]) => (unescape(*escaped), tail),
            (b'\'', [b'\\', b'\'', tail @ ..]) => (b'\'', tail),
            (_, [byte, tail @ ..]) if *byte == quote => {
                *rest = tail;
                return Ok(());
            }
            (_, [byte, tail @ ..]) => (*byte, tail),
        };
        word.push(byte);
        *rest = tail;
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

fn unbalanced() -> ProtocolError {
    ProtocolError::new("unbalanced quotes in request")
}
