//! Integers as the protocol writes them.
//!
//! One spelling a number: no plus, no leading zero, no blank, so that a value which reads as a
//! number is written back byte for byte. It knows nothing of what the number means.

/// Reads a whole decimal `i64`.
pub(crate) fn parse_integer(digits: &[u8]) -> Option<i64> {
    match digits {
        [b'0'] => Some(0),
        [b'-', b'1'..=b'9', ..] | [b'1'..=b'9', ..] => str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_integer;

    #[test]
    fn one_spelling_a_number() {
        for number in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(parse_integer(number.to_string().as_bytes()), Some(number));
        }
        for text in [
            "",
            "-",
            "+1",
            "01",
            "-0",
            " 1",
            "1 ",
            "1.0",
            "9223372036854775808",
            "1_0",
        ] {
            assert_eq!(parse_integer(text.as_bytes()), None, "{text:?}");
        }
    }
}
