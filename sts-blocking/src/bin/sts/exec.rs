use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::{Command, ExitCode};

use clap::Args;
use sts_blocking::Client;
use sts_blocking::sts_proto::perform::in_our_style;

use crate::args::Global;
use crate::beside;
use crate::commands::Run;
use crate::endpoint::{Endpoint, OVERRULING, goes_before};
use crate::failure::Failure;
use crate::output::{printable, tell};
use crate::session::Session;

/// Runs a command with credentials in its environment: those of the profile, or of roles that are assumed with them.
///
/// Variables that lead to other credentials are removed. The exit status is the command's; 126 where it cannot be run, and
/// 127 where it is not found.
#[derive(Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    session: Session,
    /// Give the command an endpoint on 127.0.0.1 that keeps the credentials fresh, instead of the credentials
    #[arg(long)]
    serve: bool,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Run for Exec {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = self.session.client(global)?;
        if self.serve {
            return serve(&self.command, &sts, self.session.name());
        }
        let keys = sts.credentials()?;
        let mut command = prepare(&self.command, &sts)?;
        for (name, value) in keys.to_env() {
            value.map(|value| command.env(name, value.expose()));
        }
        become_command(command)
    }
}

/// Runs the command beside an endpoint that it finds the credentials at.
fn serve(command: &[OsString], sts: &Client, session: String) -> Result<ExitCode, Failure> {
    let mut command = prepare(command, sts)?;
    let endpoint = Endpoint::start(sts, session, 0)?;
    command.envs(endpoint.variables());
    // Programs look into the shared files before they ask an endpoint. The file that has no other settings goes first.
    for file in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"] {
        if goes_before(sts, variables_of(&command)).is_some() {
            command.env(file, if cfg!(windows) { "NUL" } else { "/dev/null" });
        }
    }
    beside::run(command)
}

/// The environment that a command gets.
fn variables_of(command: &Command) -> BTreeMap<OsString, OsString> {
    let mut variables: BTreeMap<_, _> = std::env::vars_os().collect();
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => variables.insert(name.to_owned(), value.to_owned()),
            None => variables.remove(name),
        };
    }
    variables
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
    if let Some(region) = sts.context().region() {
        command.env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    }
    Ok(command)
}

/// Runs it in place of this process, where the system can do that.
#[cfg(unix)]
pub(crate) fn become_command(mut command: Command) -> Result<ExitCode, Failure> {
    use std::os::unix::process::CommandExt as _;

    // The command would be the parent of what still runs on other threads.
    crate::signals::end_programs();
    let error = command.exec();
    // `exec` has put it back to the default, with which a reader that is gone would end this process.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGPIPE, std::sync::Arc::default());
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

pub(crate) fn not_run(command: &Command, error: &io::Error) -> ExitCode {
    let program = printable(&command.get_program().to_string_lossy());
    let is_flag = command.get_program().as_encoded_bytes().starts_with(b"-");
    let advice = if is_flag { "; flags of sts stand before -- and the command" } else { "" };
    tell(format_args!("{program} cannot be run: {}{advice}", in_our_style(error)));
    ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 })
}

/// Variables in which programs look for credentials.
const OTHER_CREDENTIALS: [&str; 25] = [
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
    OVERRULING[0],
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    OVERRULING[1],
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_SESSION_EXPIRATION",
    "AWS_CREDENTIAL_PROFILES_FILE",
    "AWS_SSO_SESSION",
    "AWS_VAULT",
    "BOTO_CONFIG",
];
