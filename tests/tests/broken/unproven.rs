//! The laws that no mutant can break, each with the reason, in the open: the run prints them.
//!
//! A backend has no part in these. Their promises are kept above it, or by the compiler.

/// At most so many.
pub(crate) const MOST: usize = 10;

/// The name of the law's function, and why.
pub(crate) const LIST: &[(&str, &str)] = &[
    (
        "l033_handles_are_send_and_sync",
        "the bounds of `RawJoin` ask for it: a backend that breaks it does not compile",
    ),
    (
        "l066_yield_now_is_pending_once",
        "`yield_now` is a future of the contract's own, which asks no backend",
    ),
    (
        "l078_far_deadlines_are_exact",
        "it takes a clock that jumps, which the native runtime has not",
    ),
    (
        "l085_timeout_drops_the_future_first",
        "the contract's `Timeout` drops it, whatever alarm it has",
    ),
    (
        "l088_empty_buffers_answer_at_once",
        "empty buffers are answered above the backend",
    ),
    (
        "l136_literals_need_no_lookup",
        "literal addresses are read above the backend",
    ),
    (
        "l138_what_is_no_address_is_invalid",
        "arguments are read above the backend",
    ),
    (
        "l156_options_that_contradict",
        "they are refused above the backend",
    ),
    (
        "l185_a_panic_leaves_no_value_behind",
        "the scope of `task_local!` restores what was there, whoever polls it",
    ),
];

/// Laws whose mutant is still to be written. Unlike those above they can have one, and a line goes
/// when it has; a new law comes with its mutant, so that this list only grows shorter.
pub(crate) const WAITING: &[&str] = &[
    "l002_a_poll_sees_what_was_written_before_the_wake",
    "l007_a_replaced_waker_is_not_woken",
    "l007_a_replaced_waker_of_a_closure_is_not_woken",
    "l007_a_replaced_waker_of_a_socket_is_not_woken",
    "l011_a_waker_of_a_join_that_panics",
    "l011_a_waker_of_an_alarm_that_panics",
    "l011_a_waker_of_a_closure_that_panics",
    "l011_a_waker_of_a_socket_that_panics",
    "l032_a_large_future_needs_no_large_stack",
    "l041_one_blocking_thread_is_enough",
    "l056_another_thread_drops_it",
    "l056_the_end_of_a_thread_drops_it",
    "l034_tasks_that_nobody_can_wake_are_freed",
    "l063_a_long_poll_strands_nobody",
    "l065_sockets_and_timers_beside_busy_tasks",
    "l065_sockets_and_timers_on_a_busy_worker",
    "l079_timers_fire_beside_busy_sockets",
    "l028_local_tasks_stay_on_their_thread",
    "l121_sixty_four_mebibytes_there_and_back",
    "l121_what_is_cut_up_on_the_way_is_whole",
    "l095_an_end_on_the_way_stays_the_end",
    "l116_one_direction_ends_on_the_way",
    "l120_a_reset_on_the_way_is_both_ends_error",
    "l187_a_peer_that_falls_silent_is_waited_for",
    "l008_ever_new_wakers_are_not_kept",
    "l008_many_waiters_by_reference_are_woken",
    "l187_datagrams_that_nobody_reads_are_lost",
    "l184_what_is_not_there_says_so",
    "l184_what_is_there_is_there_erased",
    "l124_addresses_as_std_has_them",
    "l124_mapped_addresses_as_std_has_them",
    "l124_scopes_as_std_has_them",
    "l127_a_refusal_surfaces_once",
    "l127_a_refusal_wakes_a_receiver",
    "l128_an_unconnected_socket_hears_no_refusal",
    "l128_refusals_cost_nothing",
    "l160_a_waiting_read_blocks_no_worker",
    "l160_a_waiting_read_holds_up_no_shutdown",
    "l160_a_waiting_open_holds_up_no_shutdown",
    "l161_writes_before_a_shutdown_are_in_the_file",
    "l161_a_write_under_way_is_waited_for",
    "l057_a_forked_child_is_told",
    "l188_an_idle_runtime_rests",
    "l188_an_idle_runtime_rests_after_a_burst",
    "l087_interrupted_calls_of_sockets_are_made_again",
    "l087_interrupted_calls_of_files_are_made_again",
    "l098_a_refused_registration_is_an_error",
    "l099_a_failed_deregistration_leaks_nothing",
    "l101_an_interrupted_wait_goes_on",
    "l101_an_interrupted_wait_is_waited_again",
    "l102_a_driver_that_cannot_wait_says_so",
    "l114_an_aborted_connection_ends_nothing",
    "l114_a_failed_handshake_ends_nothing",
    "l080_overdue_alarms_fire_once_at_once",
    "l081_a_stop_wedges_nothing",
    "l186_idle_connections_and_alarms_are_small",
    "l187_what_nobody_reads_takes_no_memory",
    "l187_what_is_read_takes_no_memory",
    "l031_many_tasks_leave_no_memory",
    "l189_without_descriptors_operations_say_so",
    "l189_without_descriptors_unix_sockets_say_so",
    "l189_without_descriptors_nothing_spins",
    "l190_without_threads_nothing_is_lost",
    "l190_with_no_more_threads_nothing_is_lost",
    "l190_with_little_memory_nothing_is_lost",
    "l139_a_hanging_lookup_blocks_no_worker",
    "l139_a_dropped_lookup_is_over_at_once",
    "l140_lookups_leave_room_for_files",
    "l089_a_failed_write_left_no_byte",
    "l145_a_full_disk_is_told_by_the_sync",
    "l145_a_full_disk_reaches_through_a_buffer",
    "l040_a_closure_without_a_thread_fails_or_waits",
    "l042_idle_blocking_threads_end",
    "l055_a_start_without_threads_is_an_error",
    "l058_a_handle_starts_nothing",
];

/// The number of lines that [`WAITING`] has, to be lowered with it.
pub(crate) const WAITING_MOST: usize = 75;
