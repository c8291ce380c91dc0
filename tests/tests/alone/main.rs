//! Tests that need a process of their own: each starts this program once more, for itself alone, and one waits for the
//! other. What each needs it for stands beside it. Tests that replace the allocator are not among them: `bounds`.

#[cfg(target_os = "linux")]
mod addresses;
mod linear;
mod logger;
mod quiet;
mod secrets;
mod soak;
#[cfg(unix)]
mod threads;
mod traced;
#[cfg(target_os = "linux")]
mod wiped;

use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Makes a test of a function of a module.
macro_rules! alone {
    ($($(#[$meta:meta])* $module:ident::$test:ident;)*) => {
        $($(#[$meta])*
        #[test]
        fn $test() {
            alone(stringify!($test), $module::$test);
        })*
    };
}

alone! {
    /// Replaces the file of hosts.
    #[cfg(target_os = "linux")]
    addresses::every_address_of_a_name_is_tried;

    /// Can start no thread.
    #[cfg(unix)]
    threads::no_thread_to_be_had_is_an_error;

    /// Counts the threads of the process.
    soak::nothing_is_lost_and_nothing_is_left_behind;

    /// Looks through the memory of the process.
    #[cfg(target_os = "linux")]
    wiped::no_copy_is_left_in_memory;
    /// As above.
    #[cfg(target_os = "linux")]
    wiped::no_copy_is_left_by_the_drivers;

    /// Installs the logger of the process, and changes its level.
    quiet::a_log_that_is_raised_amid_a_call_does_not_get_its_bytes;

    /// Installs the logger of the process.
    secrets::nothing_that_prints_holds_a_secret;

    /// Installs the logger of the process.
    #[cfg(unix)] // One source is a program.
    secrets::no_source_of_credentials_tells_a_secret;

    /// `tracing` remembers for the whole process whether there was a subscriber.
    traced::both_clients_tell_the_same_of_calls_and_credentials_and_no_secret;
    /// Installs the logger of the process.
    traced::what_no_subscriber_is_told_goes_to_the_log;

    /// Compares times of the processor: nothing else is to use its caches.
    linear::documents_are_read_in_linear_time;
    /// As above.
    linear::secrets_are_taken_out_in_linear_time;
    /// As above.
    linear::documents_of_credentials_are_read_in_linear_time;
    /// As above.
    linear::profile_files_are_read_in_linear_time;
    /// As above.
    linear::requests_are_written_and_signed_in_linear_time;
    /// As above.
    linear::command_lines_are_split_in_linear_time;
    /// As above.
    linear::what_is_quadratic_would_be_noticed;
}

/// Runs a test of this program in a process of its own; in that process, runs what is to be tested.
fn alone(test: &str, body: fn()) {
    static TURN: Mutex<()> = Mutex::new(());
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut program = Command::new(std::env::current_exe().expect("a test has a file"));
    let output = program.args(["--exact", test, "--nocapture"]).env(ALONE, test).output();
    let output = output.expect("a test can be run");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!("{out}");
    assert!(output.status.success(), "{}\n{out}{err}", output.status);
    // A name that no test has passes too.
    assert!(out.contains("1 passed"), "the test has run\n{out}{err}");
}

/// Set in the process that a test has for itself.
const ALONE: &str = "STS_TESTS_ALONE";
