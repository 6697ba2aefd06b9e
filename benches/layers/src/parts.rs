//! The names of what is between a library and layer A: whose lines an instruction is of.
//!
//! An instruction belongs to the innermost function that is not std's, of those that it was inlined
//! through, and that function's file has a name here. So an atomic of std in the list of waiters is
//! the list's. A file of ours that the table does not have is [`UNNAMED`], and `bounds.rs` holds
//! how much of that there may be.

/// Files of the workspace, or folders with a `/` at the end, and what stands in them.
const OURS: &[(&str, &str)] = &[
    ("api/src/any/", "the erased twin"),
    ("api/src/budget.rs", BUDGET),
    ("api/src/current.rs", "entering the current runtime"),
    ("api/src/fs/", "layer B: files"),
    ("api/src/io/", "layer B: reads and writes"),
    ("api/src/net/", "layer B: sockets"),
    ("api/src/task/", "layer B: tasks"),
    ("api/src/time/", "layer B: clocks and sleeps"),
    ("backend-kit/src/blocking/", POOL),
    ("backend-kit/src/fork/", "whether the process was forked"),
    ("backend-kit/src/fs/", "files: reads on the spot"),
    ("backend-kit/src/gone.rs", "whether the runtime is gone"),
    ("backend-kit/src/lock.rs", "locks"),
    (
        "backend-kit/src/probe.rs",
        "whether a lent runtime is driven",
    ),
    ("backend-kit/src/task/", "panic capture"),
    ("backend-kit/src/wait/", "the list of waiters"),
    ("backend-native/src/", "native"),
    ("backend-smol/src/abort.rs", "who aborted a task"),
    ("backend-smol/src/home.rs", "the runtime's state"),
    ("backend-smol/src/handle.rs", HANDLE),
    ("backend-smol/src/io.rs", "objects that anybody may poll"),
    ("backend-smol/src/net/", "sockets"),
    ("backend-smol/src/runtime.rs", "the door"),
    ("backend-smol/src/task.rs", "the join handle"),
    ("backend-smol/src/time.rs", "alarms"),
    ("backend-smol/src/worker.rs", "workers"),
    ("backend-tokio/src/home.rs", "the runtime's state"),
    ("backend-tokio/src/handle.rs", HANDLE),
    ("backend-tokio/src/io.rs", "objects that anybody may poll"),
    ("backend-tokio/src/net/", "sockets"),
    ("backend-tokio/src/runtime.rs", "the door"),
    ("backend-tokio/src/task.rs", "the join handle"),
    ("backend-tokio/src/time.rs", "alarms"),
    ("benches/layers/src/", LOOP),
];

/// What the name of a part begins with that nobody has named.
pub const UNNAMED: &str = "unnamed";

const BUDGET: &str = "the budget";
const HANDLE: &str = "the handle";
const LOOP: &str = "the loop itself";
const POOL: &str = "the pool for blocking calls";

const ALLOCATION: &str = "allocation";
const COPIES: &str = "copies of memory";
const C_LIBRARY: &str = "the C library: system calls, the clock";
const STD: &str = "std: drops, and calls of its own";

/// A function that an instruction is in, or was inlined into.
#[derive(Debug)]
pub struct Frame {
    /// Where its lines are.
    pub file: String,
    /// Its name.
    pub function: String,
}

/// The part of an instruction of the program, whose frames go from inside to outside. `symbol` is
/// what stands there if there are no lines.
#[must_use]
pub fn inside(frames: &[Frame], symbol: &str) -> String {
    let mut known = frames.iter().filter(|frame| !frame.file.is_empty());
    match known.clone().find(|frame| !is_std(&frame.file)) {
        Some(frame) => of_file(&frame.file),
        None => {
            let function = known.next_back().map_or(symbol, |frame| &frame.function);
            of_std(function).to_owned()
        }
    }
}

/// The part of a function of the C library.
#[must_use]
pub fn elsewhere(function: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| function.contains(word));
    if has(&[
        "malloc",
        "free",
        "calloc",
        "realloc",
        "_int_",
        "tcache",
        "unlink_chunk",
    ]) {
        ALLOCATION
    } else if has(&["memcpy", "memmove", "memset", "memcmp", "bcmp"]) {
        COPIES
    } else {
        C_LIBRARY
    }
}

fn is_std(file: &str) -> bool {
    let places = ["/rustc/", "/rust/deps/"];
    places.iter().any(|place| file.starts_with(place))
        || file.contains("/rustlib/src/rust/library/")
}

fn of_std(function: &str) -> &'static str {
    match function.contains("alloc::alloc") || function.contains("__rust") {
        true => ALLOCATION,
        false => STD,
    }
}

fn of_file(file: &str) -> String {
    if let Some((_, inside)) = file.split_once("/registry/src/") {
        return library(inside).unwrap_or_else(|| unnamed(file));
    }
    let named = OURS.iter().find(|(place, _)| match place.ends_with('/') {
        true => file.contains(&format!("/{place}")),
        false => file.ends_with(&format!("/{place}")),
    });
    named.map_or_else(|| unnamed(file), |(_, name)| (*name).to_owned())
}

/// Whoever has to find a name is told for what.
fn unnamed(file: &str) -> String {
    format!("{UNNAMED}: {file}")
}

/// `index/tokio-1.2.3/src/runtime/task/raw.rs` is of `tokio: runtime/task`.
fn library(inside: &str) -> Option<String> {
    let mut places = inside.split('/').skip(1);
    let (name, _version) = places.next()?.rsplit_once('-')?;
    let mut modules: Vec<_> = places.skip(1).collect();
    modules.pop();
    modules.truncate(2);
    match modules.is_empty() {
        true => Some(name.to_owned()),
        false => Some(format!("{name}: {}", modules.join("/"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(file: &str, function: &str) -> Frame {
        let (file, function) = (file.to_owned(), function.to_owned());
        Frame { file, function }
    }

    #[test]
    fn what_std_does_is_of_its_caller() {
        let atomic = || frame("/rustc/0/library/core/src/sync/atomic.rs", "fetch_add");
        let list = frame("/checkout/backend-kit/src/wait/hub.rs", "poll");
        assert_eq!(inside(&[atomic(), list], "x"), "the list of waiters");
        let tokio = "/x/registry/src/index/tokio-1.2.3/src/runtime/task/raw.rs";
        assert_eq!(
            inside(&[atomic(), frame(tokio, "poll")], "x"),
            "tokio: runtime/task"
        );
        assert_eq!(inside(&[atomic()], "x"), STD);
        assert_eq!(inside(&[], "__rust_alloc"), ALLOCATION);
    }

    #[test]
    fn a_file_without_a_name_is_unnamed() {
        let new = frame("/checkout/backend-kit/src/novelty.rs", "f");
        assert_eq!(
            inside(&[new], "f"),
            "unnamed: /checkout/backend-kit/src/novelty.rs"
        );
        assert_eq!(of_file("/checkout/api/src/budget.rs"), "the budget");
        assert_eq!(of_file("/registry/src/index/slab-0.4.1/src/lib.rs"), "slab");
    }

    #[test]
    fn every_name_is_of_a_place_that_there_is() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (place, _) in OURS {
            assert!(root.join(place).exists(), "{place} is named and not there");
        }
    }
}
