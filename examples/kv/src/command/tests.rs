//! Commands against their documented replies, with a clock of their own.

use super::*;
use crate::aof::Refusal;
use crate::store::Store;

/// A database, a clock and the facts that commands see.
struct Desk {
    db: Db,
    facts: Facts,
    now_ms: u64,
}

impl Desk {
    fn new() -> Self {
        let mut config = Config::new("somewhere");
        (config.request_max_bytes, config.output_max_bytes) = (1024, 4096);
        let facts = Facts {
            config,
            stats: Stats::default(),
            runtime: "none",
        };
        Self {
            db: Db::default(),
            facts,
            now_ms: 1_000_000,
        }
    }

    fn execute(&mut self, arguments: &[&[u8]]) -> (String, Kind, Next) {
        let mut out = Output::new(self.facts.config.output_max_bytes);
        let (db, facts, now_ms) = (&mut self.db, &self.facts, self.now_ms);
        let (kind, next) = execute(&mut Call {
            arguments,
            now_ms,
            db,
            out: &mut out,
            facts,
        });
        let reply = if out.is_over() {
            b"over".as_slice()
        } else {
            out.as_bytes()
        };
        (
            String::from_utf8_lossy(reply).replace("\r\n", "|"),
            kind,
            next,
        )
    }

    /// The reply to the words of `line`, with `|` for the ends of lines.
    fn ask(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.execute(&words).0
    }

    #[track_caller]
    fn expect(&mut self, script: &[(&str, &str)]) {
        for (line, reply) in script {
            assert_eq!(self.ask(line), *reply, "{line}");
        }
    }
}

#[test]
fn set_and_its_options() {
    let mut desk = Desk::new();
    desk.expect(&[
        ("GET k", "$-1|"),
        ("SET k v", "+OK|"),
        ("GET k", "$1|v|"),
        ("SET k w NX", "$-1|"),
        ("GET k", "$1|v|"),
        ("SET k w XX", "+OK|"),
        ("SET other w XX", "$-1|"),
        ("SET k x GET", "$1|w|"),
        ("SET k y NX GET", "$1|x|"),
        ("SET new y GET", "$-1|"),
        ("SET k y NX XX", "-ERR syntax error|"),
        ("SET k y EX", "-ERR syntax error|"),
        (
            "SET k y EX x",
            "-ERR value is not an integer or out of range|",
        ),
        ("SET k y EX 0", "-ERR invalid expire time in 'set' command|"),
        (
            "SET k y PX -5",
            "-ERR invalid expire time in 'set' command|",
        ),
        (
            "SET k y EX 9223372036854775807",
            "-ERR invalid expire time in 'set' command|",
        ),
        ("SET k y EX 1 KEEPTTL", "-ERR syntax error|"),
        ("SET k y EX 1 PX 1", "-ERR syntax error|"),
        ("SET k y FOO", "-ERR syntax error|"),
        ("GET k", "$1|x|"),
        ("set K v", "+OK|"),
        ("SET", "-ERR wrong number of arguments for 'set' command|"),
        (
            "get a b",
            "-ERR wrong number of arguments for 'get' command|",
        ),
    ]);
}

#[test]
fn deadlines() {
    let mut desk = Desk::new();
    desk.expect(&[
        ("SET k v EX 10", "+OK|"),
        ("TTL k", ":10|"),
        ("PTTL k", ":10000|"),
        ("SET k w KEEPTTL", "+OK|"),
        ("PTTL k", ":10000|"),
        ("INCR n", ":1|"),
        ("PEXPIRE n 1499", ":1|"),
        ("TTL n", ":1|"),
        ("INCR n", ":2|"),
        ("PTTL n", ":1499|"),
        ("APPEND n 0", ":2|"),
        ("PTTL n", ":1499|"),
        ("SET k v", "+OK|"),
        ("TTL k", ":-1|"),
    ]);
}

