//! Glob patterns, matched in time linear in the text.
//!
//! A pattern is compiled into a row of byte sets, and a text runs through all of them at once, one
//! bit a position (Shift-And with loops), so no pattern can make a match backtrack. It knows
//! nothing of keys or replies. KEYS, SCAN and CONFIG GET call it.

use std::fmt;

/// The longest pattern that is compiled, in bytes.
pub(crate) const PATTERN_MAX_BYTES: usize = 1024;

const WORDS_MAX: usize = PATTERN_MAX_BYTES / 64 + 1;

/// A compiled pattern: `*`, `?`, `[a-c]`, `[^a-c]` and `\` before a byte that is meant literally.
///
/// Bit `i` of the state is set while the first `i` items of the pattern have been matched.
pub(crate) struct Pattern {
    /// For each byte, the items that accept it: `words` words a byte.
    accepts: Box<[u64]>,
    /// The positions where a star stands: any byte may pass without advance.
    loops: Box<[u64]>,
    words: usize,
    n_items: usize,
}

/// The pattern is longer than [`PATTERN_MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PatternTooLong;

impl Pattern {
    /// Compiles `pattern`; every text of bytes means something, as it does in Redis.
    pub(crate) fn compile(pattern: &[u8]) -> Result<Self, PatternTooLong> {
        if pattern.len() > PATTERN_MAX_BYTES {
            return Err(PatternTooLong);
        }
        let mut items = Vec::new();
        let mut stars = Vec::new();
        let mut rest = pattern;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'*' => stars.push(items.len()),
                b'?' => items.push(ByteSet::FULL),
                b'[' => items.push(ByteSet::parse_class(&mut rest)),
                b'\\' => items.push(ByteSet::of(take_escaped(&mut rest))),
                _ => items.push(ByteSet::of(byte)),
            }
        }
        Ok(Self::assemble(&items, &stars))
    }

    fn assemble(items: &[ByteSet], stars: &[usize]) -> Self {
        let words = items.len() / 64 + 1;
        let mut accepts = vec![0; 256 * words].into_boxed_slice();
        for (position, set) in items.iter().enumerate() {
            for byte in 0..=u8::MAX {
                if set.contains(byte) {
                    accepts[usize::from(byte) * words + position / 64] |= 1 << (position % 64);
                }
            }
        }
        let mut loops = vec![0; words].into_boxed_slice();
        for &position in stars {
            loops[position / 64] |= 1 << (position % 64);
        }
        Self {
            accepts,
            loops,
            words,
            n_items: items.len(),
        }
    }

    /// Whether the whole of `text` matches.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let mut state = [0u64; WORDS_MAX];
        let state = &mut state[..self.words];
        state[0] = 1;
        for &byte in text {
            let row = usize::from(byte) * self.words;
            let accepts = &self.accepts[row..row + self.words];
            let mut carry = 0;
            let mut alive = 0;
            for (word, (accept, stay)) in state.iter_mut().zip(accepts.iter().zip(&self.loops)) {
                let advanced = *word & accept;
                *word = (advanced << 1) | carry | (*word & stay);
                carry = advanced >> 63;
                alive |= *word;
            }
            if alive == 0 {
                return false;
            }
        }
        state[self.n_items / 64] & (1 << (self.n_items % 64)) != 0
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern")
            .field("n_items", &self.n_items)
            .finish_non_exhaustive()
    }
}

/// A set of bytes, one bit each.
#[derive(Clone, Copy)]
struct ByteSet([u64; 4]);

impl ByteSet {
    const EMPTY: Self = Self([0; 4]);
    const FULL: Self = Self([u64::MAX; 4]);

    fn of(byte: u8) -> Self {
        let mut set = Self::EMPTY;
        set.insert(byte);
        set
    }

