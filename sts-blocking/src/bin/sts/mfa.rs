//! The code of an MFA device: asked at the terminal, or from a program.

use std::fmt::Display;
use std::io::{self, Read as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sts_blocking::sts_proto::perform::in_our_style;
use sts_blocking::sts_proto::{TransportError, TransportErrorKind as Kind};
use sts_blocking::{Error, Secret};

use crate::output::printable;

/// The current code of this device. If it cannot be got, [`reason`] says why.
pub(crate) fn code(serial: &str, process: Option<&str>) -> Option<Secret> {
    *REASON.lock().unwrap_or_else(PoisonError::into_inner) = None;
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

/// Leaves the terminal, and signals, to a command that runs there. The caller handles signals by now.
pub(crate) fn stop_asking() {
    IS_OTHERS.store(true, Ordering::Relaxed);
    #[cfg(unix)]
    terminal::stop_handling();
}

/// Puts back the modes of the terminal while a question still waits for its answer.
pub(crate) fn restore_terminal() {
    #[cfg(unix)]
    terminal::restore();
}

/// Why the last question gave no code.
pub(crate) fn reason() -> Option<String> {
    REASON.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The same where this error says that there is no code. The library does not know why.
pub(crate) fn reason_of(error: &Error) -> Option<String> {
    let Error::Credentials(error) = error else { return None };
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<TransportError>().is_some_and(|error| error.kind() == Kind::Unsupported) {
            return reason();
        }
        cause = error.source();
    }
    None
}

fn from_process(command: &str, serial: &str) -> Result<Secret, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let failed = |problem: &dyn Display| format!("the program of --mfa-process failed: {problem}");
    let of_system = |error: io::Error| failed(&in_our_style(&error));
    // Before the program begins, so that no signal leaves it behind.
    #[cfg(unix)]
    let asking = terminal::Asking::begin().map_err(of_system)?;
    let mut child = Command::new(shell);
    let child = child.args([flag, command]).env("STS_MFA_SERIAL", serial).stdout(Stdio::piped());
    let mut child = child.spawn().map_err(of_system)?;
    let Some(stdout) = child.stdout.take() else { return Err(failed(&"it has no standard output")) };
    let (printed, is_printed) = mpsc::channel();
    // A process that the program leaves behind may keep its output open for ever.
    let reading = thread::Builder::new().spawn(move || {
        // The one that waits may have given up.
        let _ = printed.send(first_line(stdout));
    });
    let until = Instant::now() + PATIENCE;
    let is_over = || {
        #[cfg(unix)]
        if asking.signal().is_some() {
            return true;
        }
        Instant::now() >= until
    };
    let line = loop {
        match is_printed.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) if !is_over() => {}
            line => break line.ok(),
        }
    };
    let status = loop {
        if line.is_none() || is_over() {
            let _ = child.kill();
            break child.wait();
        }
        match child.try_wait() {
            Ok(None) => thread::sleep(PAUSE),
            Ok(Some(status)) => break Ok(status),
            Err(error) => break Err(error),
        }
    };
    let status = status.map_err(of_system)?;
    reading.map_err(of_system)?;
    #[cfg(unix)]
    asking.end()?;
    let line = line.ok_or_else(|| failed(&format!("no code after {PATIENCE:?}")))?.map_err(of_system)?;
    if !status.success() {
        return Err(failed(&status));
    }
    Ok(line)
}

/// What is printed, up to the end of the first line. The rest is read so that the program can go on.
fn first_line(mut stdout: impl io::Read) -> io::Result<Secret> {
    // Bounded, and allocated at once: what a growing buffer leaves behind is not wiped.
    let mut bytes = Vec::with_capacity(MAX_CODE as usize + 64);
    stdout.by_ref().take(MAX_CODE).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map(Secret::new);
    io::copy(&mut stdout.take(MAX_REST), &mut io::sink())?;
    let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what it prints is not utf-8"))?;
    Ok(text.expose().lines().next().unwrap_or_default().trim().into())
}

