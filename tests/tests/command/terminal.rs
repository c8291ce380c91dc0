//! Questions at a terminal. Each test runs the program in a session of its own, which has a pseudo-terminal.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use sts_tests::sts::{Role, Server};

use super::program::{World, end, ended};

/// What came of a program at a terminal: its status, and all that the terminal showed.
pub(crate) struct Seen {
    pub(crate) status: ExitStatus,
    pub(crate) shown: String,
    /// Whether what is typed is shown again once the program has ended.
    echoes: bool,
}

/// Runs the program at a terminal of its own, and types `keys` once it asks.
fn at_terminal(world: &World, arguments: &[&str], keys: &[u8]) -> Seen {
    at_terminal_after(world, arguments, &[("mfa/alice: ", keys)])
}

/// Runs the program at a terminal of its own, and types something once after each of these texts.
pub(crate) fn at_terminal_after(world: &World, arguments: &[&str], typed: &[(&str, &[u8])]) -> Seen {
    at_terminal_signalled(world, arguments, typed, None)
}

/// The same, and sends the program a signal where it asks.
fn at_terminal_signalled(
    world: &World,
    arguments: &[&str],
    typed: &[(&str, &[u8])],
    signal: Option<&'static str>,
) -> Seen {
    in_session(world, world.path(), arguments, typed, signal)
}

/// The same with another program, which has the environment of `sts`.
fn in_session(
    world: &World,
    program: &Path,
    arguments: &[&str],
    typed: &[(&str, &[u8])],
    signal: Option<&'static str>,
) -> Seen {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&ours).and_then(|()| unlockpt(&ours)).unwrap();
    let path = ptsname(&ours, Vec::new()).unwrap();
    let theirs = PathBuf::from(OsStr::from_bytes(path.as_bytes()));
    let own = world.sts(&[]);
    // A session of its own takes the first terminal that it opens.
    let mut command = Command::new("setsid");
    command.args(["--wait", "sh", "-c", "exec \"$0\" \"$@\" <\"$TERMINAL\" >\"$TERMINAL\" 2>&1"]);
    command.arg(program).args(arguments).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERMINAL", &theirs);
    let keep = File::options().read(true).write(true).open(&theirs).unwrap();
    let mut child = command.spawn().unwrap();
    let pid = child.id().to_string();
    let mut ours = File::from(ours);
    let mut keyboard = ours.try_clone().unwrap();
    let typed: Vec<_> = typed.iter().map(|(after, keys)| ((*after).to_owned(), keys.to_vec())).collect();
    let reader = std::thread::spawn(move || {
        let (mut shown, mut piece, mut typed) = (Vec::new(), [0; 1024], typed.into_iter().peekable());
        while let Ok(count @ 1..) = ours.read(&mut piece) {
            shown.extend_from_slice(&piece[..count]);
            if let Some((_, keys)) = typed.next_if(|(after, _)| shown.ends_with(after.as_bytes())) {
                keyboard.write_all(&keys).unwrap();
                if let Some(signal) = signal {
                    // `setsid` has become the program.
                    Command::new("kill").args([signal, &pid]).status().unwrap();
                }
            }
        }
        String::from_utf8(shown).unwrap()
    });
    let status = ended(&mut child);
    let echoes = tcgetattr(&keep)
        .unwrap()
        .local_modes
        .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    drop(keep);
    Seen { status, shown: reader.join().unwrap(), echoes }
}

fn strict() -> Option<World> {
    World::with(Server::builder().role(Role::new("strict").requires_mfa(true)).mfa_code("424242"))
}

#[test]
fn a_code_is_asked_without_echo() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let arguments = ["export", "--no-cache", "--role", &role, "--mfa", &serial];
    // With a mistake, and with a line that is begun again.
    for keys in [&b"424242\r"[..], b"4242427\x7f\n", b"999\x15424242\n"] {
        let seen = at_terminal(&world, &arguments, keys);
        assert!(seen.status.success(), "{}", seen.shown);
        assert!(
            seen.shown.starts_with(&format!("MFA code of {serial}: \r\nexport AWS_ACCESS_KEY_ID=")),
            "{}",
            seen.shown
        );
        assert!(!seen.shown.contains("424242") && seen.echoes, "{}", seen.shown);
    }
    let forms: Vec<_> = world.sts.requests().into_iter().map(|request| request.form).collect();
    assert!(forms.iter().all(|form| form["TokenCode"] == "424242"), "{forms:?}");
}

