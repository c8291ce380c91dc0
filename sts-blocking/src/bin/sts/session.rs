//! Whose credentials a command is about: the profile's, or those of roles that are assumed with them.

use std::time::Duration;

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use sts_blocking::Client;
use sts_blocking::operations::AssumeRole;
use sts_blocking::types::{PolicyDescriptorType, Tag};

use crate::args::Global;
use crate::failure::Failure;
use crate::input;

/// The flags of commands that give credentials.
#[derive(Args, Clone)]
#[command(next_help_heading = "Roles")]
pub(crate) struct Session {
    /// Role to assume; more of them make a chain, each assumed with the session of the one before
    #[arg(long = "role", value_name = "ARN", value_parser = arn)]
    roles: Vec<String>,
    /// Name of the sessions of all roles, 2 to 64 characters; the user's name by default
    #[arg(long, value_name = "NAME", requires = "roles")]
    session_name: Option<String>,
    /// Life of the last role's session: 900, 15m, 12h; at most 1h in a chain
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "roles")]
    duration: Option<Duration>,
    /// Value that the owner of the last role requires from third parties
    #[arg(long, value_name = "ID", requires = "roles")]
    external_id: Option<String>,
    /// Policy that the last role's session may not exceed: JSON, or file://PATH
    #[arg(long, value_name = "JSON", value_parser = text_or_file, requires = "roles")]
    policy: Option<String>,
    /// Managed policy that the last role's session may not exceed; up to 10
    #[arg(long = "policy-arn", value_name = "ARN", requires = "roles")]
    policy_arns: Vec<String>,
    /// Tag of the last role's session; up to 50
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag, requires = "roles")]
    tags: Vec<Tag>,
    /// Identity behind the sessions, set with the first role and kept through the chain
    #[arg(long, value_name = "NAME", requires = "roles")]
    source_identity: Option<String>,
    /// Serial number or ARN of the MFA device that the first role asks for
    #[arg(long = "mfa", value_name = "SERIAL", requires = "roles")]
    mfa_serial: Option<String>,
}

impl Session {
    /// A client with these credentials. It needs no region unless there is a role to assume.
    pub(crate) fn client(&self, global: &Global) -> Result<Client, Failure> {
        let builder =
            if self.roles.is_empty() { global.builder().credentials_only() } else { global.builder() };
        let sts = builder.build()?;
        Ok(self.operations().into_iter().fold(sts, |sts, role| sts.in_role(role)))
    }

    /// The name of the sessions.
    pub(crate) fn name(&self) -> String {
        self.session_name.clone().unwrap_or_else(user)
    }

    fn operations(&self) -> Vec<AssumeRole> {
        let name = self.name();
        let mut roles: Vec<_> =
            self.roles.iter().map(|arn| AssumeRole::new(arn.as_str(), name.as_str())).collect();
        if let Some(first) = roles.first_mut() {
            first.source_identity = self.source_identity.clone();
            first.serial_number = self.mfa_serial.clone();
        }
        if let Some(last) = roles.last_mut() {
            last.duration_seconds =
                self.duration.map(|life| u32::try_from(life.as_secs()).unwrap_or(u32::MAX));
            last.external_id = self.external_id.clone();
            last.policy = self.policy.clone();
            last.policy_arns = some(self.policy_arns.iter().map(|arn| PolicyDescriptorType::new().arn(arn)));
            last.tags = some(self.tags.iter().cloned());
        }
        roles
    }
}

/// A subcommand of a command that has these flags: they may stand behind its name too. They are no global flags of clap's,
/// which forgets those before the name where there are some behind it.
pub(crate) struct WithSession<S> {
    pub(crate) chosen: S,
    session: Session,
}

impl<S> WithSession<S> {
    /// The flags behind the name, or those before it.
    pub(crate) fn session(&self, before: Session) -> Result<Session, Failure> {
        match (before.roles.is_empty(), self.session.roles.is_empty()) {
            (true, _) => Ok(self.session.clone()),
            (false, true) => Ok(before),
            (false, false) => Err(Failure::Usage(
                "--role stands before and behind the name of what is made; put all of them in one place"
                    .to_owned(),
            )),
        }
    }
}

impl<S: Subcommand> Subcommand for WithSession<S> {
    fn augment_subcommands(command: Command) -> Command {
        S::augment_subcommands(command).mut_subcommands(Session::augment_args)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        S::has_subcommand(name)
    }
}

impl<S: FromArgMatches> FromArgMatches for WithSession<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let behind = matches.subcommand().map_or(matches, |(_, behind)| behind);
        Ok(Self { chosen: S::from_arg_matches(matches)?, session: Session::from_arg_matches(behind)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A list that is sent only if it has items.
fn some<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    Some(items.collect()).filter(|items: &Vec<T>| !items.is_empty())
}

/// The user's name as a session's may be. It is always the same, so that a session in the AWS CLI's cache is found again.
fn user() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let allowed = |char: &char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(*char);
    let name: String = name.unwrap_or_default().chars().filter(allowed).take(64).collect();
    if name.len() < 2 { "sts".to_owned() } else { name }
}

/// Seconds, or numbers with the units `h`, `m` and `s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "use seconds, or a time such as 45m, 1h30m".to_owned();
    let (mut total, mut rest) = (0u64, text);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|char: char| char.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let (unit, after) = match after.chars().next() {
            Some('h') => (3600, after.get(1..)),
            Some('m') => (60, after.get(1..)),
            Some('s') => (1, after.get(1..)),
            None if rest == text => (1, Some(after)),
            _ => return Err(wrong()),
        };
        total = number.checked_mul(unit).and_then(|more| total.checked_add(more)).ok_or_else(wrong)?;
        rest = after.unwrap_or_default();
    }
    Some(total).filter(|total| *total > 0).map(Duration::from_secs).ok_or_else(wrong)
}

/// The text itself, or what is in the file that `file://` names.
pub(crate) fn text_or_file(text: &str) -> Result<String, String> {
    match text.strip_prefix("file://") {
        Some(path) => Ok(input::file(path)?.expose().to_owned()),
        None => Ok(text.to_owned()),
    }
}

/// Any partition's, and those of other servers.
fn arn(text: &str) -> Result<String, &'static str> {
    match text.starts_with("arn:") {
        true => Ok(text.to_owned()),
        false => Err("use the arn of a role, such as arn:aws:iam::123456789012:role/demo"),
    }
}

fn tag(text: &str) -> Result<Tag, String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE")?;
    Ok(Tag::new(key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [("900", 900), ("900s", 900), ("15m", 900), ("1h", 3600), ("1h30m5s", 5405)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "0",
            "h",
            "-5",
            "1d",
            "1h30",
            "1.5h",
            "99999999999999999999",
            "9999999999999999999h",
            "15 m",
            "é",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tags_may_have_an_equals_sign_in_the_value() {
        assert_eq!(tag("a=b=c"), Ok(Tag::new("a", "b=c")));
        assert_eq!(tag("a="), Ok(Tag::new("a", "")));
        assert!(tag("a").is_err());
    }
}
