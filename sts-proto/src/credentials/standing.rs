use std::fmt;
use std::time::SystemTime;

use super::{Candidate, Chain, Found, Plan, describe};
use crate::{Credentials, CredentialsError, Outcome, Tried};

/// The credentials that a client uses, as they are at one moment: for a person, without a secret. `Display` gives what
/// [`describe`] does, and a warning for each thing that is not as it should be.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Those in use.
    pub credentials: &'a Credentials,
    /// Whether they had expired, and were given a longer life: see [`Resolve::kept_in_use`](super::Resolve::kept_in_use).
    pub kept_in_use: bool,
    /// Why newer ones could not be fetched, where that was tried since.
    pub failure: Option<&'a CredentialsError>,
    /// What the service's clock says: see [`Context::service_time`](crate::Context::service_time).
    pub now: SystemTime,
}

impl fmt::Display for Standing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self.credentials, self.now))?;
        if self.kept_in_use {
            f.write_str(KEPT_IN_USE)?;
        }
        if let Some(failure) = self.failure {
            write!(f, "; warning: fetching new ones failed: {}", failure.problem())?;
        }
        Ok(())
    }
}

impl Chain {
    /// What there is to say of each source while what one of them gave is in use. `tried` is how they were told of when it
    /// gave that.
    pub fn in_use(&self, tried: &[Tried], standing: Standing<'_>) -> Vec<Tried> {
        let told = |(index, tried): (usize, &Tried)| match (&tried.outcome, self.plan(index)) {
            (Outcome::Used(_), Some(plan)) => {
                Tried::new(&*tried.source, Outcome::Used(format!("{plan}: {standing}").into()))
            }
            _ => tried.clone(),
        };
        tried.iter().enumerate().map(told).collect()
    }

    /// What there is to say of each source where all of it came to this error. It may be one of who waited in vain: then
    /// it is of the first source that there is something of, for that is the one that is asked.
    pub fn failed(&self, error: CredentialsError) -> Vec<Tried> {
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

    /// The name of the source that is asked: the first that there is something of.
    pub fn asked(&self) -> &str {
        let asked = |candidate: &&Candidate| !matches!(candidate.found, Found::NotConfigured(_));
        self.candidates.iter().find(asked).map_or("nobody", |candidate| &candidate.name)
    }

    fn plan(&self, index: usize) -> Option<&Plan> {
        match &self.candidates.get(index)?.found {
            Found::Plan(plan) => Some(plan),
            _ => None,
        }
    }
}

pub(super) const KEPT_IN_USE: &str =
    "; warning: the service has none that have not expired, so these are kept in use";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::NoCredentials;
    use crate::credentials::Source;

    fn chain() -> Chain {
        let candidate = |name: &str, found| Candidate { name: name.into(), found };
        let process = Source::Process { command: "planted".into(), account_id: None };
        Chain {
            candidates: vec![
                candidate("environment", Found::NotConfigured("nothing is set".into())),
                candidate("profile dev", Found::Plan(Plan::of(process))),
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
        let standing = Standing { credentials: &keys, kept_in_use: false, failure: None, now };
        let told = |standing| shown(&chain().in_use(&tried, standing));
        let line = "profile dev: used, credential_process: access key …MPLE, valid for 60 s";
        assert_eq!(
            told(standing),
            ["environment: not configured, nothing was set", line, "container: not asked"]
        );
        let later = Standing { now: now + Duration::from_secs(6), failure: Some(&failure), ..standing };
        assert_eq!(
            told(later)[1],
            "profile dev: used, credential_process: access key …MPLE, valid for 54 s; warning: fetching new ones \
             failed: credential_process: it ended with status 1"
        );
        let kept = told(Standing { kept_in_use: true, ..standing });
        assert!(kept[1].ends_with("so these are kept in use"), "{kept:?}");
    }

    #[test]
    fn who_waited_in_vain_is_told_whom_for() {
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
        // What the chain itself says is the whole of it.
        let tried = [Tried::new("environment", Outcome::Failed("half a pair".into()))];
        let own = CredentialsError::new("environment", "half a pair").after(tried.as_slice());
        assert_eq!(told(own), ["environment: failed, half a pair"]);
        let tried = [Tried::new("environment", Outcome::NotConfigured("it is empty".into()))];
        let nothing = NoCredentials::new("").after(tried.as_slice());
        assert_eq!(told(nothing.into()), ["environment: not configured, it is empty"]);
    }
}
