use std::process::ExitCode;

use clap::Args;

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::print_json;
use crate::session::Session;

/// Prints credentials for other programs: those of the profile, or of roles that are assumed with them.
#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    session: Session,
}

impl Run for Export {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let keys = self.session.client(global)?.credentials()?;
        print_json(&serde_json::json!({
            "Version": 1,
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key.expose(),
            "SessionToken": keys.session_token.as_ref().map(|token| token.expose()),
            "Expiration": keys.expiration_rfc3339(),
        }))?;
        Ok(ExitCode::SUCCESS)
    }
}
