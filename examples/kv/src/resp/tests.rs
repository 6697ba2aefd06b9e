//! Framing and parsing, whole and in pieces, good and hostile.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits {
    request_max_bytes: 1000,
    arguments_max: 16,
};

/// Feeds `bytes` in pieces of `step` bytes; all requests, or the error after them.
fn feed(bytes: &[u8], step: usize) -> (Vec<Vec<Vec<u8>>>, Option<String>) {
    let mut input = Input::new(LIMITS);
    let mut requests = Vec::new();
    for piece in bytes.chunks(step) {
        let mut piece = piece;
        while !piece.is_empty() {
            let room = input.room();
            let n = room.len().min(piece.len());
            room[..n].copy_from_slice(&piece[..n]);
            input.filled(n);
            piece = &piece[n..];
        }
        loop {
            let whole = match input.next_request() {
                Ok(Some(whole)) => whole,
                Ok(None) => break,
                Err(error) => return (requests, Some(error.0)),
            };
            match input.arguments(whole) {
                Ok(arguments) => {
                    requests.push(arguments.with(|a| a.iter().map(|a| a.to_vec()).collect()));
                }
                Err(error) => return (requests, Some(error.0)),
            }
            input.take(whole);
        }
    }
    (requests, None)
}

fn words(words: &[&str]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn complaint(bytes: &[u8]) -> String {
    let whole = feed(bytes, bytes.len());
    assert_eq!(
        whole,
        feed(bytes, 1),
        "one byte at a time says something else"
    );
    whole
        .1
        .unwrap_or_else(|| panic!("{:?} was taken", bytes.escape_ascii().to_string()))
}

#[test]
fn lines_of_words() {
    let (requests, error) = feed(b"PING\r\n\r\n  set a \"b \\x41\\n\" 'c \\' d'\nPING\n", 3);
    assert_eq!(error, None);
    let expected = [
        words(&["PING"]),
        words(&[]),
        words(&["set", "a", "b A\n", "c ' d"]),
        words(&["PING"]),
    ];
    assert_eq!(requests, expected);
    assert_eq!(complaint(b"set a \"b\n"), "unbalanced quotes in request");
    assert_eq!(complaint(b"set \"a\"b\n"), "unbalanced quotes in request");
    assert_eq!(complaint(&[b'a'; 70_000]), "too big inline request");
}

#[test]
fn empty_requests_are_passed_over() {
    assert_eq!(
        feed(b"*0\r\n*-1\r\n*1\r\n$0\r\n\r\n", 1),
        (vec![words(&[]), words(&[]), words(&[""])], None)
    );
}

#[test]
fn what_is_announced_is_refused_before_it_comes() {
    assert_eq!(complaint(b"*17\r\n"), "invalid multibulk length");
    assert_eq!(
        complaint(b"*9223372036854775807\r\n"),
        "invalid multibulk length"
    );
    assert_eq!(
        complaint(b"*99999999999999999999999\r\n"),
        "invalid multibulk length"
    );
    assert_eq!(
        complaint(b"*1\r\n$991\r\n"),
        "the request is larger than 1000 bytes"
    );
    assert_eq!(
        complaint(b"*1\r\n$9223372036854775807\r\n"),
        "the request is larger than 1000 bytes"
    );
    let many = [b"*16\r\n".as_slice(), b"$90\r\n", &[b'x'; 90], b"\r\n"].concat();
    let nearly: Vec<u8> = many.iter().copied().chain(many[5..].repeat(9)).collect();
    let announced = [&nearly[..], b"$90\r\n"].concat();
    assert_eq!(
        complaint(&announced),
        "the request is larger than 1000 bytes"
    );
}

#[test]
fn malformed_requests_are_refused() {
    assert_eq!(complaint(b"*x\r\n"), "invalid multibulk length");
    assert_eq!(complaint(b"*1\n"), "invalid multibulk length");
    assert_eq!(complaint(b"*+1\r\n"), "invalid multibulk length");
    assert_eq!(complaint(&[b'*'; 64]), "invalid multibulk length");
    assert_eq!(complaint(b"*1\r\n*1\r\n"), "expected '$', got '*'");
    assert_eq!(complaint(b"*1\r\n:1\r\n"), "expected '$', got ':'");
    assert_eq!(complaint(b"*1\r\n$-1\r\n"), "invalid bulk length");
    assert_eq!(complaint(b"*1\r\n$x\r\n"), "invalid bulk length");
    assert_eq!(
        complaint(b"*1\r\n$1\r\nabc"),
        "a bulk string is not followed by CRLF"
    );
}

#[test]
fn the_bound_of_the_output_holds() {
    let mut output = Output::new(64);
    output.bulk(&[b'x'; 40]);
    let len = output.len();
    assert!(!output.is_over());
    output.bulk(&[b'x'; 40]);
    assert!(output.is_over() && output.len() == len);
    output.integer(1);
    assert_eq!(output.len(), len, "nothing follows what was left out");
    output.truncate(len);
    output.last_words("ERR a last word that is longer than what is left in the buffer");
    assert!(output.as_bytes().ends_with(b"in the buffer\r\n"));
    output.clear();
    output.error("ERR two\r\nlines");
    assert_eq!(output.as_bytes(), b"-ERR two  lines\r\n");
}

proptest! {
    #[test]
    fn requests_survive_any_cut(
        requests in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..8),
            0..12,
        ),
        step in 1usize..200,
    ) {
        let mut bytes = Vec::new();
        for request in &requests {
            write_command(&mut bytes, &request.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        prop_assert_eq!(feed(&bytes, step), (requests, None));
    }

    #[test]
    fn noise_is_refused_or_waited_for(bytes in "[*$:+0-9ab\r\n-]{0,60}", step in 1usize..9) {
        let whole = feed(bytes.as_bytes(), 64);
        prop_assert_eq!(feed(bytes.as_bytes(), step), whole);
    }
}
