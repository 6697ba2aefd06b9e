//! What bad input and bad times get: an error and a close, never a hang.

mod house;

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use self::house::{RUNTIMES, Store, config, connect, exchange, hang_up, last_words};

fn on_each(adjust: impl Fn(&mut kv::Config), test: impl Fn(&Store)) {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = config(dir.path());
        adjust(&mut config);
        let store = Store::open(runtime, config);
        test(&store);
        // Nothing that a client does keeps the next one out.
        let mut stream = store.connect();
        exchange(&mut stream, "PING\r\n", "+PONG\r\n");
        drop(stream);
        store.close().expect("the store closes in order");
    }
}

#[test]
fn malformed_and_oversized_requests_get_an_error_and_a_close() {
    let huge = format!("*2\r\n$3\r\nGET\r\n${}\r\n", 1u64 << 40);
    let cases: &[(&[u8], &str)] = &[
        (b"*x\r\n", "invalid multibulk length"),
        (b"*1048577\r\n", "invalid multibulk length"),
        (b"*1\r\n*1\r\n*1\r\n*1\r\n", "expected '$', got '*'"),
        (
            b"*1\r\n$4\r\nPINGxx",
            "a bulk string is not followed by CRLF",
        ),
        (huge.as_bytes(), "the request is larger than 65536 bytes"),
        (&[b'a'; 100_000], "too big inline request"),
        (b"SET k \"v\r\n", "unbalanced quotes in request"),
    ];
    on_each(
        |_| {},
        |store| {
            for (request, complaint) in cases {
                let mut stream = store.connect();
                let reply = last_words(&mut stream, request);
                assert_eq!(reply, format!("-ERR Protocol error: {complaint}\r\n"));
            }
            // The requests before the broken one are answered.
            let mut stream = store.connect();
            let reply = last_words(&mut stream, b"PING\r\n*1\r\n$3\r\nGET\r\n*x\r\n");
            let expected = "+PONG\r\n-ERR wrong number of arguments for 'get' command\r\n\
                            -ERR Protocol error: invalid multibulk length\r\n";
            assert_eq!(reply, expected);
        },
    );
}

#[test]
fn the_error_arrives_although_more_was_sent() {
    on_each(
        |_| {},
        |store| {
            let mut stream = store.connect();
            let flood = [b"*1\r\n$70000\r\n".as_slice(), &[b'x'; 400_000]].concat();
            let reply = last_words(&mut stream, &flood);
            assert_eq!(
                reply,
                "-ERR Protocol error: the request is larger than 65536 bytes\r\n"
            );
        },
    );
}

#[test]
fn a_browser_is_shown_the_door() {
    on_each(
        |_| {},
        |store| {
            for request in [
                "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n",
                "host: x\r\n",
            ] {
                let mut stream = store.connect();
                let _ = stream.write_all(request.as_bytes());
                let mut reply = Vec::new();
                // Closed with bytes unread, which may read as a reset; but nothing is answered.
                let _ = stream.read_to_end(&mut reply);
                assert_eq!(reply, b"");
            }
            let mut stream = store.connect();
            exchange(&mut stream, "GET k\r\n", "$-1\r\n");
            hang_up(stream);
        },
    );
}

#[test]
fn one_client_too_many_is_told_so() {
    on_each(
        |config| config.clients_max = 2,
        |store| {
            let mut first = store.connect();
            let mut second = store.connect();
            exchange(&mut first, "PING\r\n", "+PONG\r\n");
            exchange(&mut second, "PING\r\n", "+PONG\r\n");
            let mut third = store.connect();
            let mut reply = String::new();
            third
                .read_to_string(&mut reply)
                .expect("the store closes in order");
            assert_eq!(reply, "-ERR max number of clients reached\r\n");
            exchange(&mut first, "QUIT\r\n", "+OK\r\n");
            hang_up(first);
            // There is room again, as soon as the store has seen it.
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let mut stream = store.connect();
                stream.write_all(b"PING\r\n").expect("the socket takes it");
                let mut reply = [0; 1];
                if stream.read_exact(&mut reply).is_ok() && reply == *b"+" {
                    break;
                }
                assert!(Instant::now() < deadline, "nobody is let in any more");
                thread::sleep(Duration::from_millis(10));
            }
            hang_up(second);
        },
    );
}

#[test]
fn a_silent_client_is_closed() {
    on_each(
        |config| config.idle_timeout = Some(Duration::from_millis(200)),
        |store| {
            let mut stream = store.connect();
            exchange(&mut stream, "PING\r\n", "+PONG\r\n");
            let began = Instant::now();
            let mut rest = Vec::new();
            stream
                .read_to_end(&mut rest)
                .expect("the store closes in order");
            assert!(rest.is_empty());
            assert!(
                began.elapsed() >= Duration::from_millis(190),
                "{:?}",
                began.elapsed()
            );
        },
    );
}

#[test]
fn a_client_that_takes_no_replies_is_closed() {
    on_each(
        |config| config.idle_timeout = Some(Duration::from_millis(300)),
        |store| {
            let mut stream = store.connect();
            let value = "v".repeat(60_000);
            exchange(&mut stream, &format!("SET k {value}\r\n"), "+OK\r\n");
            // It asks on and on, and reads nothing: its requests are held up, and then it is out.
            stream
                .set_write_timeout(Some(Duration::from_secs(10)))
                .expect("a socket");
            let flood = "GET k\r\n".repeat(1000);
            let outcome = (0..10_000).try_for_each(|_| stream.write_all(flood.as_bytes()));
            let error = outcome.expect_err("the store does not take requests for ever");
            assert_ne!(
                error.kind(),
                std::io::ErrorKind::WouldBlock,
                "the store hangs"
            );
        },
    );
}

#[test]
fn a_reply_past_the_output_limit_closes() {
    on_each(
        |_| {},
        |store| {
            let mut stream = store.connect();
            let value = "v".repeat(60_000);
            exchange(&mut stream, &format!("SET k {value}\r\n"), "+OK\r\n");
            let reply = last_words(&mut stream, b"PING\r\nMGET k k k k k\r\nPING\r\n");
            let expected = "+PONG\r\n-ERR the reply passes the output limit of 262144 bytes\r\n";
            assert_eq!(reply, expected);
        },
    );
}

#[test]
fn a_shutdown_answers_what_was_read_and_lets_nobody_in() {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(runtime, config(dir.path()));
        let mut busy = store.connect();
        let mut idle = store.connect();
        exchange(&mut idle, "PING\r\n", "+PONG\r\n");
        exchange(&mut busy, "SET k v\r\n", "+OK\r\n");
        let addr = store.addr;
        store.begin_close();
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest)
            .expect("an idle client is closed in order");
        busy.read_to_end(&mut rest)
            .expect("an idle client is closed in order");
        store.finish_close().expect("the store closes in order");
        assert!(std::net::TcpStream::connect(addr).is_err());
        let store = Store::open(runtime, config(dir.path()));
        let mut stream = connect(store.addr);
        exchange(&mut stream, "GET k\r\n", "$1\r\nv\r\n");
        store.close().expect("the store closes in order");
    }
}
