//! What a client says, and when it is answered.
//!
//! Bytes alone: it knows nothing of connections.

use std::io;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// The answer is as long as the message.
    Echo,
    /// HTTP/1.1 over a connection that stays open.
    Http,
}

/// Bytes of an echo's message, for clients and servers, and the most that an answer may have.
pub const MESSAGE: usize = 1024;

impl Protocol {
    /// What is sent each time.
    pub(super) fn message(self) -> &'static [u8] {
        match self {
            Protocol::Echo => &[7; MESSAGE],
            Protocol::Http => REQUEST,
        }
    }

    /// True once `bytes` are a whole answer.
    ///
    /// # Errors
    ///
    /// That they never will be.
    pub(super) fn is_answer(self, bytes: &[u8]) -> io::Result<bool> {
        let length = match self {
            Protocol::Echo => Some(MESSAGE),
            Protocol::Http => response_length(bytes)?,
        };
        match length {
            None if bytes.len() < MESSAGE => Ok(false),
            Some(length) if length <= MESSAGE && bytes.len() <= length => Ok(bytes.len() == length),
            _ => Err(invalid("an answer is longer than it may be")),
        }
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\r\n";

/// Bytes of the response that begins with `bytes`, as its head says; `None` until that is there.
fn response_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    const HEADERS: usize = 16;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(invalid)?;
    let httparse::Status::Complete(head) = parsed else {
        return Ok(None);
    };
    if response.code != Some(200) {
        return Err(invalid("a response is not 200"));
    }
    let mut headers = response.headers.iter();
    let length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| str::from_utf8(header.value).ok()?.parse().ok());
    let length: usize = length.ok_or_else(|| invalid("a response does not say its length"))?;
    Ok(head.checked_add(length))
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\ndate: today\r\n\r\nhello";

    #[test]
    fn a_response_is_over_with_its_last_byte() {
        for n in 0..RESPONSE.len() {
            assert!(!Protocol::Http.is_answer(&RESPONSE[..n]).unwrap(), "{n}");
        }
        assert!(Protocol::Http.is_answer(RESPONSE).unwrap());
    }

    #[test]
    fn what_is_no_response_is_an_error() {
        let says = |text: &str| Protocol::Http.is_answer(text.as_bytes());
        for text in [
            "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab",
            "SMTP\r\n\r\n",
        ] {
            assert!(says(text).is_err(), "{text}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\nname: {}", "x".repeat(MESSAGE));
        assert!(says(&endless[..MESSAGE]).is_err());
    }

    #[test]
    fn an_echo_is_as_long_as_its_message() {
        let message = Protocol::Echo.message();
        assert!(!Protocol::Echo.is_answer(&message[1..]).unwrap());
        assert!(Protocol::Echo.is_answer(message).unwrap());
    }
}