#[test]
fn moving_deadlines() {
    let mut desk = Desk::new();
    desk.expect(&[
        ("SET k v", "+OK|"),
        ("TTL none", ":-2|"),
        ("EXPIRE none 1", ":0|"),
        ("EXPIRE k 100 XX", ":0|"),
        ("EXPIRE k 100 GT", ":0|"),
        ("EXPIRE k 100 NX", ":1|"),
        ("EXPIRE k 200 NX", ":0|"),
        ("EXPIRE k 50 GT", ":0|"),
        ("EXPIRE k 200 GT", ":1|"),
        ("EXPIRE k 300 LT", ":0|"),
        ("EXPIRE k 100 LT XX", ":1|"),
        ("TTL k", ":100|"),
        (
            "EXPIRE k 1 NX XX",
            "-ERR NX and XX, GT or LT options at the same time are not compatible|",
        ),
        (
            "EXPIRE k 1 GT LT",
            "-ERR GT and LT options at the same time are not compatible|",
        ),
        ("EXPIRE k 1 SOON", "-ERR Unsupported option SOON|"),
        (
            "EXPIRE k 9223372036854775807",
            "-ERR invalid expire time in 'expire' command|",
        ),
    ]);
}

#[test]
fn deadlines_pass() {
    let mut desk = Desk::new();
    desk.expect(&[
        ("SET k v", "+OK|"),
        ("SET n 2 PX 1499", "+OK|"),
        ("EXPIRE k 100", ":1|"),
        ("SETNX k v", ":0|"),
        ("SETNX fresh v", ":1|"),
        ("GETDEL fresh", "$1|v|"),
        ("SETEX fresh 5 v", "+OK|"),
        ("TTL fresh", ":5|"),
        ("PSETEX fresh 1 w", "+OK|"),
        ("PTTL fresh", ":1|"),
        (
            "SETEX fresh 0 v",
            "-ERR invalid expire time in 'setex' command|",
        ),
        ("PERSIST k", ":1|"),
        ("PERSIST k", ":0|"),
        ("PEXPIREAT k 1000001", ":1|"),
        ("PTTL k", ":1|"),
        ("EXPIREAT k 2000", ":1|"),
        ("TTL k", ":1000|"),
        ("EXPIRE k -1", ":1|"),
        ("EXISTS k", ":0|"),
        ("SET k v PXAT 1000002", "+OK|"),
        ("SET l v EXAT 1001", "+OK|"),
        ("PTTL l", ":1000|"),
    ]);
    desk.now_ms += 1499;
    desk.expect(&[
        ("GET k", "$-1|"),
        ("GET n", "$-1|"),
        ("TYPE n", "+none|"),
        ("EXISTS n k", ":0|"),
        ("DEL n", ":0|"),
        ("PERSIST n", ":0|"),
        ("APPEND n fresh", ":5|"),
        ("TTL n", ":-1|"),
        ("SET k v NX", "+OK|"),
        ("GETDEL l", "$-1|"),
        ("KEYS *", "*2|$1|k|$1|n|"),
    ]);
    assert_eq!(desk.db.expire(desk.now_ms, 10), 2);
    assert_eq!(desk.db.store.len(), 2);
}