#[test]
fn operations_ask_for_the_code_that_is_missing() {
    let Some(world) = strict() else { return };
    let serial = world.sts.mfa_serial();
    let seen = at_terminal(&world, &["get-session-token", "--serial-number", &serial], b"424242\r");
    assert!(seen.status.success() && seen.shown.contains("\"Credentials\""), "{}", seen.shown);
}

#[test]
fn signals_end_it_and_leave_the_terminal_as_it_was() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let arguments = ["export", "--no-cache", "--role", &role, "--mfa", &serial];
    // The last is what an alarm sends that was set before the program began.
    for (signal, number) in [("-TERM", 15), ("-HUP", 1), ("-INT", 2), ("-USR1", 10), ("-ALRM", 14)] {
        let seen = at_terminal_signalled(&world, &arguments, &[("mfa/alice: ", b"12")], Some(signal));
        assert!(seen.echoes, "{signal}: {}", seen.shown);
        assert_eq!(seen.status.signal(), Some(number), "{signal}: {:?}", seen.status);
    }
    assert!(world.sts.requests().is_empty());
}

/// Neither does the program of --mfa-process stay, nor what that has started, whether it listens or not.
#[cfg(target_os = "linux")]
#[test]
fn signals_leave_no_child() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let ids = world.home.path("ids");
    for (signal, number, trap) in [
        ("-TERM", 15, ""),
        ("-HUP", 1, ""),
        ("-INT", 2, ""),
        ("-ALRM", 14, ""),
        ("-TERM", 15, "trap '' TERM;"),
    ] {
        let _ = std::fs::remove_file(&ids);
        let process =
            format!("{trap} sleep 300 & echo $$ $! >\"$HOME/new\"; mv \"$HOME/new\" \"$HOME/ids\"; wait");
        let arguments =
            ["export", "--no-cache", "--role", &role, "--mfa", &serial, "--mfa-process", &process];
        let mut child = world.sts(&arguments).spawn().unwrap();
        let begun = contents(&ids);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert_eq!(ended(&mut child).signal(), Some(number), "{signal} {trap}");
        all_end(&begun);
    }
    assert!(world.sts.requests().is_empty());
}

/// What `sts` runs hears of its end once, and can put back what it has changed, such as the modes of the terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_is_ended_hears_of_it_once() {
    let Some(world) = strict() else { return };
    let serial = world.sts.mfa_serial();
    // Two signals at once would count as one, so the shell is busy rather than asleep.
    let count = world.home.write(
        "count",
        "n=0; trap 'n=1; echo heard >>\"$HOME/signals\"' TERM; : >\"$HOME/begun\"
         while [ $n -eq 0 ]; do :; done; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 1\n",
    );
    let process = format!("exec sh {}", count.display());
    world.home.write(".aws/config", format!("[profile slow]\ncredential_process = {process}\n"));
    for arguments in [
        &["--profile", "slow", "whoami"][..],
        &["--mfa-process", &process, "get-session-token", "--serial-number", &serial],
        &["exec", "--serve", "sh", count.to_str().unwrap()],
        &["exec", "sh", count.to_str().unwrap()],
    ] {
        let (begun, told) = (world.home.path("begun"), world.home.path("signals"));
        let _ = (std::fs::remove_file(&begun), std::fs::remove_file(&told));
        let mut child = world.sts(arguments).spawn().unwrap();
        contents(&begun);
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        ended(&mut child);
        assert_eq!(contents(&told), "heard\n", "{arguments:?}");
    }
}

/// No code is asked for, for a call that cannot be made.
#[test]
fn what_is_missing_is_said_before_a_code_is_asked_for() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let process = ["--mfa-process", "touch \"$HOME/asked\"; echo 424242"];
    let (status, _, errors) = end(world
        .sts(&[&["assume-role", "--role-arn", &role, "--serial-number", &serial], &process[..]].concat()));
    assert_eq!(status, Some(2));
    assert!(errors.contains("RoleSessionName is missing"), "{errors}");
    assert!(!world.home.path("asked").exists());
}

/// A daemon that it starts, and that keeps its output open, holds up nothing.
#[test]
fn a_code_is_taken_once_its_program_has_ended() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let process = "sleep 300 2>/dev/null & echo $! >\"$HOME/pid\"; printf '424242\\nand more\\n'";
    let arguments = ["export", "--no-cache", "--role", &role, "--mfa", &serial, "--mfa-process", process];
    let begun = std::time::Instant::now();
    assert!(world.prints(&arguments).contains("AccessKeyId"));
    assert!(begun.elapsed().as_secs() < 60);
    // `sts` must not wait for this process, nor end it.
    let pid = std::fs::read_to_string(world.home.path("pid")).unwrap();
    assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
}

