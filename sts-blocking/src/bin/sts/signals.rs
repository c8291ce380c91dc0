//! Signals that ask this process to end.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use signal_hook::SigId;
use signal_hook::consts::{SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::low_level::{self, pipe};

use crate::mfa::is_given_away;

/// While there is one, a signal does not end this process. It ends a question, or a program that this process waits for.
pub(crate) struct Held {
    wakes: UnixStream,
    signal: Arc<AtomicUsize>,
    handlers: Vec<SigId>,
    /// Whether [`HELD`] counts it.
    counts: bool,
}

impl Held {
    pub(crate) fn begin() -> io::Result<Self> {
        let (wakes, wake) = UnixStream::pair()?;
        let mut held = Self { wakes, signal: Arc::default(), handlers: Vec::new(), counts: false };
        let mut as_before = AS_BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = as_before.is_empty();
        let signals = if is_given_away() { Vec::new() } else { heeded() };
        for signal in signals {
            if is_first {
                let id = signal_hook::flag::register_conditional_default(signal, IS_IDLE.clone())?;
                as_before.push(id);
            }
            let number = usize::try_from(signal).unwrap_or_default();
            let (noted, wake) = (Arc::clone(&held.signal), wake.try_clone()?);
            held.handlers.push(signal_hook::flag::register_usize(signal, noted, number)?);
            held.handlers.push(pipe::register(signal, wake)?);
        }
        let mut count = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        held.counts = true;
        IS_IDLE.store(false, Ordering::SeqCst);
        Ok(held)
    }

    /// Can be read from once a signal has come.
    pub(crate) fn wakes(&self) -> &UnixStream {
        &self.wakes
    }

    /// The signal that has come, unless a command gets signals by now.
    pub(crate) fn signal(&self) -> Option<i32> {
        noted(&self.signal)
    }

    /// Lets signals end this process again, and returns the one that has come until then.
    pub(crate) fn release(self) -> Option<i32> {
        let signal = Arc::clone(&self.signal);
        drop(self);
        noted(&signal)
    }

    /// Ends this process if a signal has come, as if there had been no question.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.release() {
            Some(signal) => Err(end_by(signal)),
            None => Ok(()),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut count = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_sub(usize::from(self.counts));
        IS_IDLE.store(*count == 0, Ordering::SeqCst);
        drop(count);
        self.handlers.drain(..).for_each(|id| _ = low_level::unregister(id));
    }
}

fn noted(signal: &AtomicUsize) -> Option<i32> {
    let signal = i32::try_from(signal.load(Ordering::SeqCst)).ok();
    signal.filter(|signal| *signal != 0 && !is_given_away())
}

/// From now on signals do not end this process. The caller forwards them.
pub(crate) fn stop_handling() {
    let mut as_before = AS_BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
    as_before.drain(..).for_each(|id| _ = low_level::unregister(id));
}

/// Does what the signal does by default, so that the caller of this process sees which signal ended it. Programs that the library
/// runs are ended first, and the terminal gets back the modes that a question on another thread has changed.
pub(crate) fn end_by(signal: i32) -> String {
    end_programs();
    crate::mfa::restore_terminal();
    let _ = low_level::emulate_default_handler(signal);
    "the question was interrupted".to_owned()
}

/// Hears of the end of children where the caller of this process has made it ignore them: they could not be waited for.
pub(crate) fn hear_of_children() {
    // An error leaves all as it is.
    let _ = signal_hook::flag::register(SIGCHLD, Arc::default());
}

/// Sees to it that the programs which the library runs end when this process ends.
pub(crate) fn watch_programs() {
    sts_blocking::watch_programs(|| {
        let mut program = Program::begin();
        Box::new(move || program.signal())
    });
}

/// Ends programs that still run on other threads, and waits up to three times [`GRACE`] until they have ended.
pub(crate) fn end_programs() {
    IS_ENDING.store(true, Ordering::SeqCst);
    let until = Instant::now() + GRACE * 3;
    while RUNNING.load(Ordering::SeqCst) > 0 && Instant::now() < until {
        std::thread::sleep(PAUSE);
    }
}

/// A program that this process waits for: one of the library's, such as that of a `credential_process`, or that of
/// `--mfa-process`. Dropping it once the program has ended ends this process too, if a signal has come.
pub(crate) struct Program {
    /// Where signals cannot be handled, they end this process alone.
    held: Option<Held>,
    /// When it was asked to end.
    asked: Option<Instant>,
}

impl Program {
    pub(crate) fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self { held: Held::begin().ok(), asked: None }
    }

    /// What to send to it once this process is to end: `SIGTERM`, and `SIGKILL` after [`GRACE`]. `SIGINT` and `SIGQUIT` are not
    /// passed on as they are, since what a shell runs in the background ignores them.
    pub(crate) fn signal(&mut self) -> Option<Signal> {
        let has_come = self.held.as_ref().and_then(Held::signal);
        if has_come.is_none() && !IS_ENDING.load(Ordering::SeqCst) {
            return None;
        }
        match self.asked {
            None => {
                self.asked = Some(Instant::now());
                let has_it = has_come.and_then(Signal::from_named_raw).is_some_and(has_it_from_terminal);
                (!has_it).then_some(Signal::TERM)
            }
            Some(asked) => (asked.elapsed() >= GRACE).then_some(Signal::KILL),
        }
    }
}

/// Ends this process by the signal that has come, as if there had been no program.
impl Drop for Program {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        if let Some(signal) = self.held.take().and_then(Held::release) {
            end_by(signal);
        }
    }
}

/// Whether a terminal sends this signal to its foreground process group, and this process is in that group.
pub(crate) fn has_it_from_terminal(signal: Signal) -> bool {
    let terminal = || std::fs::File::open("/dev/tty").ok();
    let foreground = || rustix::termios::tcgetpgrp(terminal()?).ok();
    matches!(signal, Signal::INT | Signal::QUIT) && foreground() == Some(rustix::process::getpgrp())
}

/// Those that this process may handle. One that its caller made it ignore, as `nohup` does, stays ignored, by its children
/// too.
pub(crate) fn heeded() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let is_heeded = |signal: &i32| ignored & (1 << (signal - 1)) == 0;
    [SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2].into_iter().filter(is_heeded).collect()
}

/// A bit for each signal that is ignored. Where the system does not tell, none is known to be.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Whether signals do what they do by default, which handlers of [`AS_BEFORE`] see to.
static IS_IDLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
static AS_BEFORE: Mutex<Vec<SigId>> = Mutex::new(Vec::new());
/// How many [`Held`] there are.
static HELD: Mutex<usize> = Mutex::new(0);
/// How many programs of the library run.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// Whether this process is about to end.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// How long after `SIGTERM` a program gets `SIGKILL`.
const GRACE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_linux() {
        assert_eq!(ignored("Name:\tsts\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"), 0x1001);
        assert_eq!(ignored(""), 0);
        assert_eq!(ignored("SigIgn:\tx\n"), 0);
    }
}