#[test]
fn values() {
    let mut desk = Desk::new();
    desk.expect(&[
        ("MSET a 1 b 2", "+OK|"),
        (
            "MSET a 1 b",
            "-ERR wrong number of arguments for 'mset' command|",
        ),
        ("MGET a none b", "*3|$1|1|$-1|$1|2|"),
        ("INCRBY a 41", ":42|"),
        ("DECR a", ":41|"),
        ("DECRBY a 1", ":40|"),
        (
            "DECRBY a -9223372036854775808",
            "-ERR decrement would overflow|",
        ),
        (
            "INCRBY a 9223372036854775807",
            "-ERR increment or decrement would overflow|",
        ),
        (
            "INCRBY a x",
            "-ERR value is not an integer or out of range|",
        ),
        ("GET a", "$2|40|"),
        ("SET a 01", "+OK|"),
        ("INCR a", "-ERR value is not an integer or out of range|"),
        ("APPEND a 23", ":4|"),
        ("STRLEN a", ":4|"),
        ("STRLEN none", ":0|"),
        ("GETSET a new", "$4|0123|"),
        ("GETDEL a", "$3|new|"),
        ("GETDEL a", "$-1|"),
        ("TYPE b", "+string|"),
        ("DEL b b none", ":1|"),
        ("UNLINK b", ":0|"),
        ("DBSIZE", ":0|"),
    ]);
    let long = "x".repeat(1000);
    desk.ask(&format!("SET k {long}"));
    assert_eq!(desk.ask(&format!("APPEND k {}", "y".repeat(24))), ":1024|");
    assert_eq!(
        desk.ask("APPEND k z"),
        "-ERR string exceeds maximum allowed size (proto-max-bulk-len)|"
    );
    assert_eq!(desk.ask("MGET k k k k"), "over");
    desk.facts.config.output_max_bytes = 1000;
    for line in ["GETDEL k", "GETSET k v", "SET k v GET"] {
        assert_eq!(desk.ask(line), "over");
    }
    assert_eq!(desk.ask("STRLEN k"), ":1024|");
}

#[test]
fn keys_and_scan() {
    let mut desk = Desk::new();
    desk.ask("MSET user:1 a user:2 b other c");
    desk.expect(&[
        ("KEYS user:*", "*2|$6|user:1|$6|user:2|"),
        ("KEYS [^u]*", "*1|$5|other|"),
        ("SCAN 0 COUNT 2", "*2|$1|2|*2|$6|user:1|$6|user:2|"),
        (
            "SCAN 0 MATCH o* TYPE string COUNT 100",
            "*2|$1|0|*1|$5|other|",
        ),
        ("SCAN 0 TYPE list", "*2|$1|0|*0|"),
        ("SCAN 99999", "*2|$1|0|*0|"),
        ("SCAN x", "-ERR invalid cursor|"),
        ("SCAN -1", "-ERR invalid cursor|"),
        ("SCAN 0 COUNT 0", "-ERR syntax error|"),
        ("SCAN 0 COUNT", "-ERR syntax error|"),
        ("SCAN 0 FOO 1", "-ERR syntax error|"),
        ("FLUSHALL LATER", "-ERR syntax error|"),
        ("FLUSHALL ASYNC", "+OK|"),
        ("KEYS *", "*0|"),
    ]);
    let pattern = format!("KEYS {}", "*".repeat(1025));
    assert_eq!(
        desk.ask(&pattern),
        "-ERR the pattern is longer than 1024 bytes|"
    );
    for i in 0..200 {
        desk.ask(&format!("SET key:{i} v"));
    }
    assert_eq!(desk.ask("KEYS *"), "over");
    assert_eq!(desk.ask("SCAN 0 COUNT 1000"), "over");
}

#[test]
fn about_the_server() {
    let mut desk = Desk::new();
    desk.expect(&[
        ("PING", "+PONG|"),
        ("PING hi", "$2|hi|"),
        (
            "PING a b",
            "-ERR wrong number of arguments for 'ping' command|",
        ),
        ("ECHO hi", "$2|hi|"),
        ("SELECT 0", "+OK|"),
        ("SELECT 1", "-ERR DB index is out of range|"),
        ("HELLO 3", "-NOPROTO unsupported protocol version|"),
        (
            "HELLO x",
            "-ERR Protocol version is not an integer or out of range|",
        ),
        ("HELLO 2 AUTH a b", "-ERR no password is set|"),
        ("CONFIG GET save", "*2|$4|save|$0||"),
        (
            "CONFIG GET APPEND*",
            "*4|$11|appendfsync|$8|everysec|$10|appendonly|$3|yes|",
        ),
        ("CONFIG GET none", "*0|"),
        (
            "CONFIG GET",
            "-ERR wrong number of arguments for 'config|get' command|",
        ),
        ("COMMAND COUNT", ":38|"),
        (
            "COMMAND INFO get none",
            "*2|*6|$3|get|:2|*1|+readonly|:1|:1|:1|*-1|",
        ),
        ("COMMAND DOCS", "*0|"),
        (
            "NOSUCH a b",
            "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' |",
        ),
    ]);
    assert!(desk.ask("HELLO 2").starts_with("*12|$6|server|$5|redis|"));
    assert!(desk.ask("HELLO 2 SETNAME me").starts_with("*12|"));
    assert!(
        desk.ask("COMMAND")
            .starts_with("*38|*6|$6|append|:3|*1|+write|:1|:1|:1|")
    );
    let info = desk.ask("INFO");
    assert!(info.contains("# Server|redis_version:") && info.contains("aof_enabled:1|"));
    let section = desk.ask("INFO clients");
    assert!(section.contains("# Clients|connected_clients:0|") && !section.contains("# Server"));
}

