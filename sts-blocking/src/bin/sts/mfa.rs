//! The code of an MFA device: asked at the terminal, or from a program.

#[cfg(unix)]
mod terminal;

use std::error::Error as _;
use std::fmt::{self, Display};
use std::io::{self, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use sts_blocking::sts_proto::perform::in_our_style;
use sts_blocking::{Error, Secret};
use zeroize::Zeroizing;

use crate::output::printable;
#[cfg(unix)]
use crate::signals;

/// There is no code of an MFA device.
#[derive(Debug)]
pub(crate) struct NoCode {
    serial: String,
    reason: String,
}

impl NoCode {
    /// The first among the causes of an error of the library, if there is one.
    pub(crate) fn behind(error: &Error) -> Option<&Self> {
        let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
        causes.find_map(|cause| cause.downcast_ref())
    }

    /// Which code is missing, and why. The text of the library's error also says what the code is for.
    pub(crate) fn line(&self) -> String {
        format!("no code of the mfa device {}: {}", self.serial, self.reason)
    }
}

impl Display for NoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for NoCode {}

/// The current code of this device.
pub(crate) fn code(serial: &str, process: Option<&str>) -> Result<Secret, NoCode> {
    let code = match process {
        Some(command) => from_process(command, serial),
        None if is_given_away() => {
            Err("the terminal is the command's; use --mfa-process, or run the command again".to_owned())
        }
        None => terminal::ask(&format!("MFA code of {}: ", printable(serial))),
    };
    let reason = match code {
        Ok(code) if !code.expose().trim().is_empty() => return Ok(code),
        Ok(_) => "it is empty".to_owned(),
        Err(reason) => reason,
    };
    Err(NoCode { serial: printable(serial), reason })
}

/// Leaves the terminal, and signals, to a command that runs there. The caller handles signals by now.
pub(crate) fn stop_asking() {
    IS_GIVEN_AWAY.store(true, Ordering::SeqCst);
    #[cfg(unix)]
    signals::stop_handling();
}

/// Whether a command has the terminal, and gets the signals.
pub(crate) fn is_given_away() -> bool {
    IS_GIVEN_AWAY.load(Ordering::SeqCst)
}

/// Puts back the modes of the terminal while a question still waits for its answer.
pub(crate) fn restore_terminal() {
    #[cfg(unix)]
    terminal::restore();
}

#[cfg(not(windows))]
fn in_shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

/// The shell removes the outer quotation marks.
#[cfg(windows)]
fn in_shell(line: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    std::os::windows::process::CommandExt::raw_arg(&mut shell, format!("/d /s /c \"{line}\""));
    shell
}

fn from_process(command: &str, serial: &str) -> Result<Secret, String> {
    let failed = |problem: &dyn Display| format!("the program of --mfa-process failed: {problem}");
    let of_system = |error: io::Error| failed(&in_our_style(&error));
    // Before the program begins, so that no signal leaves it behind.
    #[cfg(unix)]
    let mut watch = signals::Program::begin();
    let mut child = in_shell(command);
    let child = child.env("STS_MFA_SERIAL", serial).stdout(Stdio::piped());
    let mut child = child.spawn().map_err(of_system)?;
    let Some(stdout) = child.stdout.take() else { return Err(failed(&"it has no standard output")) };
    let (printed, is_printed) = mpsc::channel();
    let reading = thread::Builder::new().spawn(move || {
        let mut stdout = stdout;
        // The one that waits may have given up.
        let _ = printed.send(first_line(&mut stdout));
        // The rest is read so that the program can go on.
        let _ = io::copy(&mut stdout.take(MAX_REST), &mut io::sink());
    });
    let until = Instant::now() + PATIENCE;
    let mut is_late = false;
    let status = loop {
        #[cfg(unix)]
        if let Some(asked) = watch.signal() {
            sts_blocking::signal_program(child.id(), asked);
        }
        if reading.is_err() || Instant::now() >= until {
            is_late = true;
            end(&mut child);
        }
        match child.try_wait() {
            Ok(None) => thread::sleep(PAUSE),
            Ok(Some(status)) => break Ok(status),
            Err(error) => break Err(error),
        }
    };
    // It ends this process, if a signal has come.
    #[cfg(unix)]
    drop(watch);
    let status = status.map_err(of_system)?;
    reading.map_err(of_system)?;
    if is_late {
        return Err(failed(&format!("no code after {PATIENCE:?}")));
    }
    if !status.success() {
        return Err(failed(&status));
    }
    // A process that the program leaves behind may keep its output open for ever.
    let line = is_printed.recv_timeout(GRACE).unwrap_or_else(|_| Ok(Secret::default()));
    line.map_err(of_system)
}

/// Ends a program, with what it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    sts_blocking::signal_program(child.id(), rustix::process::Signal::KILL);
    let _ = child.kill();
}

/// What is printed, up to the end of the first line.
fn first_line(stdout: &mut impl io::Read) -> io::Result<Secret> {
    // Bounded, and allocated at once: what a growing buffer leaves behind is not wiped.
    let mut bytes = Zeroizing::new([0; MAX_CODE]);
    let mut length = 0;
    while let Some(free) = bytes.get_mut(length..).filter(|free| !free.is_empty()) {
        match stdout.read(free) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if bytes.contains(&b'\n') {
            break;
        }
    }
    let printed = bytes.get(..length).unwrap_or_default();
    let text = std::str::from_utf8(printed.split(|byte| *byte == b'\n').next().unwrap_or_default());
    let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what it prints is not utf-8"))?;
    Ok(text.trim().into())
}

#[cfg(not(unix))]
mod terminal {
    use sts_blocking::Secret;

    pub(super) fn ask(prompt: &str) -> Result<Secret, String> {
        let answer = rpassword::prompt_password(prompt);
        answer
            .map(Secret::new)
            .map_err(|error| format!("the terminal cannot be asked ({error}); use --mfa-process"))
    }
}

static IS_GIVEN_AWAY: AtomicBool = AtomicBool::new(false);

const MAX_CODE: usize = 256;
const MAX_REST: u64 = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(20);
/// How long what a program has printed may take to be here after its end.
const GRACE: Duration = Duration::from_millis(500);
/// Less than a call lasts at most, so that the question ends before the process does.
const PATIENCE: Duration = Duration::from_secs(280);
