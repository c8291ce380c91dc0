use std::env;
use std::process::ExitCode;
use std::thread;

use clap::Args;
use sts_blocking::Secret;

use crate::args::Global;
use crate::commands::Run;
use crate::endpoint::{Endpoint, OVERRULING, goes_before};
use crate::export::{Format, formats_of_variables, lines};
use crate::failure::Failure;
use crate::output::{print, tell};
use crate::session::Session;

/// Gives credentials to other programs of this machine, and keeps them fresh: an endpoint on 127.0.0.1 in the form of a
/// container's, which every SDK of AWS asks.
///
/// Prints the two variables that lead programs to it once it has credentials, removes others that programs would obey before
/// them, and runs until it is ended. It answers only callers that have the token and name it as 127.0.0.1 or localhost. GET /
/// gives the credentials of the profile or of --role, and of long-term keys a session of GetSessionToken; GET /role-arn/ARN
/// gives those of another role, assumed with them.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    session: Session,
    /// Port on 127.0.0.1; one that is free by default
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// How to print the variables
    #[arg(long, value_name = "FORMAT", default_value = "env", value_parser = formats_of_variables())]
    format: Format,
}

impl Run for Serve {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = self.session.client(global)?;
        let endpoint = Endpoint::start(&sts, self.session.name(), self.port)?;
        let variables = endpoint.variables();
        let seen = env::vars_os().chain(variables.clone().map(|(name, value)| (name.into(), value.into())));
        if let Some(source) = goes_before(&sts, seen) {
            let advice = "take these away from them, those of files with AWS_SHARED_CREDENTIALS_FILE=/dev/null and \
                          AWS_CONFIG_FILE=/dev/null, or use sts exec --serve";
            tell(format_args!(
                "programs with these variables look for the credentials of {source} first; {advice}"
            ));
        }
        let overruling = OVERRULING.into_iter().filter(|name| env::var_os(name).is_some());
        let overruling: Vec<_> = overruling.map(|name| (name, None)).collect();
        if let Some((name, _)) = overruling.first().filter(|_| !self.format.removes()) {
            tell(format_args!("programs obey {name} before these variables; take it away from them"));
        }
        let variables = variables.into_iter().map(|(name, value)| (name, Some(Secret::new(value))));
        print(&lines(self.format, variables.chain(overruling))?)?;
        loop {
            thread::park();
        }
    }
}
