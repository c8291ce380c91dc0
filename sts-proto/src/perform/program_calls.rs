//! What both drivers ask a system about programs, said once.

/// How a program is started, and the system calls about it that the standard library does not have, for a driver that depends
/// on `rustix`. The driver names the modules of files and processes, since the core has none.
#[doc(hidden)]
#[macro_export]
macro_rules! common_program_calls {
    ($($fs:ident)::*, $($process:ident)::*) => {
        /// The program of a command, with nothing to read and what it prints kept.
        fn prepared(command: &$crate::flow::Command) -> $($process)::*::Command {
            use $($process)::*::Stdio;

            let mut program = $($process)::*::Command::new(&command.program);
            #[cfg(windows)]
            for piece in &command.arguments {
                std::os::windows::process::CommandExt::raw_arg(&mut program, piece);
            }
            #[cfg(not(windows))]
            program.args(&command.arguments);
            #[cfg(unix)]
            if !has_foreground() {
                std::os::unix::process::CommandExt::process_group(&mut program, 0);
            }
            program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            program
        }

        /// Whether this process has the foreground of its terminal.
        #[cfg(unix)]
        fn has_foreground() -> bool {
            let terminal = $($fs)::*::File::open("/dev/tty").ok();
            let foreground = terminal.and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
            foreground == Some(rustix::process::getpgrp())
        }

        /// Whether a signal has stopped this program, which was started and has not ended.
        #[cfg(unix)]
        fn is_stopped(id: u32) -> bool {
            use rustix::process::{WaitId, WaitIdOptions, waitid};

            // Told of again the next time, unless it goes on.
            let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            let stopped = to_pid(id).and_then(|id| waitid(WaitId::Pid(id), options).ok()?);
            stopped.is_some_and(|status| status.stopped())
        }

        /// Ends a program that has not ended, with its group, if it has one of its own, and with what it has started.
        #[cfg(unix)]
        fn end(id: u32) {
            signal(id, rustix::process::Signal::KILL);
        }

        /// Sends a signal to a program that has not ended, to its group, if it has one of its own, and to what it has started.
        #[cfg(unix)]
        fn signal(id: u32, signal: rustix::process::Signal) {
            use rustix::process::{Pid, getpgid, kill_process, kill_process_group};

            let Some(program) = to_pid(id) else { return };
            // There is such a directory on Linux only. What is ended belongs to its parent no longer.
            let processes = $($fs)::*::read_dir("/proc").into_iter().flatten().flatten();
            let stats = processes.filter_map(|process| $($fs)::*::read(process.path().join("stat")).ok());
            let started = $crate::perform::started_by(id, stats);
            let in_group = |process: Pid| getpgid(Some(process)) == Ok(program);
            if in_group(program) {
                let _ = kill_process_group(program, signal);
            }
            let all = [program].into_iter().chain(started.into_iter().filter_map(Pid::from_raw));
            // None gets it twice.
            all.filter(|process| !in_group(*process)).for_each(|process| _ = kill_process(process, signal));
        }

        #[cfg(unix)]
        fn to_pid(id: u32) -> Option<rustix::process::Pid> {
            rustix::process::Pid::from_raw(id.cast_signed())
        }
    };
}