/// What is in a file, once it is there.
#[cfg(target_os = "linux")]
fn contents(path: &Path) -> String {
    found("the file", || std::fs::read_to_string(path).ok())
}

/// Waits until the processes with these ids have ended. What was sent to them may have come before they do.
#[cfg(target_os = "linux")]
pub(crate) fn all_end(ids: &str) {
    found("the end of all", || (!ids.split_whitespace().any(is_running)).then_some(()))
}

/// Waits until something is there.
#[cfg(target_os = "linux")]
fn found<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    use std::time::{Duration, Instant};

    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether there is such a process, which has not ended. One that has may be there until its new parent hears of it.
#[cfg(target_os = "linux")]
fn is_running(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// Neither does a `credential_process`, nor what that has started, whether it listens or not.
#[cfg(target_os = "linux")]
#[test]
fn signals_end_a_credential_process_too() {
    let Some(world) = World::new() else { return };
    for (signal, number, trap) in [
        ("-TERM", 15, ""),
        ("-INT", 2, ""),
        ("-HUP", 1, ""),
        ("-TERM", 15, "trap '' TERM;"),
        ("-HUP", 1, "trap '' HUP;"),
    ] {
        let ids = world.home.path("ids");
        let _ = std::fs::remove_file(&ids);
        let process =
            format!("{trap} sleep 300 & echo $$ $! >\"$HOME/new\"; mv \"$HOME/new\" \"$HOME/ids\"; wait");
        world.home.write(".aws/config", format!("[profile slow]\ncredential_process = {process}\n"));
        let mut child = world.sts(&["whoami", "--profile", "slow"]).spawn().unwrap();
        let begun = contents(&ids);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert_eq!(ended(&mut child).signal(), Some(number), "{signal} {trap}");
        all_end(&begun);
    }
    assert!(world.sts.requests().is_empty());
}

/// The terminal sends it to the program that prints the credentials too.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_credential_process_too() {
    let Some(world) = World::new() else { return };
    let process = "echo $$ >\"$HOME/pid\"; printf 'confirm it: ' >/dev/tty; exec sleep 300";
    world.home.write(".aws/config", format!("[profile slow]\ncredential_process = {process}\n"));
    // The shell goes on: the end of the whole session would end all that is in it. A process that has ended may be there until
    // its new parent hears of it.
    let after = "echo \"status $?\"; pid=$(cat \"$HOME/pid\")
        for _ in $(seq 600); do
            grep -qs 'State:.[^Z]' \"/proc/$pid/status\" || { echo nothing is left; break; }
            sleep 0.1
        done";
    for command in ["whoami", "export", "exec true", "serve"] {
        let line = format!("trap : INT; \"$0\" --profile slow {command}; {after}");
        let program = world.path().to_str().unwrap();
        let arguments = ["-c", &line, program];
        let seen = in_session(&world, "sh".as_ref(), &arguments, &[("confirm it: ", b"\x03")], None);
        assert!(seen.status.success(), "{command}: {}", seen.shown);
        assert!(seen.shown.ends_with("status 130\r\nnothing is left\r\n"), "{command}: {}", seen.shown);
    }
    assert!(world.sts.requests().is_empty());
}

#[test]
fn ctrl_c_ends_it_and_leaves_the_terminal_as_it_was() {
    let Some(world) = strict() else { return };
    let (role, serial) = (world.sts.role_arn("strict"), world.sts.mfa_serial());
    let arguments = ["export", "--no-cache", "--role", &role, "--mfa", &serial];
    let seen = at_terminal(&world, &arguments, b"12\x03");
    assert!(seen.echoes, "{}", seen.shown);
    // As setsid tells of a program that a signal ended.
    assert!(seen.status.signal() == Some(2) || seen.status.code() == Some(130), "{:?}", seen.status);
    assert!(!seen.shown.contains("12\r") && world.sts.requests().is_empty(), "{}", seen.shown);
    // No answer.
    let seen = at_terminal(&world, &arguments, b"\x04");
    assert_eq!(seen.status.code(), Some(3), "{}", seen.shown);
    assert!(seen.shown.contains("sts: no code of the mfa device") && seen.echoes, "{}", seen.shown);
}
