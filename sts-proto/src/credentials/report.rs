//! Descriptions of credentials and their sources for people to read. They hold no secret.

use std::fmt::{self, Write as _};

use super::{Candidate, Chain, Found, Plan};
use crate::clocks::Clocks;
use crate::error::{CredentialsError, Outcome, Tried};
use crate::keys::Credentials;
use crate::settings::Setting;

/// The settings of a client and the sources of its credentials, for people to read. `Display` prints two lists: every setting
/// with its origin, and every source of credentials, in order, with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Every setting, with its origin.
    pub settings: Vec<Setting>,
    /// Every source of credentials, in order, and what became of it.
    pub credentials: Vec<Tried>,
}

impl Explanation {
    /// An explanation with these lists.
    pub fn new(settings: Vec<Setting>, credentials: Vec<Tried>) -> Self {
        Self { settings, credentials }
    }

    /// Replaces the setting of the same name, or adds this one at the end: for settings that a driver knows better.
    #[must_use]
    pub fn with(mut self, setting: Setting) -> Self {
        match self.settings.iter_mut().find(|known| known.name == setting.name) {
            Some(known) => *known = setting,
            None => self.settings.push(setting),
        }
        self
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = widest(self.settings.iter().map(|setting| setting.name));
        let values = widest(self.settings.iter().map(|setting| &*setting.value));
        f.write_str("settings")?;
        for Setting { name, value, origin } in &self.settings {
            write!(f, "\n  {name:<names$}  {value:<values$}  {origin}")?;
        }
        f.write_str("\ncredentials, in the order in which they are looked for")?;
        if self.credentials.is_empty() {
            return f.write_str("\n  nowhere");
        }
        let sources = widest(self.credentials.iter().map(|tried| &*tried.source));
        for Tried { source, outcome } in &self.credentials {
            write!(f, "\n  {source:<sources$}  {outcome}")?;
        }
        Ok(())
    }
}

/// The state of the credentials in use, for people to read and without a secret. `Display` prints what [`describe`] returns
/// and, if there are problems, warnings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    /// The credentials in use.
    pub credentials: &'a Credentials,
    /// Whether they have expired and are kept in use: see [`Resolve::kept_in_use`](super::Resolve::kept_in_use).
    pub kept_in_use: bool,
    /// Why the last attempt to fetch newer ones failed, if it did.
    pub failure: Option<&'a CredentialsError>,
    /// What became of the last renewal of a login, and of what is shared with the AWS CLI.
    pub notes: &'a [&'a str],
    pub now: Clocks,
}

impl fmt::Display for Standing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self.credentials, self.now))?;
        if self.kept_in_use {
            f.write_str(KEPT_IN_USE)?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))?;
        if let Some(failure) = self.failure {
            write!(f, "; warning: fetching new ones failed: {}", failure.problem())?;
        }
        Ok(())
    }
}

impl Chain {
    /// The outcomes of all sources while the credentials of one are in use. `tried` is what the resolution returned that gave
    /// them.
    pub(crate) fn in_use(&self, tried: &[Tried], standing: Standing<'_>) -> Vec<Tried> {
        let told = |(index, tried): (usize, &Tried)| match (&tried.outcome, self.plan(index)) {
            (Outcome::Used(_), Some(plan)) => {
                Tried::new(&*tried.source, Outcome::Used(format!("{plan}: {standing}").into()))
            }
            _ => tried.clone(),
        };
        tried.iter().enumerate().map(told).collect()
    }

    /// The outcomes of all sources after this error. An error that lists none, such as a time-out while waiting, counts as a
    /// failure of the first configured source.
    pub(crate) fn failed(&self, error: CredentialsError) -> Vec<Tried> {
        if !error.tried().is_empty() {
            return error.tried().to_vec();
        }
        let mut error: Option<Box<str>> = Some(error.problem().into());
        let told = |candidate: &Candidate| {
            let outcome = match (&candidate.found, error.is_some()) {
                (_, false) => Outcome::NotAsked,
                (Found::NotConfigured(why), _) => Outcome::NotConfigured(why.clone()),
                (Found::Plan(_) | Found::Broken(_), _) => Outcome::Failed(error.take().unwrap_or_default()),
            };
            Tried::new(&*candidate.name, outcome)
        };
        self.candidates.iter().map(told).collect()
    }

