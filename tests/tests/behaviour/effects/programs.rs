//! Programs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sts_proto::flow::Command;
use sts_proto::{Effect, Event, Phase, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Once};
use sts_tests::home::Home;

use super::{cause, drivers, kind};

#[test]
fn run_without_input_and_leave_output_and_status() {
    for driver in drivers() {
        for (script, status, expected) in [
            ("printf abc; echo noise >&2; exit 3", Some(3), "abc"),
            ("cat; printf end", Some(0), "end"),
            ("kill -9 $$", None, ""),
            ("exec >&-; sleep 0.1; exit 4", Some(4), ""),
        ] {
            assert_eq!(exited(shell(&driver, script, LONG)), (status, expected.to_owned()), "{driver}");
        }
    }
}

/// As some supervisors start their programs: then the system does not tell how a child has ended. (The option of `env` is
/// one of GNU's.) In a process of its own, since what is ignored is the process's.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn may_be_run_where_the_end_of_children_is_ignored() {
    if std::env::var_os("STS_TEST_ALONE").is_none() {
        let name = "effects::programs::may_be_run_where_the_end_of_children_is_ignored";
        let mut command = std::process::Command::new("env");
        command.arg("--ignore-signal=CHLD").arg(std::env::current_exe().unwrap());
        let output = command.args(["--exact", name]).env("STS_TEST_ALONE", "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("1 passed"), "{told}");
        return;
    }
    for driver in drivers() {
        let end = exited(shell(&driver, "printf abc", LONG));
        assert_eq!(end, (Some(0), "abc".to_owned()), "{driver}");
    }
}

#[test]
fn get_arguments_as_they_are() {
    for driver in drivers() {
        let (_, output) = exited(driver.perform(run("printf", &["%s", "a b; $HOME"], LONG)));
        assert_eq!(output, "a b; $HOME", "{driver}");
    }
}

#[test]
fn may_be_missing_or_write_too_much() {
    for driver in drivers() {
        let missing = driver.perform(run("/no/such/program", &[], LONG));
        assert_eq!(kind(&missing), Some(Kind::Other), "{driver}");
        let endless = shell(&driver, "exec cat /dev/zero", LONG);
        assert_eq!(kind(&endless), Some(Kind::TooLarge), "{driver}");
        assert_eq!(cause(&endless), "the program printed more than 1 MiB", "{driver}");
        let (status, output) = exited(shell(&driver, "head -c 1048576 /dev/zero", LONG));
        assert_eq!((status, output.len()), (Some(0), 1 << 20), "{driver}");
    }
}

#[test]
fn leave_the_end_of_what_they_write_to_standard_error() {
    for driver in drivers() {
        for (script, expected) in [
            ("echo one >&2; printf abc; echo two >&2; exit 3", "one\ntwo\n"),
            ("exec 2>&-; exit 1", ""),
            ("(sleep 0.1; echo late >&2) & exit 1", "late\n"),
        ] {
            let Event::Exited(output) = shell(&driver, script, LONG) else { panic!("{driver}: {script}") };
            assert_eq!(output.stderr, expected, "{driver}: {script}");
        }
        let script = "yes noise | head -c 3000000 >&2; printf abc; echo last >&2; exit 1";
        let Event::Exited(output) = shell(&driver, script, LONG) else { panic!("{driver}") };
        assert_eq!(output.stdout, "abc", "{driver}");
        let end = String::from_utf8(output.stderr.to_vec()).unwrap();
        assert!(end.ends_with("noise\nlast\n") && (4096..=8192).contains(&end.len()), "{driver}");
    }
}

/// As one does that asks at a terminal in the background.
#[test]
fn are_given_up_when_they_are_stopped() {
    let signals = ["STOP", "TTIN", "TTOU"];
    let signals = if leads_a_terminal() { &signals[..1] } else { &signals };
    for driver in drivers() {
        for signal in signals {
            let numbers = Numbers::new();
            let script = format!("echo $$ > {}; kill -{signal} $$; sleep 300", numbers.file.display());
            let event = shell(&driver, &script, Duration::MAX);
            assert_eq!(kind(&event), Some(Kind::Other), "{driver}: {signal}");
            assert!(cause(&event).starts_with("the program was stopped"), "{driver}: {}", cause(&event));
            assert!(numbers.all_end(1), "{driver}");
        }
    }
}

