//! Commands about the connection and the server.
//!
//! It knows the table and the counters, and no key. [`super::table`] names them.

use crate::command::table::{Spec, TABLE, find};
use crate::command::{Call, Failure, Kind, as_reply, integer, wrong_number};
use crate::glob::Pattern;

/// The version of Redis whose replies are followed.
const REDIS_VERSION: &str = "7.2.0";

pub(super) fn ping(call: &mut Call<'_>) -> Result<(), Failure> {
    match call.arguments {
        [_] => call.out.simple("PONG"),
        [_, message] => call.out.bulk(message),
        _ => return Err(Failure::from(wrong_number("ping"))),
    }
    Ok(())
}

pub(super) fn echo(call: &mut Call<'_>) -> Result<(), Failure> {
    call.out.bulk(call.arguments[1]);
    Ok(())
}

pub(super) fn quit(call: &mut Call<'_>) -> Result<(), Failure> {
    call.out.simple("OK");
    Ok(())
}

pub(super) fn select(call: &mut Call<'_>) -> Result<(), Failure> {
    match integer(call.arguments[1])? {
        0 => call.out.simple("OK"),
        _ => return Err(Failure::from("ERR DB index is out of range".to_owned())),
    }
    Ok(())
}

pub(super) fn hello(call: &mut Call<'_>) -> Result<(), Failure> {
    if let Some((version, options)) = call.arguments[1..].split_first() {
        match integer(version) {
            Ok(2) => {}
            Ok(_) => {
                return Err(Failure::from(
                    "NOPROTO unsupported protocol version".to_owned(),
                ));
            }
            Err(_) => {
                let text = "ERR Protocol version is not an integer or out of range";
                return Err(Failure::from(text.to_owned()));
            }
        }
        match options {
            [] => {}
            [name, _] if name.eq_ignore_ascii_case(b"SETNAME") => {}
            [auth, ..] if auth.eq_ignore_ascii_case(b"AUTH") => {
                return Err(Failure::from("ERR no password is set".to_owned()));
            }
            _ => return Err(Failure::SYNTAX),
        }
    }
    let out = &mut *call.out;
    out.array(12);
    for (name, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"proto");
    out.integer(2);
    for (name, value) in [("mode", "standalone"), ("role", "master")] {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"modules");
    out.array(0);
    Ok(())
}

pub(super) fn command(call: &mut Call<'_>) -> Result<(), Failure> {
    let Some((subcommand, names)) = call.arguments[1..].split_first() else {
        call.out.array(TABLE.len());
        TABLE.iter().for_each(|spec| reply_spec(call, spec));
        return Ok(());
    };
    match subcommand.to_ascii_uppercase().as_slice() {
        b"COUNT" if names.is_empty() => call.out.integer(as_reply(TABLE.len())),
        b"LIST" if names.is_empty() => {
            call.out.array(TABLE.len());
            TABLE
                .iter()
                .for_each(|spec| call.out.bulk(spec.name.as_bytes()));
        }
        b"INFO" => {
            call.out.array(names.len());
            for name in names {
                match find(name) {
                    Some(spec) => reply_spec(call, spec),
                    None => call.out.null_array(),
                }
            }
        }
        // There are no docs on the wire: redis-cli then does without hints.
        b"DOCS" => call.out.array(0),
        _ => return Err(unknown_subcommand("COMMAND", subcommand)),
    }
    Ok(())
}

fn reply_spec(call: &mut Call<'_>, spec: &Spec) {
    let out = &mut *call.out;
    out.array(6);
    out.bulk(spec.name.as_bytes());
    out.integer(spec.arity);
    out.array(1);
    out.simple(match spec.kind {
        Kind::Connection => "fast",
        Kind::Read => "readonly",
        Kind::Write => "write",
    });
    let (first, last, step) = spec.keys;
    [first, last, step]
        .into_iter()
        .for_each(|number| out.integer(number));
}

pub(super) fn config(call: &mut Call<'_>) -> Result<(), Failure> {
    let [_, subcommand, patterns @ ..] = call.arguments else {
        return Err(Failure::from(wrong_number("config")));
    };
    if !subcommand.eq_ignore_ascii_case(b"GET") {
        return Err(unknown_subcommand("CONFIG", subcommand));
    }
    if patterns.is_empty() {
        return Err(Failure::from(wrong_number("config|get")));
    }
    // A pattern too long to compile is longer than any name.
    let lower = patterns.iter().map(|pattern| pattern.to_ascii_lowercase());
    let patterns: Vec<Pattern> = lower.filter_map(|p| Pattern::compile(&p).ok()).collect();
    let mut settings = settings(call);
    settings.retain(|(name, _)| {
        patterns
            .iter()
            .any(|pattern| pattern.matches(name.as_bytes()))
    });
    call.out.array(settings.len() * 2);
    for (name, value) in settings {
        call.out.bulk(name.as_bytes());
        call.out.bulk(value.as_bytes());
    }
    Ok(())
}

