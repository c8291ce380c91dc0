//! Programs that ask at a terminal. Each test runs in a process of its own, which leads the session of a pseudo-terminal.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, getpgrp, ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use sts_proto::{Phase, TransportErrorKind as Kind};

use super::programs::{LONG, Numbers, exited, shell};
use super::{cause, drivers, kind};

#[test]
fn a_program_can_ask_at_the_terminal_in_the_foreground() {
    let Some(_terminal) = at_terminal("a_program_can_ask_at_the_terminal_in_the_foreground") else { return };
    for driver in drivers() {
        for script in [
            "printf 'code? ' > /dev/tty; read code < /dev/tty; printf %s \"$code\"",
            "stty -echo < /dev/tty; printf 'code? ' > /dev/tty; read code < /dev/tty; stty echo < /dev/tty; printf %s $code",
            "sh -c 'printf \"code? \" > /dev/tty; read code < /dev/tty; printf %s \"$code\"' | cat",
        ] {
            assert_eq!(exited(shell(&driver, script, LONG)), (Some(0), "123456".to_owned()), "{driver}");
        }
    }
}

/// This process has the same group, and lives on.
#[cfg(target_os = "linux")]
#[test]
fn a_program_in_the_foreground_is_ended_with_all_that_it_started() {
    let Some(_terminal) = at_terminal("a_program_in_the_foreground_is_ended_with_all_that_it_started") else {
        return;
    };
    for driver in drivers() {
        let numbers = Numbers::new();
        let file = numbers.file.display();
        let script = format!("setsid sleep 300 & echo $! >> {file}; (echo $$ >> {file}; sleep 301) | cat");
        let event = shell(&driver, &script, Duration::from_millis(1500));
        assert_eq!(kind(&event), Some(Kind::Timeout(Phase::Response)), "{driver}");
        assert!(numbers.all_end(2), "{driver}");
    }
}

#[test]
fn a_program_that_asks_from_the_background_is_given_up() {
    let Some(terminal) = at_terminal("a_program_that_asks_from_the_background_is_given_up") else { return };
    let mut foreground = Command::new("sleep").arg("300").process_group(0).spawn().unwrap();
    tcsetpgrp(&terminal, Pid::from_child(&foreground)).unwrap();
    for driver in drivers() {
        for script in ["read code < /dev/tty", "stty -echo < /dev/tty", "sh -c 'read code < /dev/tty' | cat"]
        {
            let event = shell(&driver, script, Duration::MAX);
            assert!(cause(&event).starts_with("the program was stopped"), "{driver}: {event:?}");
        }
        assert_eq!(exited(shell(&driver, "printf abc", LONG)), (Some(0), "abc".to_owned()), "{driver}");
    }
    foreground.kill().unwrap();
    foreground.wait().unwrap();
}

/// The terminal, in the process that leads its session. The first call, in another process, starts that one, types the code
/// whenever it is asked for, and returns `None` once it has passed.
fn at_terminal(test: &str) -> Option<File> {
    if let Some(path) = std::env::var_os(TERMINAL) {
        setsid().unwrap();
        let terminal = OpenOptions::new().read(true).write(true).open(path).unwrap();
        ioctl_tiocsctty(&terminal).unwrap();
        assert_eq!(tcgetpgrp(&terminal).unwrap(), getpgrp());
        return Some(terminal);
    }
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).and_then(|()| unlockpt(&ours)).unwrap();
    let path = ptsname(&ours, Vec::new()).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("effects::terminal::{test}"), "--nocapture"]);
    child.env(TERMINAL, OsStr::from_bytes(path.as_bytes())).stdin(Stdio::null());
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ours = File::from(ours);
    let keyboard = ours.try_clone().unwrap();
    std::thread::spawn(move || type_codes(keyboard));
    passed(child);
    // Its end hangs up on the session.
    drop(ours);
    None
}

fn type_codes(mut terminal: File) {
    let mut shown = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(count @ 1..) = terminal.read(&mut piece) {
        shown.extend_from_slice(&piece[..count]);
        if shown.ends_with(b"code? ") {
            shown.clear();
            terminal.write_all(b"123456\n").unwrap();
        }
    }
}

fn passed(child: Child) {
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
}

const TERMINAL: &str = "STS_TEST_TERMINAL";
