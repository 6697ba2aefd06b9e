//! Where the operating system shows: unsafe code, and `cfg` over the target.
//!
//! It holds both lists.

use super::bans::{is_listed, unused};
use super::{Finding, Source, Token, Tokens};

/// Files with unsafe code, each with the reason that safe code cannot do it.
const UNSAFE: &[(&str, &str)] = &[
    (
        "backend-kit/src/fork/unix.rs",
        "the C library tells of a fork, through a function pointer",
    ),
    (
        "backend-native/src/executor/queue/place.rs",
        "what two halves share, by a protocol of their own",
    ),
    (
        "backend-native/src/reactor/sys/portable.rs",
        "polling trusts that a source is open",
    ),
    (
        "backend-native/src/task/header.rs",
        "a task's references, counted in the same word as its state",
    ),
    (
        "backend-native/src/task/join.rs",
        "the handle's claim on the output",
    ),
    (
        "backend-native/src/task/joiner.rs",
        "a waker in one word, which owns what it points to",
    ),
    (
        "backend-native/src/task/placed.rs",
        "an erased future in the memory of its task",
    ),
    (
        "backend-native/src/task/raw.rs",
        "one allocation for the future, its header and its output",
    ),
    (
        "backend-native/src/task/rooms/chain.rs",
        "free memory of tasks, linked through itself",
    ),
    (
        "backend-native/src/task/rooms/depot.rs",
        "free memory goes back to the allocator with the layout that it came with",
    ),
    (
        "backend-native/src/task/rooms/mod.rs",
        "memory for a task, from a list of free ones or the allocator",
    ),
    (
        "backend-native/src/task/rooms/tests.rs",
        "a room is taken, written and freed without a task",
    ),
];

/// Crates whose root says `deny`, because a file of theirs is on the list above.
const DENY: [&str; 2] = ["backend-kit", "backend-native"];

/// Files that ask which target they are compiled for, each with the reason.
const CFG: &[(&str, &str)] = &[
    (
        "compat-tests/src/laws/mod.rs",
        "laws of what exists on Unix alone",
    ),
    (
        "backend-smol/src/net/mod.rs",
        "Unix sockets exist on Unix alone",
    ),
    (
        "backend-smol/src/runtime.rs",
        "the door of the capability that exists on Unix alone",
    ),
    (
        "backend-tokio/src/runtime.rs",
        "the door of the capability that exists on Unix alone",
    ),
    (
        "compat-tests/src/laws/mod.rs",
        "the laws that look through the system are written for Unix",
    ),
    (
        "examples/kv/src/aof/file.rs",
        "a directory is synced where it can be opened",
    ),
    (
        "api/src/any/",
        "the erased twin has the capabilities that there are",
    ),
    (
        "api/src/fs/",
        "std's extensions for files differ between systems",
    ),
    (
        "api/src/lib.rs",
        "re-exports the capability that exists on Unix alone",
    ),
    ("api/src/net/", "Unix sockets exist on Unix alone"),
    (
        "api/src/os/",
        "handles and descriptors differ between systems",
    ),
    (
        "backend-kit/src/fork/mod.rs",
        "processes are forked on Unix alone",
    ),
    (
        "backend-kit/src/fs/inline/mod.rs",
        "reads without a thread exist on Linux alone",
    ),
    (
        "backend-kit/src/fs/system/mod.rs",
        "std's extensions for files differ between systems",
    ),
    (
        "backend-kit/src/net/",
        "Unix sockets exist on Unix alone, peers' credentials in places",
    ),
    (
        "backend-native/src/barrier/mod.rs",
        "a fence on other processors is asked for on Linux alone",
    ),
    (
        "backend-native/src/executor/monitor/bell/mod.rs",
        "a timer that is a descriptor exists on Linux alone",
    ),
    (
        "backend-native/src/executor/monitor/waits/mod.rs",
        "what a thread waits for is asked on Linux alone",
    ),
    (
        "backend-native/src/net/",
        "Unix sockets exist on Unix alone",
    ),
    (
        "backend-native/src/reactor/sys/",
        "epoll where it exists, polling elsewhere",
    ),
    (
        "backend-native/src/runtime.rs",
        "the door of the capability that exists on Unix alone",
    ),
    (
        "backend-native/src/timer/coarse/mod.rs",
        "a clock that is read cheaply exists on Linux alone",
    ),
    (
        "backend-tokio/src/net/mod.rs",
        "Unix sockets exist on Unix alone",
    ),
    (
        "facade/src/lib.rs",
        "re-exports the capability that exists on Unix alone",
    ),
    (
        "backend-native/src/sync.rs",
        "the cheaper full fence is another one on x86",
    ),
];

