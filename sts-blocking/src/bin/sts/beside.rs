//! Runs a command beside this process, which goes on serving it.

use std::process::{Command, ExitCode};

use crate::failure::Failure;

/// Waits for the command, and ends with its status. Signals that ask this process to end are the command's affair.
#[cfg(unix)]
pub(crate) fn run(mut command: Command) -> Result<ExitCode, Failure> {
    use std::os::unix::process::ExitStatusExt as _;

    use rustix::io::retry_on_intr;
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::low_level::siginfo::Cause;
    use sts_blocking::sts_proto::perform::in_our_style;

    use crate::signals::has_it_from_terminal;

    let failed = |error: std::io::Error| {
        Failure::Other(format!("signals cannot be handled: {}", in_our_style(&error)))
    };
    // Before the command begins, so that none is lost.
    let mut signals = SignalsInfo::<WithOrigin>::new(crate::signals::heeded()).map_err(failed)?;
    crate::mfa::stop_asking();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(crate::exec::not_run(&command, &error)),
    };
    let Some(pid) = Pid::from_raw(child.id().cast_signed()) else { return Ok(ExitCode::FAILURE) };
    let handle = signals.handle();
    let forwarding = std::thread::spawn(move || {
        for heard in &mut signals {
            let signal = Signal::from_named_raw(heard.signal);
            // A terminal sends some to its whole foreground, so the command has them.
            let is_of_process = matches!(heard.cause, Cause::Sent(_));
            if let Some(signal) = signal.filter(|signal| is_of_process || !has_it_from_terminal(*signal)) {
                // It is not waited for before this thread has ended, so no other process can have its id.
                let _ = kill_process(pid, signal);
            }
        }
    });
    // Until it ends, and not so that its id is free. An error of this is one of `wait` too.
    let _ = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
    handle.close();
    let _ = forwarding.join();
    let status = child.wait().map_err(|error| {
        Failure::Other(format!("the command cannot be waited for: {}", in_our_style(&error)))
    })?;
    // As shells have it.
    let status = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
}

/// Waits for the command, and ends with its status.
#[cfg(not(unix))]
pub(crate) fn run(command: Command) -> Result<ExitCode, Failure> {
    crate::mfa::stop_asking();
    crate::exec::become_command(command)
}