fn settings(call: &Call<'_>) -> Vec<(&'static str, String)> {
    let config = &call.facts.config;
    vec![
        ("appendfsync", config.fsync.name().to_owned()),
        ("appendonly", "yes".to_owned()),
        ("bind", config.addr.ip().to_string()),
        ("databases", "1".to_owned()),
        ("dir", config.dir.display().to_string()),
        ("maxclients", config.clients_max.to_string()),
        ("maxmemory", "0".to_owned()),
        ("port", config.addr.port().to_string()),
        ("proto-max-bulk-len", config.request_max_bytes.to_string()),
        ("save", String::new()),
        (
            "timeout",
            config
                .idle_timeout
                .map_or(0, |timeout| timeout.as_secs())
                .to_string(),
        ),
    ]
}

pub(super) fn info(call: &mut Call<'_>) -> Result<(), Failure> {
    let wanted = |section: &str| {
        let mut names = call.arguments[1..].iter();
        call.arguments.len() == 1
            || names.any(|name| {
                [section, "all", "default", "everything"]
                    .iter()
                    .any(|wanted| name.eq_ignore_ascii_case(wanted.as_bytes()))
            })
    };
    let sections = [
        ("Server", info_server(call)),
        ("Clients", info_clients(call)),
        ("Persistence", info_persistence(call)),
        ("Stats", info_stats(call)),
        ("Keyspace", info_keyspace(call)),
    ];
    let mut text = String::new();
    for (section, lines) in sections {
        if wanted(section) {
            let gap = if text.is_empty() { "" } else { "\r\n" };
            text.push_str(&format!("{gap}# {section}\r\n"));
            lines
                .iter()
                .for_each(|(name, value)| text.push_str(&format!("{name}:{value}\r\n")));
        }
    }
    call.out.bulk(text.as_bytes());
    Ok(())
}

type Lines = Vec<(&'static str, String)>;

fn info_server(call: &Call<'_>) -> Lines {
    let uptime_ms = call
        .now_ms
        .saturating_sub(call.facts.stats.started_ms.get());
    vec![
        ("redis_version", REDIS_VERSION.to_owned()),
        ("redis_mode", "standalone".to_owned()),
        ("kv_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("runtime", call.facts.runtime.to_owned()),
        ("process_id", std::process::id().to_string()),
        ("tcp_port", call.facts.config.addr.port().to_string()),
        ("uptime_in_seconds", (uptime_ms / 1000).to_string()),
    ]
}

fn info_clients(call: &Call<'_>) -> Lines {
    vec![
        (
            "connected_clients",
            call.facts.stats.clients.get().to_string(),
        ),
        ("maxclients", call.facts.config.clients_max.to_string()),
    ]
}

fn info_persistence(call: &Call<'_>) -> Lines {
    let status = if call.db.queue.refusal().is_none() {
        "ok"
    } else {
        "err"
    };
    vec![
        ("loading", "0".to_owned()),
        ("aof_enabled", "1".to_owned()),
        ("aof_last_write_status", status.to_owned()),
        (
            "aof_current_size",
            call.facts.stats.log_bytes.get().to_string(),
        ),
    ]
}

fn info_stats(call: &Call<'_>) -> Lines {
    let stats = &call.facts.stats;
    vec![
        (
            "total_connections_received",
            stats.connections.get().to_string(),
        ),
        ("total_commands_processed", stats.commands.get().to_string()),
        (
            "rejected_connections",
            stats.rejected_connections.get().to_string(),
        ),
        ("expired_keys", stats.expired_keys.get().to_string()),
    ]
}

fn info_keyspace(call: &Call<'_>) -> Lines {
    match call.db.store.len() {
        0 => Vec::new(),
        keys => {
            let expires = call.db.store.n_deadlines();
            vec![("db0", format!("keys={keys},expires={expires},avg_ttl=0"))]
        }
    }
}

fn unknown_subcommand(command: &str, subcommand: &[u8]) -> Failure {
    let shown = String::from_utf8_lossy(&subcommand[..subcommand.len().min(128)]).into_owned();
    Failure::from(format!(
        "ERR unknown subcommand or wrong number of arguments for '{shown}' of {command}"
    ))
}
