//! The question at a terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use signal_hook::consts::SIGINT;
use sts_blocking::Secret;
use sts_blocking::sts_proto::perform::in_our_style;

use super::{MAX_CODE, PATIENCE};
use crate::signals::{Held, end_by};

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
    let asking =
        Held::begin().map_err(|error| format!("signals cannot be handled: {}", in_our_style(&error)))?;
    let key = Keyboard::new(&terminal).and_then(|keyboard| keyboard.line(prompt, &asking));
    asking.end()?;
    match key.map_err(|error| format!("the terminal cannot be read: {}", in_our_style(&error)))? {
        End::Line(code) => Ok(code),
        End::Closed => Err("the question was not answered".to_owned()),
        End::Signal(signal) => Err(end_by(signal)),
    }
}

enum End {
    Line(Secret),
    Closed,
    Signal(i32),
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
    fn wait(&self, asking: &Held, until: Instant) -> io::Result<Option<End>> {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap_or_default();
        let mut both =
            [PollFd::new(asking.wakes(), PollFlags::IN), PollFd::new(self.terminal, PollFlags::IN)];
        let ready = retry_on_intr(|| poll(&mut both, Some(&left)))?;
        Ok(match asking.signal() {
            Some(signal) => Some(End::Signal(signal)),
            None => (ready == 0).then_some(End::Closed),
        })
    }

    fn line(&self, prompt: &str, asking: &Held) -> io::Result<End> {
        let until = Instant::now() + PATIENCE;
        let mut terminal = self.terminal;
        terminal.write_all(prompt.as_bytes())?;
        let mut typed = String::with_capacity(MAX_CODE);
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
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const CTRL_BACKSLASH: u8 = 0x1c;
const DELETE: u8 = 0x7f;
