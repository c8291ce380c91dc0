//! `sts`: identities, credentials and proofs at the command line. Each command has a file with its arguments; `commands.rs`
//! lists them.

mod args;
mod commands;
mod completions;
mod debug;
mod exec;
mod explain;
mod export;
mod failure;
mod json;
mod man;
mod mfa;
mod operation;
mod output;
mod session;
mod whoami;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Global;
use crate::commands::Command;

/// Identities, temporary credentials and proofs of AWS Security Token Service.
///
/// Region and credentials are found where the AWS CLI finds them; `sts explain` tells where.
#[derive(Parser)]
#[command(name = "sts", version, after_help = STATUSES, disable_help_subcommand = true)]
struct Sts {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let Sts { global, command } = Sts::parse();
    if global.debug {
        debug::log_to_stderr();
    }
    match command.run(&global) {
        Ok(status) => status,
        Err(failure) => failure.report(global.debug),
    }
}

const STATUSES: &str = "\
Exit status:
  0  done
  1  refused by the service, or failed otherwise
  2  arguments or settings that cannot be used
  3  no credentials
  4  no answer
`sts exec` ends with the status of the command that it runs.";
