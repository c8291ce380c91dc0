//! Signals that ask this process to end.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::low_level::{self, pipe};

use crate::mfa::IS_OTHERS;

/// While it is there, a signal does not end this process, but the question.
pub(crate) struct Asking {
    wakes: UnixStream,
    signal: Arc<AtomicUsize>,
    handlers: Vec<SigId>,
}

impl Asking {
    pub(crate) fn begin() -> io::Result<Self> {
        let (wakes, wake) = UnixStream::pair()?;
        let mut asking = Self { wakes, signal: Arc::default(), handlers: Vec::new() };
        let mut as_before = AS_BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = as_before.is_empty();
        // Beside a command, signals are forwarded to it.
        let signals = if IS_OTHERS.load(Ordering::Relaxed) { Vec::new() } else { heeded() };
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

    /// Can be read from once a signal has come.
    pub(crate) fn wakes(&self) -> &UnixStream {
        &self.wakes
    }

    pub(crate) fn signal(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    /// Ends this process if a signal has come, as if there had been no question.
    pub(crate) fn end(self) -> Result<(), String> {
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
pub(crate) fn stop_handling() {
    let mut as_before = AS_BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
    as_before.drain(..).for_each(|id| _ = low_level::unregister(id));
}

/// Does what the signal does by default, so that the caller sees that it ended this process.
pub(crate) fn end_by(signal: i32) -> String {
    let _ = low_level::emulate_default_handler(signal);
    "the question was interrupted".to_owned()
}

/// Those that this process may handle. One that its caller made it ignore, as `nohup` does, stays ignored, by its children
/// too.
pub(crate) fn heeded() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let is_heeded = |signal: &i32| ignored & (1 << (signal - 1)) == 0;
    [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2].into_iter().filter(is_heeded).collect()
}

/// A bit for each signal that is ignored. Where the system does not tell, none is known to be.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Whether signals do what they do by default, which handlers of [`AS_BEFORE`] see to.
static IS_IDLE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
static AS_BEFORE: Mutex<Vec<SigId>> = Mutex::new(Vec::new());

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
