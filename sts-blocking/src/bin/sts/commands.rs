//! The list of commands.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, FromArgMatches as _};

use crate::args::Global;
use crate::failure::Failure;
use crate::{
    completions, console, eks_token, exec, explain, export, man, operation, proof, serve, token, verify,
    whoami,
};

/// What a command does with its arguments.
pub(crate) trait Run: Args {
    fn run(self, global: &Global) -> Result<ExitCode, Failure>;
}

commands! {
    /// Says which identity the credentials are of, where they come from and how long they hold
    "whoami" Whoami(whoami::Whoami),
    /// Tells where every setting and the credentials come from, and why not from elsewhere
    "explain" Explain(explain::Explain),
    /// Prints credentials for other programs
    "export" Export(export::Export),
    /// Runs a command with credentials in its environment
    "exec" Exec(exec::Exec),
    /// Gives credentials to other programs of this machine, and keeps them fresh
    "serve" Serve(serve::Serve),
    /// Signs in to the AWS Management Console
    "console" Console(console::Console),
    /// Prints a token for a Kubernetes cluster of Amazon EKS
    "eks-token" EksToken(eks_token::EksToken),
    /// Prints a proof of identity for another service, such as Vault
    "proof" Proof(proof::Proof),
    /// Prints a token that takes the place of a password, such as a database's
    "token" Token(token::Token),
    /// Checks a proof of identity and says whose it is
    "verify" Verify(verify::Verify),
    /// Prints a script that completes commands and flags in a shell
    "completions" Completions(completions::Completions),
    /// Prints the manual page of a command, or writes all pages into a folder
    "man" Man(man::Page),
}

/// Makes the enum of all commands, the operations of the service included. An entry is a sentence for the list of commands, the name, and the arguments, whose own
/// documentation is what `--help` begins with. The derive macro of clap would build all commands and their flags at each start;
/// here the one that runs is built alone.
macro_rules! commands {
    ($(#[doc = $about:literal] $name:literal $variant:ident($arguments:ty),)*) => {
        pub(crate) enum Command {
            $($variant($arguments),)*
            Operation(operation::Call),
        }

        impl Command {
            pub(crate) fn run(self, global: &Global) -> Result<ExitCode, Failure> {
                match self {
                    $(Self::$variant(arguments) => arguments.run(global),)*
                    Self::Operation(call) => call.run(global),
                }
            }
        }

        impl Command {
            /// The name of a command, as it stands in the list.
            pub(crate) fn known(name: &str) -> Option<&'static str> {
                [$($name),*].into_iter().chain(operation::names()).find(|known| *known == name)
            }

            /// Adds the commands, or one of them alone.
            pub(crate) fn add_to(sts: clap::Command, only: Option<&str>) -> clap::Command {
                let is_wanted = |name: &str| only.is_none_or(|only| only == name);
                $(let sts = match is_wanted($name) {
                    true => sts.subcommand(
                        clap::Command::new($name).about($about.trim_ascii()).defer(<$arguments>::augment_args),
                    ),
                    false => sts,
                };)*
                sts.subcommands(operation::commands(is_wanted))
            }

            pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                let missing = || clap::Error::new(ErrorKind::MissingSubcommand);
                match matches.subcommand().ok_or_else(missing)? {
                    $(($name, matches) => Ok(Self::$variant(<$arguments>::from_arg_matches(matches)?)),)*
                    (name, matches) => operation::Call::new(name, matches).map(Self::Operation).ok_or_else(missing),
                }
            }
        }
    };
}

use commands;
