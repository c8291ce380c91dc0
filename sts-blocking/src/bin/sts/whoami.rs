use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use sts_blocking::sts_proto::{Outcome, Tried};

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::{Json, columns, print, print_json};

/// Says which identity the credentials are of, where they come from and how long they hold.
///
/// Needs no permission, so it is a good test of credentials.
#[derive(Args)]
pub(crate) struct Whoami {
    #[command(flatten)]
    json: Json,
}

impl Run for Whoami {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = global.client()?;
        let me = sts.get_caller_identity()?;
        let keys = sts.credentials()?;
        let expiration = keys.expiration_rfc3339();
        let unsaid = match keys.session_token {
            Some(_) => "not known (the source of the session does not say)",
            None => "never (long-term keys)",
        };
        let source = sts.explain_credentials().iter().find_map(source);
        if self.json.json {
            print_json(&json!({
                "Account": me.account,
                "Arn": me.arn,
                "UserId": me.user_id,
                "Source": source,
                "Expiration": expiration,
            }))?;
        } else {
            print(&columns(&[
                ("account", me.account),
                ("arn", me.arn),
                ("user id", me.user_id),
                ("source", source.unwrap_or_else(|| "unknown".to_owned())),
                ("expires", expiration.unwrap_or_else(|| unsaid.to_owned())),
            ]))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The source that is used, with what it says of the keys.
fn source(tried: &Tried) -> Option<String> {
    match &tried.outcome {
        Outcome::Used(which) => Some(format!("{}, {which}", tried.source)),
        _ => None,
    }
}
