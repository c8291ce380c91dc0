use super::*;

fn shell(script: &str, timeout: Duration) -> Event {
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    run(&Command { program: "sh".to_owned(), arguments, timeout })
}

fn kind(event: &Event) -> Option<Kind> {
    match event {
        Event::Failed(error) => Some(error.kind()),
        _ => None,
    }
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn run_without_input_and_leave_output_and_status() {
    for (script, status, expected) in [
        ("printf abc; echo noise >&2; exit 3", Some(3), "abc"),
        ("cat; printf end", Some(0), "end"),
        ("kill -9 $$", None, ""),
    ] {
        match shell(script, LONG) {
            Event::Exited(output) => {
                assert_eq!((output.status, &output.stdout[..]), (status, expected.as_bytes()))
            }
            event => panic!("{event:?}"),
        }
    }
}

/// As some supervisors start their programs: then the system does not tell how a child has ended. (The option of `env` is
/// one of GNU's.)
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn may_be_run_where_nobody_hears_of_their_end() {
    if std::env::var_os("STS_TEST_ALONE").is_none() {
        let name = "effects::program::tests::may_be_run_where_nobody_hears_of_their_end";
        let mut command = std::process::Command::new("env");
        command.arg("--ignore-signal=CHLD").arg(std::env::current_exe().unwrap());
        let output = command.args(["--exact", name]).env("STS_TEST_ALONE", "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("1 passed"), "{told}");
        return;
    }
    match shell("printf abc", LONG) {
        Event::Exited(output) => assert_eq!((output.status, &output.stdout[..]), (Some(0), &b"abc"[..])),
        event => panic!("{event:?}"),
    }
}

#[test]
fn get_arguments_as_they_are() {
    let arguments = vec!["%s".to_owned(), "a b; $HOME".to_owned()];
    let command = Command { program: "printf".to_owned(), arguments, timeout: LONG };
    match run(&command) {
        Event::Exited(output) => assert_eq!(output.stdout, "a b; $HOME"),
        event => panic!("{event:?}"),
    }
}

#[test]
fn may_be_missing_or_write_too_much() {
    let command = Command { program: "/no/such/program".to_owned(), arguments: Vec::new(), timeout: LONG };
    assert_eq!(kind(&run(&command)), Some(Kind::Other));
    assert_eq!(kind(&shell("exec cat /dev/zero", LONG)), Some(Kind::TooLarge));
}

#[test]
fn are_ended_when_their_time_is_over() {
    let file = std::env::temp_dir().join(format!("sts-blocking-late-{}", std::process::id()));
    let script = format!("exec >&-; sleep 2; echo late > {}", file.display());
    let begun = Instant::now();
    let event = shell(&script, Duration::from_millis(200));
    assert_eq!(kind(&event), Some(Kind::Timeout(Phase::Response)));
    assert!(begun.elapsed() < Duration::from_millis(1900));
    std::thread::sleep(Duration::from_millis(2500).saturating_sub(begun.elapsed()));
    assert!(!file.exists());
}

/// Tells of the processes that a script writes the numbers of.
struct Numbers(std::path::PathBuf);

impl Numbers {
    fn new(name: &str) -> Self {
        let file = std::env::temp_dir().join(format!("sts-blocking-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&file);
        Self(file)
    }

    /// Waits until there are as many.
    fn read(&self, count: usize) -> Vec<i32> {
        for _ in 0..500 {
            let text = std::fs::read_to_string(&self.0).unwrap_or_default();
            let numbers: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
            if numbers.len() == count && text.ends_with('\n') {
                return numbers;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not {count} numbers");
    }

    fn all_end(&self, count: usize) -> bool {
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

impl Drop for Numbers {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Not one that has ended and that nobody has waited for.
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

#[test]
fn are_ended_with_all_that_they_started() {
    let numbers = Numbers::new("group");
    let file = numbers.0.display();
    let script = format!("sleep 300 & echo $! >> {file}; (echo $$ >> {file}; sleep 301) | cat");
    let event = shell(&script, Duration::from_millis(1500));
    assert_eq!(kind(&event), Some(Kind::Timeout(Phase::Response)));
    assert!(numbers.all_end(2));
}

#[test]
fn may_leave_something_running() {
    let numbers = Numbers::new("left");
    let begun = Instant::now();
    let script = format!("sleep 30 & echo $! >> {}; printf abc", numbers.0.display());
    match shell(&script, LONG) {
        Event::Exited(output) => assert_eq!((output.status, &output.stdout[..]), (Some(0), &b"abc"[..])),
        event => panic!("{event:?}"),
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let left = numbers.read(1)[0];
    assert!(runs(left), "what it left running was ended");
    std::process::Command::new("kill").arg(left.to_string()).status().unwrap();
}

#[test]
fn print_to_the_end_of_what_they_leave_if_that_is_near() {
    match shell("(sleep 0.1; printf def) & printf abc", LONG) {
        Event::Exited(output) => assert_eq!(output.stdout, "abcdef"),
        event => panic!("{event:?}"),
    }
}

#[test]
fn are_not_named_by_errors() {
    let folder = std::env::temp_dir().display().to_string();
    for (program, reason) in [
        ("planted", "no such file or directory"),
        ("/planted/x", "no such file or directory"),
        (&folder, "permission denied"),
    ] {
        let arguments = vec!["planted".to_owned()];
        let command = Command { program: program.to_owned(), arguments, timeout: LONG };
        let Event::Failed(error) = run(&command) else { panic!("it runs") };
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), reason);
        assert!(!format!("{error} {error:?} {source:?}").contains("planted"));
    }
    let Event::Failed(error) = shell("sleep 30 # planted", Duration::from_millis(50)) else {
        panic!("it ends")
    };
    assert!(!format!("{error} {error:?}").contains("planted"));
}

#[test]
fn may_take_as_long_as_they_like() {
    assert!(matches!(shell("true", Duration::MAX), Event::Exited(output) if output.status == Some(0)));
}

/// Nobody reads any more, neither here nor on another thread.
#[test]
fn nobody_waits_for_what_they_leave() {
    let numbers = Numbers::new("unread");
    let script =
        format!("(trap '' PIPE; sleep 1.5; printf late || echo 1 >> {}) & printf abc", numbers.0.display());
    match shell(&script, LONG) {
        Event::Exited(output) => assert_eq!(output.stdout, "abc"),
        event => panic!("{event:?}"),
    }
    assert_eq!(numbers.read(1), [1]);
}
