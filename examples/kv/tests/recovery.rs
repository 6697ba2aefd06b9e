//! What is left after a restart, a kill, and half a record.

mod house;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use kv::Fsync;
use redis::{Commands, TypedCommands};

use self::house::{ChildStore, RUNTIMES, Store, config};

fn log(dir: &Path) -> std::path::PathBuf {
    dir.join("appendonly.aof")
}

#[test]
fn a_restart_keeps_values_and_deadlines() {
    for runtime in RUNTIMES {
        for fsync in [Fsync::Always, Fsync::EverySec, Fsync::No] {
            let dir = tempfile::tempdir().expect("a directory");
            let open = || {
                let mut config = config(dir.path());
                config.fsync = fsync;
                Store::open(runtime, config)
            };
            let store = open();
            let mut client = store.client();
            TypedCommands::set(&mut client, "k", "v").expect("set");
            TypedCommands::incr(&mut client, "n", 7).expect("incr");
            TypedCommands::set_ex(&mut client, "long", "v", 1000).expect("set");
            redis::cmd("SET")
                .arg("brief")
                .arg("v")
                .arg("PX")
                .arg(1)
                .exec(&mut client)
                .expect("set");
            TypedCommands::append(&mut client, "k", "w").expect("append");
            TypedCommands::del(&mut client, "none").expect("del");
            drop(client);
            store.close().expect("the store closes in order");
            let store = open();
            assert_eq!(store.recovery.cut, None);
            let mut client = store.client();
            assert_eq!(
                TypedCommands::get(&mut client, "k")
                    .expect("get")
                    .as_deref(),
                Some("vw")
            );
            assert_eq!(
                TypedCommands::get(&mut client, "n")
                    .expect("get")
                    .as_deref(),
                Some("7")
            );
            assert_eq!(TypedCommands::get(&mut client, "brief").expect("get"), None);
            let ttl: i64 = redis::cmd("TTL")
                .arg("long")
                .query(&mut client)
                .expect("ttl");
            assert!((900..=1000).contains(&ttl), "{ttl}");
            drop(client);
            store.close().expect("the store closes in order");
        }
    }
}

#[test]
fn half_a_record_is_cut_off_and_kept_beside() {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let whole = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n";
        for torn in [
            b"*3\r\n$3\r\nSET\r\n$1\r\nb".as_slice(),
            b"\0\0\0\0",
            b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n",
        ] {
            fs::write(log(dir.path()), [whole.as_slice(), torn].concat()).expect("a log");
            let store = Store::open(runtime, config(dir.path()));
            let cut = store.recovery.cut.clone().expect("the tail is no record");
            assert_eq!((store.recovery.records, cut.at), (1, whole.len() as u64));
            assert_eq!(cut.bytes, torn.len() as u64);
            assert_eq!(fs::read(&cut.kept_in).expect("the tail is kept"), torn);
            assert_eq!(fs::read(log(dir.path())).expect("the log"), whole);
            // What follows stands right behind the last whole record.
            TypedCommands::set(&mut store.client(), "b", "2").expect("set");
            store.close().expect("the store closes in order");
            let store = Store::open(runtime, config(dir.path()));
            assert_eq!((store.recovery.records, &store.recovery.cut), (2, &None));
            assert_eq!(
                TypedCommands::get(&mut store.client(), "b")
                    .expect("get")
                    .as_deref(),
                Some("2")
            );
            store.close().expect("the store closes in order");
        }
    }
}

#[test]
fn every_length_of_a_torn_log_opens() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::open("native", config(dir.path()));
    let mut client = store.client();
    for i in 0..5 {
        TypedCommands::set(&mut client, format!("key:{i}"), i).expect("set");
    }
    drop(client);
    store.close().expect("the store closes in order");
    let bytes = fs::read(log(dir.path())).expect("the log");
    let record = bytes.len() / 5;
    for len in 0..bytes.len() {
        fs::write(log(dir.path()), &bytes[..len]).expect("a log");
        let store = Store::open("native", config(dir.path()));
        assert_eq!(store.recovery.records, (len / record) as u64);
        assert_eq!(store.recovery.cut.is_some(), len % record != 0);
        assert_eq!(
            TypedCommands::keys(&mut store.client(), "*")
                .expect("keys")
                .len(),
            len / record
        );
        store.close().expect("the store closes in order");
    }
}

#[test]
fn kill_nine_under_load_loses_no_acknowledged_write() {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = ChildStore::start(runtime, dir.path(), &["--appendfsync", "always"]);
        let acknowledged: Vec<AtomicU64> = (0..8).map(|_| AtomicU64::new(0)).collect();
        thread::scope(|scope| {
            for (writer, last) in acknowledged.iter().enumerate() {
                let mut client = store.client();
                scope.spawn(move || {
                    for i in 1.. {
                        let key = format!("{writer}:{i}");
                        if TypedCommands::set(&mut client, key, i).is_err() {
                            return;
                        }
                        last.store(i, Ordering::Relaxed);
                    }
                });
            }
            thread::sleep(Duration::from_millis(500));
            store.kill();
        });
        let store = ChildStore::start(runtime, dir.path(), &[]);
        let mut client = store.client();
        let mut total = 0;
        for (writer, last) in acknowledged.iter().enumerate() {
            for i in 1..=last.load(Ordering::Relaxed) {
                let value: Option<u64> =
                    Commands::get(&mut client, format!("{writer}:{i}")).expect("get");
                assert_eq!(value, Some(i), "{runtime}: an acknowledged write is lost");
                total += 1;
            }
        }
        assert!(total > 8, "{runtime}: nothing was written");
    }
}

#[test]
fn a_signal_ends_the_store_in_order() {
    for (runtime, signal) in RUNTIMES.into_iter().zip(["-INT", "-TERM", "-INT"]) {
        let dir = tempfile::tempdir().expect("a directory");
        let mut store = ChildStore::start(runtime, dir.path(), &["--appendfsync", "no"]);
        TypedCommands::set(&mut store.client(), "k", "v").expect("set");
        assert!(store.end_by(signal).success());
        let store = ChildStore::start(runtime, dir.path(), &[]);
        assert_eq!(
            TypedCommands::get(&mut store.client(), "k")
                .expect("get")
                .as_deref(),
            Some("v")
        );
    }
}

#[test]
fn a_directory_that_cannot_be_used_is_refused_at_the_start() {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("a-file");
        fs::File::create(&file)
            .expect("a file")
            .write_all(b"x")
            .expect("a file");
        for bad in [
            file.clone(),
            file.join("below"),
            dir.path().join("not/there"),
        ] {
            let error = Store::try_open(runtime, config(&bad))
                .err()
                .expect("it is refused");
            assert!(error.to_string().contains("appendonly.aof"), "{error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_log_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a directory");
    let inner = dir.path().join("made");
    let store = Store::open("native", config(&inner));
    let mode = fs::metadata(log(&inner))
        .expect("the log")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    store.close().expect("the store closes in order");
}

#[test]
fn two_stores_cannot_share_a_directory() {
    for runtime in RUNTIMES {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(runtime, config(dir.path()));
        let error = Store::try_open(runtime, config(dir.path()))
            .err()
            .expect("it is refused");
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        store.close().expect("the store closes in order");
        let store = Store::open(runtime, config(dir.path()));
        store.close().expect("the store closes in order");
    }
}