/// Whether this process leads the session of a terminal, as in a container. A terminal's signals do not stop what is in its group.
fn leads_a_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = status.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    matches!(fields[..], [_, _, group, session, _, foreground, ..] if group == session && group == foreground)
}

#[test]
fn are_ended_when_their_time_is_over() {
    for driver in drivers() {
        let home = Home::new();
        let file = home.path("late");
        let script = format!("exec >&-; sleep 2; echo late > {}", file.display());
        let begun = Instant::now();
        let event = shell(&driver, &script, Duration::from_millis(200));
        assert_eq!(kind(&event), Some(Kind::Timeout(Phase::Response)), "{driver}");
        assert_eq!(cause(&event), "the program did not end in time", "{driver}");
        std::thread::sleep(Duration::from_millis(2500).saturating_sub(begun.elapsed()));
        assert!(!file.exists(), "{driver}");
    }
}

#[test]
fn are_ended_with_all_that_they_started() {
    for driver in drivers() {
        let numbers = Numbers::new();
        let file = numbers.file.display();
        let script = format!("sleep 300 & echo $! >> {file}; (echo $$ >> {file}; sleep 301) | cat");
        let event = shell(&driver, &script, Duration::from_millis(1500));
        assert_eq!(kind(&event), Some(Kind::Timeout(Phase::Response)), "{driver}");
        assert!(numbers.all_end(2), "{driver}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn are_ended_with_what_they_started_in_sessions_of_their_own() {
    for driver in drivers() {
        let numbers = Numbers::new();
        let file = numbers.file.display();
        let script = format!(
            "setsid sleep 300 & echo $! >> {file}; setsid sh -c 'echo $$ >> {file}; setsid sleep 301 & echo $! >> {file}; \
             wait' & wait"
        );
        let event = shell(&driver, &script, Duration::from_millis(1500));
        assert_eq!(kind(&event), Some(Kind::Timeout(Phase::Response)), "{driver}");
        assert!(numbers.all_end(3), "{driver}");
    }
}

/// What has ended and was not fetched stays in the table of processes for as long as this process runs.
#[cfg(target_os = "linux")]
#[test]
fn leave_nothing_when_client_and_runtime_are_dropped() {
    let [_, Driver::Async(client, runtime)] = drivers() else { panic!("the second is async") };
    let numbers = Numbers::new();
    let file = numbers.file.display();
    let script = format!("echo $$ >> {file}; setsid sleep 300 & echo $! >> {file}; wait");
    runtime.spawn(async move { client.run(Once::from(in_shell(&script, LONG))).await });
    let program = numbers.read(2)[0];
    drop(runtime);
    assert!(numbers.all_end(2));
    assert!(!std::path::Path::new(&format!("/proc/{program}")).exists(), "nothing fetched it");
}

/// Only the async client can stop waiting.
#[test]
fn are_ended_with_the_future_that_waits() {
    let [_, Driver::Async(client, runtime)] = drivers() else { panic!("the second is async") };
    let numbers = Numbers::new();
    let file = numbers.file.display();
    let script = format!("echo $$ >> {file}; sleep 300 & echo $! >> {file}; wait");
    let waiting = runtime.spawn(async move { client.run(Once::from(in_shell(&script, LONG))).await });
    assert!(numbers.read(2).iter().all(|number| runs(*number)));
    waiting.abort();
    assert!(runtime.block_on(waiting).unwrap_err().is_cancelled());
    assert!(numbers.all_end(2));
}

#[test]
fn may_leave_something_running() {
    for driver in drivers() {
        let numbers = Numbers::new();
        let begun = Instant::now();
        let script = format!("sleep 30 & echo $! >> {}; printf abc", numbers.file.display());
        let end = exited(shell(&driver, &script, LONG));
        assert_eq!(end, (Some(0), "abc".to_owned()), "{driver}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{driver}");
        let left = numbers.read(1)[0];
        assert!(runs(left), "{driver}: what it left running was ended");
        std::process::Command::new("kill").arg(left.to_string()).status().unwrap();
    }
}

#[test]
fn print_to_the_end_of_what_they_leave_if_that_is_near() {
    for driver in drivers() {
        let (_, output) = exited(shell(&driver, "(sleep 0.1; printf def) & printf abc", LONG));
        assert_eq!(output, "abcdef", "{driver}");
    }
}

/// What the program left running writes after it has ended: its output has no reader any more, here or in a thread.
#[test]
fn are_not_read_from_once_they_have_ended() {
    for driver in drivers() {
        let numbers = Numbers::new();
        let file = numbers.file.display();
        let script = format!("(trap '' PIPE; sleep 1.5; printf late || echo 1 >> {file}) & printf abc");
        assert_eq!(exited(shell(&driver, &script, LONG)).1, "abc", "{driver}");
        assert_eq!(numbers.read(1), [1], "{driver}");
    }
}

#[test]
fn are_not_named_by_errors() {
    let folder = std::env::temp_dir().display().to_string();
    for driver in drivers() {
        for (program, reason) in [
            ("planted", "no such file or directory"),
            ("/planted/x", "no such file or directory"),
            (&folder, "permission denied"),
            ("planted\0", "nul byte found in provided data"),
        ] {
            let event = driver.perform(run(program, &["planted"], LONG));
            assert_eq!(cause(&event), reason, "{driver}");
            shows_nothing_planted(&event);
        }
        let event = shell(&driver, "sleep 30 # planted", Duration::from_millis(50));
        shows_nothing_planted(&event);
    }
}

#[test]
fn may_have_any_amount_of_time() {
    for driver in drivers() {
        assert_eq!(exited(shell(&driver, "true", Duration::MAX)).0, Some(0), "{driver}");
    }
}

/// The file that a script writes the numbers of processes to.
pub(super) struct Numbers {
    pub(super) file: PathBuf,
    _home: Home,
}

impl Numbers {
    pub(super) fn new() -> Self {
        let home = Home::new();
        Self { file: home.path("numbers"), _home: home }
    }

    /// Waits until there are as many.
    fn read(&self, count: usize) -> Vec<i32> {
        for _ in 0..500 {
            let text = std::fs::read_to_string(&self.file).unwrap_or_default();
            let numbers: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
            if numbers.len() == count && text.ends_with('\n') {
                return numbers;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not {count} numbers");
    }

    pub(super) fn all_end(&self, count: usize) -> bool {
        let numbers = self.read(count);
        for _ in 0..500 {
            if !numbers.iter().any(|number| runs(*number)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

pub(super) fn shell(driver: &Driver, script: &str, timeout: Duration) -> Event {
    driver.perform(in_shell(script, timeout))
}

pub(super) fn in_shell(script: &str, timeout: Duration) -> Effect {
    run("sh", &["-c", script], timeout)
}

fn run(program: &str, arguments: &[&str], timeout: Duration) -> Effect {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    Effect::Run(Command { program: program.to_owned(), arguments, timeout })
}

/// Status and output of a program that has ended.
pub(super) fn exited(event: Event) -> (Option<i32>, String) {
    let Event::Exited(output) = event else { panic!("{event:?}") };
    (output.status, String::from_utf8(output.stdout.to_vec()).unwrap())
}

fn shows_nothing_planted(event: &Event) {
    let Event::Failed(error) = event else { panic!("{event:?}") };
    let source = std::error::Error::source(error);
    assert!(!format!("{error} {error:?} {source:?}").contains("planted"));
}

/// Whether a process runs. One that has ended and that its parent has not waited for does not.
fn runs(number: i32) -> bool {
    let state = if cfg!(target_os = "linux") {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().unwrap_or_default().to_owned()
    } else {
        let number = number.to_string();
        let ps = std::process::Command::new("ps").args(["-o", "stat=", "-p", &number]).output().unwrap();
        String::from_utf8_lossy(&ps.stdout).trim().to_owned()
    };
    !state.is_empty() && !state.starts_with('Z')
}

pub(super) const LONG: Duration = Duration::from_secs(20);
