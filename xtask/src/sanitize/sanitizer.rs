//! The sanitizers: what each is to rustc and to its programs, and which laws cannot hold beside it.
//!
//! It runs nothing. `mod.rs` and its parts read it.

use super::planted::{LEAK, Planted, RACE, USE_AFTER_FREE};

/// A sanitizer.
#[derive(Debug)]
pub(crate) struct Sanitizer {
    pub(super) name: &'static str,
    /// Its folder below the one where cargo builds.
    pub(super) key: &'static str,
    /// For rustc.
    pub(super) flags: &'static str,
    /// Variables that its programs heed, each with what it says. A report ends a program with
    /// `planted::FOUND`.
    pub(super) options: &'static [(&'static str, &'static str)],
    pub(super) planted: &'static [Planted],
    /// Laws that fail for what the sanitizer itself does, with what that is.
    pub(super) own_doing: &'static [(&'static str, &'static str)],
    /// Laws beside which it looks for no lost memory, with the reason.
    pub(super) unwatched: &'static [(&'static str, &'static str)],
    /// What is added to its options there.
    pub(super) unwatching: &'static [(&'static str, &'static str)],
}

/// Finds data races.
pub(crate) const THREAD: Sanitizer = Sanitizer {
    name: "thread",
    key: "tsan",
    // It does not know fences: `sync.rs` of native has something else for it.
    flags: "-Zsanitizer=thread --cfg anyrt_tsan",
    options: &[(
        "TSAN_OPTIONS",
        "halt_on_error=1:exitcode=66:allow_addr2line=1",
    )],
    planted: &[RACE],
    own_doing: &[
        ("l031_many_tasks_leave_no_memory", TSAN_SHADOW),
        ("l054_many_runtimes_leave_no_memory", TSAN_THREADS),
        ("l058_a_handle_starts_nothing", TSAN_BACKGROUND),
        ("l099_a_failed_deregistration_leaks_nothing", TSAN_SHADOW),
        ("l186_idle_connections_and_alarms_are_small", TSAN_SHADOW),
        ("l187_what_is_read_takes_no_memory", TSAN_SHADOW),
        ("l188_an_idle_runtime_rests", TSAN_BACKGROUND),
        ("l188_an_idle_runtime_rests_after_a_burst", TSAN_BACKGROUND),
    ],
    unwatched: &[],
    unwatching: &[],
};

/// Finds memory that is used when it is gone or where it ends, and memory that nobody can reach.
pub(crate) const ADDRESS: Sanitizer = Sanitizer {
    name: "address",
    key: "asan",
    // A room that is used again would hide the use of one that was freed.
    flags: "-Zsanitizer=address --cfg anyrt_plain_rooms",
    options: &[
        ("ASAN_OPTIONS", "exitcode=66:detect_leaks=1"),
        ("LSAN_OPTIONS", "exitcode=66"),
    ],
    planted: &[USE_AFTER_FREE, LEAK],
    own_doing: &[
        ("l031_many_tasks_leave_no_memory", QUARANTINE),
        ("l054_many_runtimes_leave_no_memory", QUARANTINE),
        ("l075_many_alarms_leave_no_memory", QUARANTINE),
        ("l099_a_failed_deregistration_leaks_nothing", QUARANTINE),
        ("l186_idle_connections_and_alarms_are_small", QUARANTINE),
        ("l187_what_is_read_takes_no_memory", QUARANTINE),
        ("l187_what_nobody_reads_takes_no_memory", QUARANTINE),
        ("l190_with_little_memory_nothing_is_lost", QUARANTINE),
    ],
    unwatched: &[
        ("l027_every_combination_of_end_and_handle", LOST_BY_RUST),
        ("l057_a_forked_child_is_told", FORKED),
        ("l087_interrupted_calls_of_files_are_made_again", TRACED),
        ("l087_interrupted_calls_of_sockets_are_made_again", TRACED),
        ("l098_a_refused_registration_is_an_error", TRACED),
        ("l099_a_failed_deregistration_leaks_nothing", TRACED),
        ("l101_an_interrupted_wait_is_waited_again", TRACED),
        ("l102_a_driver_that_cannot_wait_says_so", TRACED),
        ("l114_a_failed_handshake_ends_nothing", TRACED),
        ("l114_an_aborted_connection_ends_nothing", TRACED),
        ("l190_without_threads_nothing_is_lost", TRACED),
    ],
    unwatching: &[("ASAN_OPTIONS", ":detect_leaks=0")],
};

/// 4,000 threads of a program without a runtime that were joined leave 6,256 KiB; 4 without TSan.
const TSAN_THREADS: &str = "it counts the process's memory, and the sanitizer keeps 1.6 KiB of \
     each thread that there was";
/// Seen in `/proc/self/task` of a program without a runtime, as soon as it has a second thread.
const TSAN_BACKGROUND: &str = "it counts threads or wake-ups, and the sanitizer has a thread of \
     its own that wakes up ten times a second";
/// Of the 66 MiB that L186 has more at its peak, 9 are the program's heap (`/proc/<pid>/smaps`).
/// L031 finds 4.7 MiB with one worker, and at most 8 KiB in a build without the sanitizer; L099
/// 572 KiB, and nothing there.
const TSAN_SHADOW: &str = "it counts the process's memory, and the sanitizer notes beside each \
     word who has used it";
/// They hold with `quarantine_size_mb=0:thread_local_quarantine_size_kb=0:malloc_context_size=0`
/// and `detect_stack_use_after_return=0`.
const QUARANTINE: &str = "it counts the process's memory, and the sanitizer keeps what is freed, \
     up to 256 MiB, and second stacks, to see who uses them still";
/// The law's own text says so too.
const LOST_BY_RUST: &str = "where a local's destructor panics, Rust itself loses the value that is \
     being returned";
const FORKED: &str = "a forked child has the memory of threads that it has not";
/// "LeakSanitizer does not work under ptrace", it says.
const TRACED: &str = "strace makes its system calls fail, and the search needs to trace itself";
