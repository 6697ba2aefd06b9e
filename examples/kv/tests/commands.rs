//! The store through a client that others wrote, on each runtime.

mod house;

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use redis::{Commands, ExistenceCheck, SetExpiry, SetOptions, TypedCommands};

use self::house::{RUNTIMES, Store, config};

fn on_each(test: impl Fn(&Store)) {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(runtime, config(dir.path()));
        test(&store);
        store.close().expect("the store closes in order");
    }
}

#[test]
fn values_counts_and_deadlines() {
    on_each(|store| {
        let mut client = store.client();
        let client = &mut client;
        TypedCommands::set(client, "k", "v").expect("set");
        assert_eq!(
            TypedCommands::get(client, "k").expect("get").as_deref(),
            Some("v")
        );
        let options = SetOptions::default()
            .conditional_set(ExistenceCheck::NX)
            .with_expiration(SetExpiry::EX(10));
        let set: Option<String> = Commands::set_options(client, "k", "w", options).expect("set");
        assert_eq!(set, None);
        assert_eq!(TypedCommands::incr(client, "n", 41).expect("incr"), 41);
        let many: Vec<Option<String>> = Commands::mget(client, &["k", "n", "none"]).expect("mget");
        assert_eq!(many, [Some("v".to_owned()), Some("41".to_owned()), None]);
        assert!(TypedCommands::pexpire(client, "k", 60).expect("pexpire"));
        thread::sleep(Duration::from_millis(70));
        assert_eq!(TypedCommands::get(client, "k").expect("get"), None);
        let left: HashMap<String, String> = redis::cmd("CONFIG")
            .arg("GET")
            .arg("max*")
            .query(client)
            .expect("config");
        assert_eq!(left["maxclients"], "1000");
    });
}

#[test]
fn scan_walks_over_everything() {
    on_each(|store| {
        let mut client = store.client();
        for i in 0..100 {
            TypedCommands::set(&mut client, format!("key:{i}"), i).expect("set");
        }
        let found = Commands::scan_match::<_, String>(&mut client, "key:*5").expect("scan");
        let mut found: Vec<String> = found.map(|key| key.expect("a key")).collect();
        found.sort();
        let mut expected: Vec<String> = (0..10).map(|i| format!("key:{i}5")).collect();
        expected[0] = "key:5".to_owned();
        expected.sort();
        assert_eq!(found, expected);
    });
}

#[test]
fn a_long_pipeline_keeps_its_order() {
    on_each(|store| {
        let mut client = store.client();
        let mut pipeline = redis::pipe();
        for i in 0..5000 {
            pipeline.cmd("SET").arg(i % 7).arg(i).ignore();
            pipeline.cmd("GET").arg(i % 7);
        }
        let replies: Vec<u64> = pipeline.query(&mut client).expect("replies");
        assert_eq!(replies, (0..5000).collect::<Vec<_>>());
    });
}

#[test]
fn many_clients_count_together() {
    on_each(|store| {
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let mut client = store.client();
                    for _ in 0..50 {
                        TypedCommands::incr(&mut client, "n", 1).expect("incr");
                    }
                });
            }
        });
        let n: u64 = Commands::get(&mut store.client(), "n").expect("get");
        assert_eq!(n, 1000);
    });
}

#[test]
fn keys_that_nobody_asks_for_go_away() {
    on_each(|store| {
        let mut client = store.client();
        let mut pipeline = redis::pipe();
        for i in 0..1000 {
            pipeline
                .cmd("SET")
                .arg(format!("brief:{i}"))
                .arg("v")
                .arg("PX")
                .arg(50)
                .ignore();
        }
        pipeline.query::<()>(&mut client).expect("replies");
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        loop {
            let n: u64 = redis::cmd("DBSIZE").query(&mut client).expect("dbsize");
            let info: String = redis::cmd("INFO")
                .arg("stats")
                .query(&mut client)
                .expect("info");
            // A key is over before it is taken out, a batch of them at a time.
            if n == 0 && info.contains("expired_keys:1000") {
                break;
            }
            let now = std::time::Instant::now();
            assert!(now < deadline, "{n} keys are left: {info}");
            thread::sleep(Duration::from_millis(20));
        }
    });
}