const TARGET_WORDS: [&str; 8] = [
    "unix",
    "windows",
    "target_os",
    "target_family",
    "target_arch",
    "target_env",
    "target_vendor",
    "target_pointer_width",
];

/// Unsafe code stands in listed files alone.
pub(crate) fn unsafe_code(file: &Source) -> Vec<Finding> {
    if is_listed(UNSAFE, &file.path) {
        return Vec::new();
    }
    let tokens = file.tokens();
    let advice = "unsafe code stands in listed files alone: find a safe way, or list it";
    tokens
        .find("unsafe")
        .into_iter()
        .map(|at| file.finding(tokens.0[at].line, advice))
        .collect()
}

/// The root of every crate refuses unsafe code.
pub(crate) fn roots_refuse_unsafe(file: &Source) -> Vec<Finding> {
    let roots = ["/src/lib.rs", "/src/main.rs"];
    let Some(package) = roots.iter().find_map(|root| file.path.strip_suffix(root)) else {
        return Vec::new();
    };
    let level = if DENY.contains(&package) {
        "deny"
    } else {
        "forbid"
    };
    let attribute = format!("# ! [ {level} ( unsafe_code ) ]");
    let missing = file.tokens().find(&attribute).is_empty();
    let advice = format!("write `#![{level}(unsafe_code)]`");
    missing
        .then(|| file.finding(1, advice))
        .into_iter()
        .collect()
}

/// The target is asked about in listed files alone. Tests are free.
pub(crate) fn cfg_sites(file: &Source) -> Vec<Finding> {
    if file.is_test_code() || is_listed(CFG, &file.path) {
        return Vec::new();
    }
    let tokens = file.tokens();
    let advice = "the target is asked about in listed files alone: make it a sibling file";
    // Where it is asked once, it is asked often: the first is enough to say.
    cfgs(tokens)
        .first()
        .map(|token| file.finding(token.line, advice))
        .into_iter()
        .collect()
}

/// The lists say no more than is needed.
pub(crate) fn lists_are_of_use(files: &[Source]) -> Vec<Finding> {
    let mut findings = unused(UNSAFE, files, |file| {
        !file.tokens().find("unsafe").is_empty()
    });
    findings.extend(unused(CFG, files, |file| !cfgs(file.tokens()).is_empty()));
    findings
}

/// The words about the target in `#[cfg(..)]`, `#[cfg_attr(..)]` and `cfg!(..)`.
fn cfgs(tokens: &Tokens) -> Vec<&Token> {
    let opens = ["cfg (", "cfg_attr (", "cfg ! ("];
    let sites = opens.iter().flat_map(|open| {
        tokens
            .find(open)
            .into_iter()
            .map(|at| at + open.split(' ').count() - 1)
    });
    let inside = sites.flat_map(|open| &tokens.0[open..tokens.close_of(open)]);
    inside
        .filter(|token| !token.in_tests)
        .filter(|token| TARGET_WORDS.contains(&token.text.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_code_is_found() {
        let found = |text| unsafe_code(&Source::new("api/src/a.rs", text)).len();
        assert_eq!(found("fn f() { unsafe { g() } }"), 1);
        assert_eq!(found("unsafe impl Send for S {}"), 1);
        assert_eq!(found("//! not unsafe\n#![forbid(unsafe_code)]"), 0);
    }

    #[test]
    fn a_root_that_allows_unsafe_is_found() {
        let found = |path, text| roots_refuse_unsafe(&Source::new(path, text)).len();
        assert_eq!(found("api/src/lib.rs", "//! A crate.\nmod a;"), 1);
        assert_eq!(found("api/src/lib.rs", "#![deny(unsafe_code)]"), 1);
        assert_eq!(found("api/src/lib.rs", "#![forbid(unsafe_code)]"), 0);
        assert_eq!(
            found("backend-native/src/lib.rs", "#![deny(unsafe_code)]"),
            0
        );
        assert_eq!(found("api/src/time.rs", ""), 0);
    }

    #[test]
    fn a_cfg_over_the_target_is_found() {
        let found = |text| cfg_sites(&Source::new("api/src/a.rs", text)).len();
        assert_eq!(found("#[cfg(unix)]\nmod a;"), 1);
        assert_eq!(
            found("#[cfg(all(not(windows), target_os = \"linux\"))]\nmod a;"),
            1
        );
        assert_eq!(found("fn f() { if cfg!(unix) { g() } }"), 1);
        assert_eq!(found("#[cfg(test)]\nmod unix {}"), 0);
    }
}
