//! `sts`: identities, credentials and proofs at the command line. Each command has a file with its arguments; `commands.rs`
//! lists them.

mod args;
mod beside;
mod commands;
mod completions;
mod console;
mod debug;
mod eks_token;
mod endpoint;
mod exec;
mod explain;
mod export;
mod failure;
mod http;
mod input;
mod json;
mod man;
mod mfa;
mod nesting;
mod operation;
mod output;
mod proof;
mod random;
mod serve;
mod session;
#[cfg(unix)]
mod signals;
mod token;
mod verify;
mod whoami;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args as _, FromArgMatches as _};

use crate::args::Global;
use crate::commands::Command;
use crate::failure::Failure;

fn main() -> ExitCode {
    let (global, command) = match parsed(std::env::args_os().collect()) {
        Ok(parsed) => parsed,
        Err(told) => return explained(&told),
    };
    if global.debug {
        debug::log_to_stderr();
    }
    #[cfg(unix)]
    {
        signals::hear_of_children();
        signals::watch_programs();
    }
    let status = match nesting::bound().and_then(|()| command.run(&global)) {
        Ok(status) => status,
        Err(failure) => failure.report(&global),
    };
    // A question that was not answered in time is still there, on another thread.
    mfa::restore_terminal();
    #[cfg(unix)]
    signals::end_programs();
    status
}

/// The arguments, or what to tell instead: help, or what is wrong with them.
fn parsed(arguments: Vec<OsString>) -> Result<(Global, Command), clap::Error> {
    let parse = |only| {
        let matches = command(only).try_get_matches_from(&arguments)?;
        Ok::<_, clap::Error>((Global::from_arg_matches(&matches)?, Command::from_matches(&matches)?))
    };
    // Building all commands costs as much as a call. What one alone does not understand, all of them explain.
    let named = arguments.iter().skip(1).find_map(|argument| Command::known(argument.to_str()?));
    let alone = named.and_then(|name| parse(Some(name)).ok());
    alone.map_or_else(|| parse(None), Ok)
}

/// Tells it. Help that cannot be written is a failure, as any output is.
fn explained(told: &clap::Error) -> ExitCode {
    match told.print() {
        Err(error) if !told.use_stderr() => Failure::from(error).report(&Global::default()),
        _ => ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(1)),
    }
}

/// The program with its flags and commands, or with one command alone.
fn command(only: Option<&str>) -> clap::Command {
    let sts = clap::Command::new("sts")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Identities, temporary credentials and proofs of AWS Security Token Service")
        .long_about(ABOUT)
        .after_help(STATUSES)
        .subcommand_required(true)
        .arg_required_else_help(true);
    Command::add_to(Global::augment_args(sts), only)
}

const ABOUT: &str = "\
Identities, temporary credentials and proofs of AWS Security Token Service.

Region and credentials are found where the AWS CLI finds them; sts explain tells where.";

const STATUSES: &str = "\
Exit status:
  0  done
  1  refused by the service, or failed otherwise
  2  arguments or settings that cannot be used
  3  no credentials
  4  no answer
`sts exec` ends with the status of the command that it runs.";