    /// The name of the first configured source, which is the one that is asked.
    pub(crate) fn asked(&self) -> &str {
        let asked = |candidate: &&Candidate| !matches!(candidate.found, Found::NotConfigured(_));
        self.candidates.iter().find(asked).map_or("the chain", |candidate| &candidate.name)
    }

    fn plan(&self, index: usize) -> Option<&Plan> {
        match &self.candidates.get(index)?.found {
            Found::Plan(plan) => Some(&**plan),
            _ => None,
        }
    }
}

/// Describes credentials without a secret: `access key …MPLE, account 123456789012, valid for 3540 s`.
pub(crate) fn describe(credentials: &Credentials, now: impl Into<Clocks>) -> String {
    let mut text = format!("access key …{}", last_four(&credentials.access_key_id));
    if let Some(account) = &credentials.account_id {
        let _ = write!(text, ", account {account}");
    }
    if let Some(end) = credentials.expiration {
        let _ = match end.duration_since(now.into().until(end)) {
            Ok(left) if !left.is_zero() => write!(text, ", valid for {} s", left.as_secs()),
            _ => write!(text, ", expired"),
        };
    }
    text
}

fn last_four(id: &str) -> String {
    let length = id.chars().count();
    // Four characters of a short id would be too much of it.
    let kept = if length >= 8 { 4 } else { 0 };
    id.chars().skip(length - kept).collect()
}

/// The width of a column. Very long texts do not widen it.
fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0)
}

pub(super) const KEPT_IN_USE: &str =
    "; warning: the service has no newer credentials, so these expired ones are kept in use";
