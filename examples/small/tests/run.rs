//! Each program is run, and what it prints is read.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};

/// What the program prints; it must succeed.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program}: {}\n{errors}",
        output.status
    );
    String::from_utf8(output.stdout).expect("the program prints text")
}

#[test]
fn hello_says_hello() {
    let text = output(env!("CARGO_BIN_EXE_hello"), &[]);
    assert!(
        text.starts_with("hello from a task\nthis program"),
        "{text}"
    );
}

#[test]
fn crawler_finds_every_page_and_keeps_its_limit() {
    let text = output(env!("CARGO_BIN_EXE_crawler"), &["60", "3"]);
    assert!(
        text.starts_with("60 pages, ") && text.ends_with(" 3 at once\n"),
        "{text}"
    );
}

#[test]
fn crawler_refuses_what_is_no_number() {
    let crawler = env!("CARGO_BIN_EXE_crawler");
    let output = Command::new(crawler)
        .arg("many")
        .output()
        .expect("the program starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a number"));
}

#[test]
fn journal_has_every_line() {
    let text = output(env!("CARGO_BIN_EXE_journal"), &["20001"]);
    assert_eq!(text, "20001 lines, 208905 bytes\n");
}

#[test]
fn three_runtimes_all_find_the_same() {
    let text = output(env!("CARGO_BIN_EXE_three_runtimes"), &[]);
    let rows: Vec<_> = text
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace())
        .collect();
    assert_eq!(rows.len(), 9, "{text}");
    let figures: Vec<Vec<_>> = rows.into_iter().map(|row| row.skip(2).collect()).collect();
    assert!(
        figures
            .iter()
            .all(|row| *row == figures[0] && row[0] == "50"),
        "{text}"
    );
}

#[test]
fn in_tokio_talks_to_the_store() {
    assert_eq!(
        output(env!("CARGO_BIN_EXE_in_tokio"), &[]),
        "+OK\n$5\nhello\n"
    );
}

#[test]
fn echo_gives_back_what_it_gets() {
    let mut server = Killed(
        Command::new(env!("CARGO_BIN_EXE_echo"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts"),
    );
    let mut line = String::new();
    let stdout = server.0.stdout.take().expect("its output is piped");
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("it says where it listens");
    let addr = line
        .trim()
        .strip_prefix("listening on ")
        .expect("it says where it listens");
    for _ in 0..2 {
        let mut client = TcpStream::connect(addr).expect("it listens");
        client.write_all(b"one, two").expect("it reads");
        client
            .shutdown(Shutdown::Write)
            .expect("the connection is open");
        let mut answer = String::new();
        client
            .read_to_string(&mut answer)
            .expect("it answers and closes");
        assert_eq!(answer, "one, two");
    }
}

/// A child that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
