use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use sts_blocking::{Credentials, Secret};

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::json::Json;
use crate::output::{print, to_json};
use crate::session::Session;

/// Prints credentials for other programs: those of the profile, or of roles that are assumed with them.
///
/// In a shell: eval "$(sts export --format env)". As the credential_process of another profile: sts export --format json
/// --profile NAME.
#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    session: Session,
    /// What to print; at a terminal env by default, else json
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Name of the section of the format ini; default by default
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// What credential_process prints
    #[value(alias = "process")]
    Json,
    /// export NAME=value, for sh, bash and zsh
    Env,
    /// NAME=value
    EnvNoExport,
    /// set -gx NAME "value"
    Fish,
    /// $Env:NAME="value"
    #[value(alias = "pwsh")]
    Powershell,
    /// set NAME=value
    #[value(alias = "windows-cmd")]
    Cmd,
    /// NAME=value, for files of variables of docker and systemd, for direnv, and for dotenv of Node.js and Python
    Dotenv,
    /// A section of ~/.aws/credentials
    Ini,
}

impl Run for Export {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let default = || if io::stdout().is_terminal() { Format::Env } else { Format::Json };
        let format = self.format.unwrap_or_else(default);
        if self.section.is_some() && !matches!(format, Format::Ini) {
            return Err(Failure::Usage("--section is for --format ini".to_owned()));
        }
        let section = self.section.as_deref().unwrap_or("default");
        if !is_plain(section) {
            return Err(Failure::Usage(format!("--section {section:?} is no name of a section")));
        }
        let keys = self.session.client(global)?.credentials()?;
        match format {
            Format::Json => print(keys.to_credential_process().expose())?,
            Format::Ini => print(&ini(section, &keys)?)?,
            _ => print(&lines(format, keys.to_env().into_iter())?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Format {
    /// Whether it can say that a variable is to be removed.
    pub(crate) fn removes(self) -> bool {
        matches!(self, Self::Env | Self::Fish | Self::Powershell | Self::Cmd)
    }
}

/// The formats that have variables.
pub(crate) fn formats_of_variables() -> impl TypedValueParser<Value = Format> {
    let formats = Format::value_variants().iter().filter(|format| !matches!(format, Format::Ini));
    let names = PossibleValuesParser::new(formats.filter_map(ValueEnum::to_possible_value));
    names.try_map(|name| Format::from_str(&name, false))
}

/// The lines that set variables, or an object with them.
pub(crate) fn lines(
    format: Format,
    variables: impl Iterator<Item = (&'static str, Option<Secret>)>,
) -> Result<String, Failure> {
    match format {
        Format::Ini => Err(Failure::Usage("the format ini has no variables; use another".to_owned())),
        Format::Json => {
            let text = |value: Secret| Json::Text(value.expose().to_owned());
            let member = |(name, value): (&str, Option<Secret>)| Some((name.to_owned(), text(value?)));
            to_json(&Json::Object(variables.filter_map(member).collect()))
        }
        _ => variables.map(|(name, value)| line(format, name, value.as_ref().map(Secret::expose))).collect(),
    }
}

fn ini(section: &str, keys: &Credentials) -> Result<String, Failure> {
    let mut text = format!("[{section}]\n");
    let members = [
        ("aws_access_key_id", Some(keys.access_key_id.as_str())),
        ("aws_secret_access_key", Some(keys.secret_access_key.expose())),
        ("aws_session_token", keys.session_token.as_ref().map(|token| token.expose())),
        ("aws_account_id", keys.account_id.as_deref()),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            // A file of this form has no escapes.
            let value =
                Some(value).filter(|value| !value.contains(char::is_control) && value.trim() == *value);
            text += &format!("{name} = {}\n", value.ok_or_else(|| not_expressible(name, "ini"))?);
        }
    }
    Ok(text)
}

/// The line that sets a variable. One that has no value is removed, so that a token of other credentials does not stay
/// beside these, where the format can say it.
fn line(format: Format, name: &'static str, value: Option<&str>) -> Result<String, Failure> {
    let Some(value) = value else {
        return Ok(match format {
            Format::Env => format!("unset {name}\n"),
            Format::Fish => format!("set -q {name}; and set -e {name}; or true\n"),
            Format::Powershell => format!("Remove-Item Env:{name} -ErrorAction Ignore\n"),
            Format::Cmd => format!("set {name}=\n"),
            _ => String::new(),
        });
    };
    if value.contains('\0') {
        return Err(Failure::Other(format!(
            "the value of {name} has a nul character, which no variable can have"
        )));
    }
    Ok(match format {
        Format::Env => format!("export {name}={}\n", posix(value)),
        Format::EnvNoExport => format!("{name}={}\n", posix(value)),
        Format::Fish => format!("set -gx {name} \"{}\"\n", escaped(value, '\\', &['\\', '"', '$'])),
        Format::Powershell => {
            let specials = ['`', '"', '$', '\u{201c}', '\u{201d}', '\u{201e}'];
            format!("$Env:{name}=\"{}\"\n", escaped(value, '`', &specials))
        }
        Format::Cmd if is_plain(value) => format!("set {name}={value}\n"),
        Format::Cmd => return Err(not_expressible(name, "cmd")),
        // Docker keeps quotation marks, Node.js takes # for a comment, direnv replaces $, systemd removes \: only what needs
        // none of them is the same to all.
        _ if is_plain(value) => format!("{name}={value}\n"),
        _ => return Err(not_expressible(name, "dotenv")),
    })
}

/// A word of the POSIX shell. To zsh, `=` at its beginning is more than that character.
fn posix(value: &str) -> String {
    if is_plain(value) && !value.starts_with('=') {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

fn escaped(value: &str, escape: char, specials: &[char]) -> String {
    let mut text = String::with_capacity(value.len());
    for char in value.chars() {
        text.extend(specials.contains(&char).then_some(escape));
        text.push(char);
    }
    text
}

/// Whether no shell reads more than the characters themselves. Keys and tokens are of this kind.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|char| char.is_ascii_alphanumeric() || "+/=_-.:@,".contains(char))
}

fn not_expressible(name: &str, format: &str) -> Failure {
    Failure::Other(format!(
        "the value of {name} has characters that the format {format} cannot express; use another"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_values_stay_themselves_or_are_refused() {
        let value = "a'b\"c$d`e\\f%g";
        let of = |format| line(format, "N", Some(value)).ok();
        assert_eq!(of(Format::Env).as_deref(), Some("export N='a'\\''b\"c$d`e\\f%g'\n"));
        assert_eq!(of(Format::EnvNoExport).as_deref(), Some("N='a'\\''b\"c$d`e\\f%g'\n"));
        assert_eq!(of(Format::Fish).as_deref(), Some("set -gx N \"a'b\\\"c\\$d`e\\\\f%g\"\n"));
        assert_eq!(of(Format::Powershell).as_deref(), Some("$Env:N=\"a'b`\"c`$d``e\\f%g\"\n"));
        assert!(of(Format::Cmd).is_none() && of(Format::Dotenv).is_none());
        for value in ["a b", "a$b", "a#b", "a\"b", "a\\b", "a\nb", "'a'", ""] {
            assert!(line(Format::Dotenv, "N", Some(value)).is_err(), "{value}");
        }
        assert_eq!(line(Format::Env, "N", Some("=ls")).ok().as_deref(), Some("export N='=ls'\n"));
        for format in Format::value_variants() {
            assert!(line(*format, "N", Some("a\0b")).is_err());
        }
        assert!(ini("default", &Credentials::new("A", "a\nb = c")).is_err());
    }
}
