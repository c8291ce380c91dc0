use std::process::ExitCode;

use clap::Args;

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::print;

/// Tells where every setting and the credentials come from, and why not from elsewhere.
///
/// Credentials are looked for, and shown by the end of their access key alone.
#[derive(Args)]
pub(crate) struct Explain {}

impl Run for Explain {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        // Where there is no region, the list says so.
        let explanation = global.builder().credentials_only().build()?.explain();
        print(&explanation.to_string())?;
        Ok(ExitCode::SUCCESS)
    }
}
