use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::{Command, ExitCode};

use clap::Args;
use sts_blocking::Client;

use crate::args::Global;
use crate::commands::Run;
use crate::export::variables;
use crate::failure::Failure;
use crate::session::Session;

/// Runs a command with credentials in its environment: those of the profile, or of roles that are assumed with them.
///
/// Variables that lead to other credentials are removed. The exit status is the command's; 126 where it cannot be run, and
/// 127 where it is not found.
#[derive(Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    session: Session,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Run for Exec {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = self.session.client(global)?;
        let keys = sts.credentials()?;
        let mut command = prepare(&self.command, &sts)?;
        for (name, value) in variables(&keys) {
            value.map(|value| command.env(name, value));
        }
        become_command(command)
    }
}

/// The command, without variables that lead to credentials, and with the region.
pub(crate) fn prepare(command: &[OsString], sts: &Client) -> Result<Command, Failure> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Failure::Usage("there is no command to run".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments);
    for name in OTHER_CREDENTIALS {
        command.env_remove(name);
    }
    let endpoint = sts.context().endpoint().ok();
    if let Some(region) = endpoint.and_then(|endpoint| endpoint.signing_region()) {
        command.env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    }
    Ok(command)
}

/// Runs it in place of this process, where the system can do that.
#[cfg(unix)]
pub(crate) fn become_command(mut command: Command) -> Result<ExitCode, Failure> {
    use std::os::unix::process::CommandExt as _;

    let error = command.exec();
    Ok(not_run(&command, &error))
}

#[cfg(not(unix))]
pub(crate) fn become_command(mut command: Command) -> Result<ExitCode, Failure> {
    let status = match command.status() {
        Ok(status) => status,
        Err(error) => return Ok(not_run(&command, &error)),
    };
    // Ctrl-C ends the command too, and Windows has statuses of 32 bits.
    std::process::exit(status.code().unwrap_or(1))
}

fn not_run(command: &Command, error: &io::Error) -> ExitCode {
    eprintln!("sts: {} cannot be run: {error}", command.get_program().display());
    ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 })
}

/// Variables in which programs look for credentials.
const OTHER_CREDENTIALS: [&str; 19] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_CREDENTIAL_FILE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
];