const WIDEST: usize = 60;

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::SystemTime;

    use super::*;
    use crate::credentials::Source;
    use crate::error::NoCredentials;
    use crate::settings::Origin;

    #[test]
    fn two_lists_in_columns() {
        let profile = Origin::Profile("profile dev, region (/home/me/.aws/config line 2)".into());
        let long = "x".repeat(WIDEST + 1);
        let settings = vec![
            Setting::new("region", "eu-west-1", profile),
            Setting::new("max attempts", "5", Origin::Environment("AWS_MAX_ATTEMPTS")),
            Setting::new("app id", long.clone(), Origin::Code),
        ];
        let credentials = vec![
            Tried::new("environment", Outcome::NotConfigured("AWS_ACCESS_KEY_ID is not set".into())),
            Tried::new("profile dev", Outcome::Used("access key …WXYZ".into())),
            Tried::new("container", Outcome::NotAsked),
        ];
        let expected = format!(
            "settings\n\
             \x20 region        eu-west-1  profile dev, region (/home/me/.aws/config line 2)\n\
             \x20 max attempts  5          AWS_MAX_ATTEMPTS\n\
             \x20 app id        {long}  set in code\n\
             credentials, in the order in which they are looked for\n\
             \x20 environment  not configured, AWS_ACCESS_KEY_ID is not set\n\
             \x20 profile dev  used, access key …WXYZ\n\
             \x20 container    not asked"
        );
        assert_eq!(Explanation::new(settings, credentials).to_string(), expected);
    }

    #[test]
    fn a_setting_replaces_the_one_of_the_same_name() {
        let setting = |name, value| Setting::new(name, value, Origin::Code);
        let told = Explanation::new(vec![setting("ca bundle", "a"), setting("app id", "b")], Vec::new());
        let told = told.with(setting("proxy", "c")).with(setting("ca bundle", "d"));
        let shown: Vec<_> = told.settings.iter().map(|known| (known.name, &*known.value)).collect();
        assert_eq!(shown, [("ca bundle", "d"), ("app id", "b"), ("proxy", "c")]);
    }

    #[test]
    fn an_empty_explanation() {
        let text = Explanation::new(Vec::new(), Vec::new()).to_string();
        assert_eq!(text, "settings\ncredentials, in the order in which they are looked for\n  nowhere");
    }

    fn chain() -> Chain {
        let candidate = |name: &str, found| Candidate { name: name.into(), found };
        let process = Source::Process { command: "planted".into(), account_id: None };
        Chain {
            candidates: vec![
                candidate("environment", Found::NotConfigured("nothing is set".into())),
                candidate("profile dev", Found::Plan(Box::new(Plan::of(process)))),
                candidate("container", Found::NotConfigured("nothing is set".into())),
            ],
        }
    }

    fn shown(told: &[Tried]) -> Vec<String> {
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_in_use_is_told_as_it_is_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        let keys = Credentials::new("ASIAEXAMPLE", "planted").with_expiration(now + Duration::from_secs(60));
        let tried = [
            Tried::new("environment", Outcome::NotConfigured("nothing was set".into())),
            Tried::new("profile dev", Outcome::Used("credential_process: valid for 900 s".into())),
            Tried::new("container", Outcome::NotAsked),
        ];
        let failure = CredentialsError::new("profile dev", "credential_process: it ended with status 1");
        let standing =
            Standing { credentials: &keys, kept_in_use: false, failure: None, notes: &[], now: now.into() };
        let told = |standing| shown(&chain().in_use(&tried, standing));
        let line = "profile dev: used, credential_process: access key …MPLE, valid for 60 s";
        assert_eq!(
            told(standing),
            ["environment: not configured, nothing was set", line, "container: not asked"]
        );
        let later =
            Standing { now: (now + Duration::from_secs(6)).into(), failure: Some(&failure), ..standing };
        assert_eq!(
            told(later)[1],
            "profile dev: used, credential_process: access key …MPLE, valid for 54 s; warning: fetching new ones \
             failed: credential_process: it ended with status 1"
        );
        let kept = told(Standing { kept_in_use: true, ..standing });
        assert!(kept[1].ends_with("so these expired ones are kept in use"), "{kept:?}");
    }

    #[test]
    fn an_error_without_outcomes_is_a_failure_of_the_first_configured_source() {
        let told = |error| shown(&chain().failed(error));
        assert_eq!(
            told(CredentialsError::new("the provider", "it has not answered")),
            [
                "environment: not configured, nothing is set",
                "profile dev: failed, it has not answered",
                "container: not asked",
            ]
        );
        assert_eq!(chain().asked(), "profile dev");
        // The error of a resolution lists all outcomes.
        let tried = [Tried::new("environment", Outcome::Failed("half a pair".into()))];
        let own = CredentialsError::new("environment", "half a pair").after(tried.as_slice());
        assert_eq!(told(own), ["environment: failed, half a pair"]);
        let tried = [Tried::new("environment", Outcome::NotConfigured("it is empty".into()))];
        let nothing = NoCredentials::new("").after(tried.as_slice());
        assert_eq!(told(nothing.into()), ["environment: not configured, it is empty"]);
    }

    #[test]
    fn four_characters_at_most_and_nothing_secret() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
        let of = |id: &str| describe(&Credentials::new(id, "planted").with_session_token("planted"), now);
        assert_eq!(of("ASIAEXAMPLE"), "access key …MPLE");
        assert_eq!(of("planted"), "access key …");
        assert_eq!(of("ключключ"), "access key …ключ");
        let ends = |end| describe(&Credentials::new("ASIAEXAMPLE", "planted").with_expiration(end), now);
        assert_eq!(ends(now + Duration::from_millis(2500)), "access key …MPLE, valid for 2 s");
        assert_eq!(ends(now), "access key …MPLE, expired");
        let keys = Credentials::new("AKIDEXAMPLE", "planted").with_account_id("123456789012");
        assert_eq!(describe(&keys, now), "access key …MPLE, account 123456789012");
    }
}