#[cfg(unix)]
mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, LazyLock, Mutex, PoisonError};
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::retry_on_intr;
    use rustix::process::getpgrp;
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
    use signal_hook::SigId;
    use signal_hook::consts::SIGINT;
    use signal_hook::low_level::{self, pipe};
    use sts_blocking::Secret;
    use sts_blocking::sts_proto::perform::in_our_style;

    use super::{MAX_CODE, PATIENCE};
    use crate::signals;

    /// Asks without echo. The terminal sends each key at once and keeps Ctrl-C to itself, so that its modes are put back
    /// before this process ends.
    pub(super) fn ask(prompt: &str) -> Result<Secret, String> {
        let no_terminal = |error: io::Error| {
            format!("there is no terminal to ask at ({}); use --mfa-process", in_our_style(&error))
        };
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(no_terminal)?;
        // Asking from the background would stop this process.
        if tcgetpgrp(&terminal) != Ok(getpgrp()) {
            return Err("it runs in the background, where it cannot ask; use --mfa-process".to_owned());
        }
        let asking = Asking::begin()
            .map_err(|error| format!("signals cannot be handled: {}", in_our_style(&error)))?;
        let key = Keyboard::new(&terminal).and_then(|keyboard| keyboard.line(prompt, &asking));
        drop(asking);
        match key.map_err(|error| format!("the terminal cannot be read: {}", in_our_style(&error)))? {
            End::Line(code) => Ok(code),
            End::Closed => Err("the question was not answered".to_owned()),
            End::Signal(signal) => Err(end_by(signal)),
        }
    }

    /// Does what the signal does by default, so that the caller sees that it ended this process.
    fn end_by(signal: i32) -> String {
        let _ = low_level::emulate_default_handler(signal);
        "the question was interrupted".to_owned()
    }

    enum End {
        Line(Secret),
        Closed,
        Signal(i32),
    }

    /// While it is there, a signal does not end this process, but the question.
    pub(super) struct Asking {
        wakes: UnixStream,
        signal: Arc<AtomicUsize>,
        handlers: Vec<SigId>,
    }

    impl Asking {
        pub(super) fn begin() -> io::Result<Self> {
            let (wakes, wake) = UnixStream::pair()?;
            let mut asking = Self { wakes, signal: Arc::default(), handlers: Vec::new() };
            let mut as_before = AS_BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = as_before.is_empty();
            // Beside a command, signals are forwarded to it.
            let signals =
                if super::IS_OTHERS.load(Ordering::Relaxed) { Vec::new() } else { signals::heeded() };
            for signal in signals {
                if is_first {
                    let id = signal_hook::flag::register_conditional_default(signal, IS_IDLE.clone())?;
                    as_before.push(id);
                }
                let number = usize::try_from(signal).unwrap_or_default();
                let (noted, wake) = (Arc::clone(&asking.signal), wake.try_clone()?);
                asking.handlers.push(signal_hook::flag::register_usize(signal, noted, number)?);
                asking.handlers.push(pipe::register(signal, wake)?);
            }
            IS_IDLE.store(false, Ordering::SeqCst);
            Ok(asking)
        }

        pub(super) fn signal(&self) -> Option<i32> {
            i32::try_from(self.signal.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
        }

        /// Ends this process if a signal has come, as if there had been no question.
        pub(super) fn end(self) -> Result<(), String> {
            match self.signal() {
                Some(signal) => Err(end_by(signal)),
                None => Ok(()),
            }
        }
    }

    impl Drop for Asking {
        fn drop(&mut self) {
            IS_IDLE.store(true, Ordering::SeqCst);
            self.handlers.drain(..).for_each(|id| _ = low_level::unregister(id));
        }
    }

    /// No longer ends this process at a signal: what handles signals from now on decides.
    pub(super) fn stop_handling() {
        let mut as_before = AS_BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        as_before.drain(..).for_each(|id| _ = low_level::unregister(id));
    }

    /// Puts back the modes that a question has changed.
    pub(super) fn restore() {
        let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let terminal = before.and_then(|before| Some((before, File::open("/dev/tty").ok()?)));
        if let Some((before, terminal)) = terminal {
            let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
        }
    }

    /// A terminal that sends each key and shows none; dropping it puts the modes back.
    struct Keyboard<'a> {
        terminal: &'a File,
    }

    impl<'a> Keyboard<'a> {
        fn new(terminal: &'a File) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
            let keyboard = Self { terminal };
            tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
            Ok(keyboard)
        }

        /// Waits for a key; a signal, or nothing for a long time, ends the question.
        fn wait(&self, asking: &Asking, until: Instant) -> io::Result<Option<End>> {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).unwrap_or_default();
            let mut both =
                [PollFd::new(&asking.wakes, PollFlags::IN), PollFd::new(self.terminal, PollFlags::IN)];
            let ready = retry_on_intr(|| poll(&mut both, Some(&left)))?;
            Ok(match asking.signal() {
                Some(signal) => Some(End::Signal(signal)),
                None => (ready == 0).then_some(End::Closed),
            })
        }

        fn line(&self, prompt: &str, asking: &Asking) -> io::Result<End> {
            let until = Instant::now() + PATIENCE;
            let mut terminal = self.terminal;
            terminal.write_all(prompt.as_bytes())?;
            let mut typed = String::with_capacity(usize::try_from(MAX_CODE).unwrap_or_default());
            let end = loop {
                if let Some(end) = self.wait(asking, until)? {
                    break end;
                }
                let mut key = [0];
                match terminal.read(&mut key)? {
                    0 => break End::Closed,
                    _ => match key {
                        [b'\r' | b'\n'] => break End::Line(Secret::new(typed)),
                        [CTRL_C | CTRL_BACKSLASH] => break End::Signal(SIGINT),
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
            restore();
        }
    }

    /// The modes of the terminal before the question that waits for its answer.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
    /// Whether signals do what they do by default, which handlers of [`AS_BEFORE`] see to.
    static IS_IDLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
    static AS_BEFORE: Mutex<Vec<SigId>> = Mutex::new(Vec::new());

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
const MAX_REST: u64 = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(20);
/// Less than a call lasts at most, so that the question ends before the process does.
const PATIENCE: Duration = Duration::from_secs(280);
