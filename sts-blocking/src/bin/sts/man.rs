use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap_mangen::Man;
use sts_blocking::sts_proto::perform::in_our_style;

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::{print, printable};
use crate::{STATUSES, command};

/// Prints the manual page of a command, or writes all pages into a folder.
///
/// sts man export | man -l - shows a page.
#[derive(Args)]
pub(crate) struct Page {
    /// The command; the page of sts itself without one
    command: Vec<String>,
    /// Writes the pages of all commands into this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    to: Option<PathBuf>,
}

impl Run for Page {
    fn run(self, _: &Global) -> Result<ExitCode, Failure> {
        // The help of a command is shorter than its page. Operations have texts of their own in this place.
        // There is no page for `help`.
        let mut sts = command(None).disable_help_subcommand(true);
        sts = sts.mut_subcommands(|command| command.after_help(STATUSES).disable_help_subcommand(true));
        if let Some(folder) = self.to {
            let created = std::fs::create_dir_all(&folder);
            let written = created.and_then(|()| clap_mangen::generate_to(sts, &folder));
            written.map_err(|error| {
                let problem = in_our_style(&error);
                let folder = printable(&folder.to_string_lossy());
                Failure::Other(format!("the pages cannot be written to {folder}: {problem}"))
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        sts.build();
        let mut chosen = &sts;
        for name in &self.command {
            chosen = chosen
                .find_subcommand(name)
                .ok_or_else(|| Failure::Usage(format!("there is no command {name:?}; see sts --help")))?;
        }
        let mut page = Vec::new();
        Man::new(chosen.clone()).render(&mut page)?;
        print(&String::from_utf8_lossy(&page))?;
        Ok(ExitCode::SUCCESS)
    }
}
