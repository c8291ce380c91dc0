//! The flags that every command has, and the client that is made of them.

use std::time::Duration;

use clap::Args;
use sts_blocking::{Builder, Client, Timeouts};

use crate::failure::Failure;
use crate::mfa;

#[derive(Args, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Profile of the shared files, whatever AWS_PROFILE says
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Region to call, and to sign for
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// Where to send requests instead of AWS's endpoint
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Do not share sessions with the AWS CLI in ~/.aws/cli/cache. A session that is found there is used whatever keys and
    /// endpoint it was got with
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,
    /// Shell command that prints the MFA code, instead of asking at the terminal; it finds the serial number in
    /// STS_MFA_SERIAL
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(crate) mfa_process: Option<String>,
    /// Tell what was tried on standard error
    #[arg(long, global = true)]
    pub(crate) debug: bool,
}

impl Global {
    /// A client as flags, environment and shared files say.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Ok(self.builder().build()?)
    }

    /// The same before it is built, for a command that sets more.
    pub(crate) fn builder(&self) -> Builder {
        let mut builder = Client::builder().share_cli_cache(!self.no_cache);
        // A person may look for the device. What is sent is bounded by attempts.
        builder = builder.timeouts(Timeouts { call: PATIENCE, ..Timeouts::default() });
        if let Some(profile) = &self.profile {
            builder = builder.profile(profile);
        }
        if let Some(region) = &self.region {
            builder = builder.region(region);
        }
        if let Some(url) = &self.endpoint_url {
            builder = builder.endpoint_url(url);
        }
        let process = self.mfa_process.clone();
        builder.of_program(flag).mfa_code(move |serial| mfa::code(serial, process.as_deref()))
    }
}

/// The flag that sets a setting which no environment and no file sets.
fn flag(setting: &str) -> &'static str {
    match setting {
        "profile" => "--profile",
        "region" => "--region",
        "endpoint url" => "--endpoint-url",
        _ => "set by this program",
    }
}

const PATIENCE: Duration = Duration::from_secs(300);
