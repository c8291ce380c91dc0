//! A server: what is known of it, where it is, and the visit that every server gets.

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::endpoint::Endpoint;
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, Error, Metadata, Operation, Secret, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange;

use crate::report::Report;
use crate::{VARIABLES, front_ends, operations, refusals};

/// The name of every session that is asked for.
pub(crate) const SESSION: &str = "sts-tests";
/// The account that all servers have, if they have accounts.
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";

/// What is known of a server beforehand.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// How the names of its variables begin.
    pub(crate) prefix: &'static str,
    /// What the ARN of the long-term keys' user ends with.
    pub(crate) user: &'static str,
    /// A session policy that the server takes.
    pub(crate) policy: &'static str,
    /// The actions that it answers. All others have to be refused.
    pub(crate) answers: &'static [(&'static str, Answers)],
    /// The codes of its refusals, if it verifies signatures.
    pub(crate) refusals: Option<Refusals>,
    pub(crate) web_identity: WebIdentity,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Without keys.
    Plainly,
    /// With the keys of a session.
    Session(Use),
}

/// What is called with the keys of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// GetCallerIdentity, which says an ARN that ends so.
    Identity(&'static str),
    /// AssumeRole.
    Role,
    /// S3 ListBuckets, signed at level 1.
    Buckets,
    /// Nothing takes them.
    Nothing,
}

/// The codes of a server's refusals.
#[derive(Clone, Copy)]
pub(crate) struct Refusals {
    pub(crate) wrong_secret: &'static str,
    pub(crate) changed_body: &'static str,
    pub(crate) changed_token: &'static str,
    /// `None` where the date is not checked.
    pub(crate) wrong_clock: Option<&'static str>,
}

/// What a server does with the token of a web identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebIdentity {
    /// Checks its signature and claims.
    Verified,
    /// Takes any.
    Unread,
}

/// A server that is there.
pub(crate) struct Peer {
    pub(crate) known: Known,
    pub(crate) url: String,
    pub(crate) keys: Credentials,
    pub(crate) role: String,
    pub(crate) web_role: String,
    pub(crate) ca_bundle: Option<Vec<u8>>,
}

impl Peer {
    /// The server, if its variables are there. `ca_bundle` is the variable that names its roots.
    pub(crate) fn find(known: &Known, url: &'static str, ca_bundle: Option<&'static str>) -> Option<Self> {
        let url = named_by(known.name, url)?;
        let ca_bundle = match ca_bundle {
            Some(variable) => {
                let path = named_by(known.name, variable)?;
                Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{variable}: {path}: {error}")))
            }
            None => None,
        };
        let variable = |name: &str| std::env::var(format!("{}_{name}", known.prefix)).ok();
        let role = variable("ROLE_ARN").unwrap_or_else(|| format!("arn:aws:iam::{ACCOUNT}:role/demo"));
        Some(Self {
            known: *known,
            url,
            // A server that has no variables for them takes any.
            keys: Credentials::new(
                variable("ACCESS_KEY").unwrap_or_else(|| "AKIASTSTESTS00000000".to_owned()),
                variable("SECRET_KEY").unwrap_or_else(|| "any".to_owned()),
            ),
            web_role: variable("WEB_ROLE_ARN").unwrap_or_else(|| role.clone()),
            role,
            ca_bundle,
        })
    }

    /// What every server goes through with both clients, and `more` of its own.
    pub(crate) fn visit(&self, more: impl Fn(&Self, &Driver, &mut Report)) {
        let mut report = Report::new(self.known.name);
        let clients = self.setup(Some(self.keys.clone())).drivers().expect("the settings can be used");
        let anonymous = self.setup(None).drivers().expect("the settings can be used");
        for (driver, anonymous) in clients.iter().zip(&anonymous) {
            let token = self.token(driver, &mut report);
            operations::all(self, driver, anonymous, token.as_ref(), &mut report);
            refusals::all(self, driver, anonymous, token.as_ref(), &mut report);
            if self.ca_bundle.is_some() {
                front_ends::untrusted(self, driver, &mut report);
            }
            more(self, driver, &mut report);
        }
        report.finish();
    }

    /// How clients of this server are made.
    pub(crate) fn setup(&self, keys: Option<Credentials>) -> Setup {
        let mut settings = Settings::new().region(REGION).endpoint_url(&self.url);
        if let Some(keys) = keys {
            settings = settings.credentials(keys);
        }
        match &self.ca_bundle {
            Some(pem) => Setup::new(settings).ca_bundle(pem.clone()),
            None => Setup::new(settings),
        }
    }

    /// Another client of the same kind as `driver`, with other keys.
    pub(crate) fn client_like(&self, driver: &Driver, keys: Credentials) -> Driver {
        let setup = self.setup(Some(keys));
        let made = match driver {
            Driver::Blocking(_) => setup.blocking(),
            Driver::Async(..) => setup.asynchronous(),
        };
        made.expect("the settings can be used")
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Settings::new().region(REGION).endpoint_url(&self.url).endpoint().expect("the url can be used")
    }

    /// How the server is said to answer an action.
    pub(crate) fn answers(&self, action: &str) -> Option<Answers> {
        self.known.answers.iter().find(|(name, _)| *name == action).map(|(_, answers)| *answers)
    }

    /// The simplest signed call that the server answers.
    pub(crate) fn call(&self, driver: &Driver) -> Result<Metadata, Error> {
        match self.knows_identity() {
            true => driver.send(GetCallerIdentity::new()).map(|output| output.metadata),
            false => driver.send(self.assume_role()).map(|output| output.metadata),
        }
    }

    /// The same, not signed.
    pub(crate) fn request(&self) -> Request<Bytes> {
        match self.knows_identity() {
            true => GetCallerIdentity::new().to_request(&self.endpoint()),
            false => self.assume_role().to_request(&self.endpoint()),
        }
    }

    /// Reads the answer to it.
    pub(crate) fn read(&self, response: &Response<Bytes>) -> Result<Metadata, Error> {
        match self.knows_identity() {
            true => GetCallerIdentity::parse(response).map(|output| output.metadata),
            false => AssumeRole::parse(response).map(|output| output.metadata),
        }
    }

    pub(crate) fn assume_role(&self) -> AssumeRole {
        AssumeRole::new(&self.role, SESSION).policy(self.known.policy).duration_seconds(900)
    }

    fn knows_identity(&self) -> bool {
        self.answers("GetCallerIdentity").is_some()
    }

    /// A real token where there is a provider.
    fn token(&self, driver: &Driver, report: &mut Report) -> Option<Secret> {
        let issuer = named_by(self.known.name, "OIDC_ISSUER")?;
        let client_id = std::env::var("OIDC_CLIENT_ID").unwrap_or_else(|_| "sts.amazonaws.com".to_owned());
        let token = exchange::oidc_token(driver, &issuer, &client_id);
        let remark = token.as_ref().map(|token| format!("{} bytes", token.expose().len()));
        report.record(driver, "a token of the provider", remark.map_err(Clone::clone));
        token.ok()
    }
}

/// The value of a variable. Where it is missing that is said, and under `CI` it is a failure.
pub(crate) fn named_by(who: &str, variable: &'static str) -> Option<String> {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let required = std::env::var_os("CI").is_some() && VARIABLES.contains(&variable);
        assert!(!required, "{who}: CI is set, and {variable} is not");
        crate::say(format_args!("{who}: {variable} is not set, so what needs it is not run"));
    }
    value
}