#[test]
fn what_ends_a_connection() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.execute(&[b"QUIT"]),
        ("+OK|".to_owned(), Kind::Connection, Next::Close)
    );
    for name in [b"POST".as_slice(), b"host:", b"Post"] {
        let (reply, _, next) = desk.execute(&[name, b"/", b"HTTP/1.1"]);
        assert_eq!((reply.as_str(), next), ("", Next::Abandon));
    }
    assert_eq!(desk.ask("GET host:"), "$-1|");
}

#[test]
fn a_refused_log_refuses_writes_and_answers_reads() {
    let mut desk = Desk::new();
    desk.ask("SET k v PX 10");
    let failed = desk
        .db
        .queue
        .fail(&mut desk.db.store, Refusal::new("no disk"), true);
    failed.settle();
    desk.expect(&[
        ("GET k", "$-1|"),
        (
            "SET k v",
            "-MISCONF the append-only file refuses writes: no disk|",
        ),
        (
            "FLUSHALL",
            "-MISCONF the append-only file refuses writes: no disk|",
        ),
        ("SET k", "-ERR wrong number of arguments for 'set' command|"),
        ("PING", "+PONG|"),
    ]);
    assert_eq!(desk.db.store.len(), 0);
}

#[test]
fn every_name_is_found_and_the_table_is_sorted() {
    for pair in table::TABLE.windows(2) {
        assert!(pair[0].name < pair[1].name);
    }
    for spec in table::TABLE {
        let upper = spec.name.to_ascii_uppercase();
        assert_eq!(
            table::find(upper.as_bytes()).map(|found| found.name),
            Some(spec.name)
        );
    }
    assert!(table::find(b"").is_none() && table::find(&[b'x'; 100]).is_none());
}

#[test]
fn the_log_of_commands_replays_to_the_same_store() {
    let mut desk = Desk::new();
    let script = "SET a 1 PX 5|INCR a|APPEND a x|MSET b 1 c 2|DEL b none|EXPIRE c 10|PERSIST c|\
                  GETDEL none|SET d v EX 1|GETSET d w|SET e v KEEPTTL|EXPIRE e -1|DECRBY n 5";
    for (i, line) in script.split('|').enumerate() {
        desk.now_ms += i as u64;
        desk.ask(line);
    }
    let log = desk.db.queue.take().expect("there were changes");
    let mut input = crate::resp::Input::new(crate::resp::Limits {
        request_max_bytes: 1000,
        arguments_max: 100,
    });
    input.room()[..log.len()].copy_from_slice(&log);
    input.filled(log.len());
    let mut store = Store::default();
    while let Some(whole) = input.next_request().expect("good bytes") {
        input
            .arguments(whole)
            .expect("good bytes")
            .with(|arguments| {
                let record =
                    crate::aof::Record::decode(arguments).expect("only records are logged");
                record.apply(&mut store, &mut Vec::new());
            });
        input.take(whole);
    }
    let content = |store: &Store| {
        let keys: Vec<_> = store.keys(0).cloned().collect();
        let mut all: Vec<_> = keys
            .iter()
            .map(|key| {
                let entry = store.get(key, 0).expect("it was listed");
                (key.clone(), entry.value.to_vec(), entry.deadline_ms)
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(content(&store), content(&desk.db.store));
}