    /// Reads a class whose `[` has been taken. An unclosed class ends with the pattern.
    fn parse_class(rest: &mut &[u8]) -> Self {
        let negated = rest.first() == Some(&b'^');
        if negated {
            *rest = &rest[1..];
        }
        let mut set = Self::EMPTY;
        while let Some((&byte, tail)) = rest.split_first() {
            *rest = tail;
            match (byte, tail) {
                (b']', _) => break,
                (b'\\', [_, ..]) => set.insert(take_escaped(rest)),
                (low, [b'-', high, after @ ..]) => {
                    *rest = after;
                    (low.min(*high)..=low.max(*high)).for_each(|b| set.insert(b));
                }
                (single, _) => set.insert(single),
            }
        }
        if negated {
            Self(set.0.map(|word| !word))
        } else {
            set
        }
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte) / 64] |= 1 << (byte % 64);
    }

    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte) / 64] & (1 << (byte % 64)) != 0
    }
}

/// The byte after a backslash; a backslash at the end of the pattern means itself.
fn take_escaped(rest: &mut &[u8]) -> u8 {
    match rest.split_first() {
        Some((&byte, tail)) => {
            *rest = tail;
            byte
        }
        None => b'\\',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::compile(pattern.as_bytes())
            .expect("the pattern is short")
            .matches(text.as_bytes())
    }

    #[test]
    fn documented_examples() {
        assert!(matches("h?llo", "hallo"));
        assert!(!matches("h?llo", "hllo"));
        assert!(matches("h*llo", "heeeello") && matches("h*llo", "hllo"));
        assert!(matches("h[ae]llo", "hello") && !matches("h[ae]llo", "hillo"));
        assert!(matches("h[^e]llo", "hallo") && !matches("h[^e]llo", "hello"));
        assert!(matches("h[a-b]llo", "hbllo") && !matches("h[a-b]llo", "hcllo"));
        assert!(matches("h[b-a]llo", "hallo"));
        assert!(matches("\\*", "*") && !matches("\\*", "a"));
        assert!(matches("a\\", "a\\"));
        assert!(matches("[\\]]", "]"));
        assert!(matches("[ab", "b"));
        assert!(!matches("[", ""));
        assert!(matches("", "") && !matches("", "a"));
        assert!(matches("*", "") && matches("**", "anything"));
    }

    #[test]
    fn positions_cross_words() {
        let pattern = "a".repeat(130) + "*b";
        assert!(matches(&pattern, &("a".repeat(130) + "xyzb")));
        assert!(matches(&pattern, &("a".repeat(130) + "b")));
        assert!(!matches(&pattern, &("a".repeat(129) + "b")));
        let longest = "?".repeat(PATTERN_MAX_BYTES);
        assert!(matches(&longest, &"x".repeat(PATTERN_MAX_BYTES)));
        assert!(!matches(&longest, &"x".repeat(PATTERN_MAX_BYTES - 1)));
        assert_eq!(
            Pattern::compile(&[b'*'; PATTERN_MAX_BYTES + 1]).map(|_| ()),
            Err(PatternTooLong)
        );
    }

    #[test]
    fn hostile_pattern_does_not_backtrack() {
        // A matcher that backtracks would need about 2^40 steps here.
        let pattern = "a*".repeat(60) + "b";
        assert!(!matches(&pattern, &"a".repeat(100_000)));
    }

    /// The plain recursive reading of a pattern that has no classes.
    fn model(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skip| model(rest, &text[skip..])),
            Some((b'?', rest)) => !text.is_empty() && model(rest, &text[1..]),
            Some((&byte, rest)) => text.first() == Some(&byte) && model(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_model(pattern in "[ab?*]{0,9}", text in "[abc]{0,12}") {
            prop_assert_eq!(
                matches(&pattern, &text),
                model(pattern.as_bytes(), text.as_bytes())
            );
        }

        #[test]
        fn any_bytes_compile(
            pattern in proptest::collection::vec(any::<u8>(), 0..200),
            text in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let compiled = Pattern::compile(&pattern).expect("the pattern is short");
            compiled.matches(&text);
        }

        #[test]
        fn an_escaped_text_matches_itself(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let pattern: Vec<u8> = text.iter().flat_map(|&byte| [b'\\', byte]).collect();
            prop_assert!(Pattern::compile(&pattern).expect("the pattern is short").matches(&text));
        }
    }
}
