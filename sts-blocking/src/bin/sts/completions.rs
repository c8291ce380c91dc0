use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use crate::args::Global;
use crate::command;
use crate::commands::Run;
use crate::failure::Failure;
use crate::output::print;

/// Prints a script that completes commands and flags in a shell.
///
/// Bash: source <(sts completions bash). Zsh: sts completions zsh > a file _sts in a folder of $fpath. Fish: sts completions
/// fish > ~/.config/fish/completions/sts.fish. PowerShell: sts completions powershell | Out-String | Invoke-Expression.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell that reads the script
    shell: Shell,
}

impl Run for Completions {
    fn run(self, _: &Global) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(None), "sts", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
