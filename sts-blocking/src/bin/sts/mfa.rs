//! The code of an MFA device: asked at the terminal, or from a program.

use std::io::{self, Read as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use sts_blocking::Secret;

/// The current code of this device; `None` where there is none to be had, and then [`reason`] says why.
pub(crate) fn code(serial: &str, process: Option<&str>) -> Option<Secret> {
    let code = match process {
        Some(command) => from_process(command, serial),
        None if IS_OTHERS.load(Ordering::Relaxed) => {
            Err("the terminal is the command's; use --mfa-process, or run the command again".to_owned())
        }
        None => terminal::ask(&format!("MFA code of {}: ", printable(serial))),
    };
    let reason = match code {
        Ok(code) if !code.expose().trim().is_empty() => return Some(code),
        Ok(_) => "it is empty".to_owned(),
        Err(reason) => reason,
    };
    let reason = format!("no code of the mfa device {}: {reason}", printable(serial));
    *REASON.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    None
}

/// Leaves the terminal to a command that runs there.
pub(crate) fn stop_asking() {
    IS_OTHERS.store(true, Ordering::Relaxed);
}

/// Why there was no code. What the library is told is only that there is none.
pub(crate) fn reason() -> Option<String> {
    REASON.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn from_process(command: &str, serial: &str) -> Result<Secret, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let run = || -> io::Result<_> {
        let mut child = Command::new(shell);
        let child = child.args([flag, command]).env("STS_MFA_SERIAL", serial).stdout(Stdio::piped());
        let mut child = child.spawn()?;
        let mut printed = String::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MAX_CODE).read_to_string(&mut printed)?;
        }
        Ok((Secret::new(printed), child.wait()?))
    };
    let (printed, status) = run().map_err(|error| format!("the program of --mfa-process failed: {error}"))?;
    if !status.success() {
        return Err(format!("the program of --mfa-process failed: {status}"));
    }
    Ok(printed.expose().lines().next().unwrap_or_default().into())
}

/// A serial number comes from a file, and must not move the cursor.
fn printable(serial: &str) -> String {
    serial.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

#[cfg(unix)]
mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{Read as _, Write as _};

    use rustix::process::{Signal, getpgrp, getpid, kill_process};
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
    use sts_blocking::Secret;

    use super::MAX_CODE;

    /// Asks without echo. The terminal sends each key at once and keeps Ctrl-C to itself, so that its modes are put back
    /// before this process ends.
    pub(super) fn ask(prompt: &str) -> Result<Secret, String> {
        let no_terminal = |error| format!("there is no terminal to ask at ({error}); use --mfa-process");
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(no_terminal)?;
        // Asking from the background would stop this process.
        if tcgetpgrp(&terminal) != Ok(getpgrp()) {
            return Err("it runs in the background, where it cannot ask; use --mfa-process".to_owned());
        }
        let key = Keyboard::new(&terminal).and_then(|keyboard| keyboard.line(prompt));
        match key.map_err(|error| format!("the terminal cannot be read: {error}"))? {
            End::Line(code) => Ok(code),
            End::Closed => Err("the question was not answered".to_owned()),
            End::Interrupted => {
                // As if the terminal had sent it: the caller sees that a signal ended this process.
                let _ = kill_process(getpid(), Signal::INT);
                Err("the question was interrupted".to_owned())
            }
        }
    }

    enum End {
        Line(Secret),
        Closed,
        Interrupted,
    }

    /// A terminal that sends each key and shows none; dropping it puts the modes back.
    struct Keyboard<'a> {
        terminal: &'a File,
        before: Termios,
    }

    impl<'a> Keyboard<'a> {
        fn new(terminal: &'a File) -> std::io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
            Ok(Self { terminal, before })
        }

        fn line(&self, prompt: &str) -> std::io::Result<End> {
            let mut terminal = self.terminal;
            terminal.write_all(prompt.as_bytes())?;
            let mut typed = String::with_capacity(usize::try_from(MAX_CODE).unwrap_or_default());
            let end = loop {
                let mut key = [0];
                match terminal.read(&mut key)? {
                    0 => break End::Closed,
                    _ => match key {
                        [b'\r' | b'\n'] => break End::Line(Secret::new(typed)),
                        [CTRL_C | CTRL_BACKSLASH] => break End::Interrupted,
                        [CTRL_D] if typed.is_empty() => break End::Closed,
                        [CTRL_U] => typed.clear(),
                        [BACKSPACE | DELETE] => drop(typed.pop()),
                        [key] if key.is_ascii_graphic() && typed.len() < typed.capacity() => {
                            typed.push(key.into())
                        }
                        _ => {}
                    },
                }
            };
            terminal.write_all(b"\n")?;
            Ok(end)
        }
    }

    impl Drop for Keyboard<'_> {
        fn drop(&mut self) {
            let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        }
    }

    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const CTRL_U: u8 = 0x15;
    const CTRL_BACKSLASH: u8 = 0x1c;
    const DELETE: u8 = 0x7f;
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

static IS_OTHERS: AtomicBool = AtomicBool::new(false);
static REASON: Mutex<Option<String>> = Mutex::new(None);

const MAX_CODE: u64 = 256;
