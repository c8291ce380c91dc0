//! The eleven operations, one table for all servers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sts_proto::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage,
    GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken, GetFederationToken, GetSessionToken,
    GetWebIdentityToken,
};
use sts_proto::{Credentials, Error, Metadata, Operation, Secret};
use sts_tests::driver::Driver;

use crate::peer::{ACCOUNT, Answers, Peer, SESSION};
use crate::report::{Report, request_id};
use crate::sessions;

/// What came of an operation.
pub(crate) struct Outcome {
    metadata: Metadata,
    session: Option<Credentials>,
    /// What is wrong with it, if anything.
    doubts: Vec<String>,
}

impl Outcome {
    fn new(metadata: Metadata) -> Self {
        Self { metadata, session: None, doubts: Vec::new() }
    }

    fn expect(mut self, holds: bool, doubt: impl FnOnce() -> String) -> Self {
        if !holds {
            self.doubts.push(doubt());
        }
        self
    }

    /// With keys that were asked to be good for `lifetime` seconds.
    fn session(mut self, keys: Credentials, lifetime: u64) -> Self {
        self = self.expires_in(keys.expiration.unwrap_or(UNIX_EPOCH), lifetime);
        self.session = Some(keys);
        self
    }

    /// An offset or a fraction that is misread shows here.
    fn expires_in(self, expiration: SystemTime, lifetime: u64) -> Self {
        let left = expiration.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO).as_secs();
        let close = left.abs_diff(lifetime) <= 60;
        self.expect(close, || format!("{lifetime} s were asked for, and it expires in {left} s"))
    }
}

struct Case {
    action: &'static str,
    signed: bool,
    call: fn(&Peer, &Driver, Option<&Secret>) -> Result<Outcome, Error>,
}

impl Case {
    const fn of<O: Operation>(call: fn(&Peer, &Driver, Option<&Secret>) -> Result<Outcome, Error>) -> Self {
        Self { action: O::ACTION, signed: O::SIGNED, call }
    }
}

const CASES: [Case; 11] = [
    Case::of::<GetCallerIdentity>(|peer, driver, _| {
        let output = driver.send(GetCallerIdentity::new())?;
        Ok(Outcome::new(output.metadata)
            .expect(output.account == ACCOUNT, || format!("account {}", output.account))
            .expect(output.arn.ends_with(peer.known.user), || format!("arn {}", output.arn)))
    }),
    Case::of::<AssumeRole>(|peer, driver, _| {
        let output = driver.send(peer.assume_role())?;
        let arn = output.assumed_role_user.and_then(|user| user.arn);
        Ok(Outcome::new(output.metadata).session(output.credentials, 900).expect(
            arn.as_deref().is_some_and(|arn| arn.ends_with(&format!(":assumed-role/demo/{SESSION}"))),
            || format!("arn {arn:?}"),
        ))
    }),
    Case::of::<AssumeRoleWithSaml>(|peer, driver, _| {
        let provider = format!("arn:aws:iam::{ACCOUNT}:saml-provider/idp");
        let assertion = saml_response(&peer.role, &provider);
        // moto gives an hour, whatever is asked for.
        let output =
            driver.send(AssumeRoleWithSaml::new(&peer.role, provider, assertion).duration_seconds(3600))?;
        Ok(Outcome::new(output.metadata).session(output.credentials, 3600))
    }),
    Case::of::<AssumeRoleWithWebIdentity>(|peer, driver, token| {
        let token = token.cloned().unwrap_or_else(|| Secret::from("a.b.c"));
        let operation = AssumeRoleWithWebIdentity::new(&peer.web_role, SESSION, token);
        let output = driver.send(operation.policy(peer.known.policy).duration_seconds(900))?;
        Ok(Outcome::new(output.metadata).session(output.credentials, 900))
    }),
    Case::of::<AssumeRoot>(|_, driver, _| {
        let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
        let output = driver.send(AssumeRoot::new(ACCOUNT, task).duration_seconds(900))?;
        Ok(Outcome::new(output.metadata).session(output.credentials, 900))
    }),
    Case::of::<DecodeAuthorizationMessage>(|_, driver, _| {
        Ok(Outcome::new(driver.send(DecodeAuthorizationMessage::new("x".repeat(40)))?.metadata))
    }),
    Case::of::<GetAccessKeyInfo>(|peer, driver, _| {
        let output = driver.send(GetAccessKeyInfo::new(&peer.keys.access_key_id))?;
        Ok(Outcome::new(output.metadata)
            .expect(output.account == ACCOUNT, || format!("account {}", output.account)))
    }),
    Case::of::<GetDelegatedAccessToken>(|_, driver, _| {
        let output = driver.send(GetDelegatedAccessToken::new("token"))?;
        Ok(Outcome::new(output.metadata).session(output.credentials, 900))
    }),
    Case::of::<GetFederationToken>(|peer, driver, _| {
        let operation = GetFederationToken::new("bob").policy(peer.known.policy).duration_seconds(900);
        let output = driver.send(operation)?;
        let arn = output.federated_user.and_then(|user| user.arn);
        Ok(Outcome::new(output.metadata)
            .session(output.credentials, 900)
            .expect(arn.as_deref().is_some_and(|arn| arn.ends_with(":federated-user/bob")), || {
                format!("arn {arn:?}")
            }))
    }),
    Case::of::<GetSessionToken>(|_, driver, _| {
        let output = driver.send(GetSessionToken::new().duration_seconds(900))?;
        Ok(Outcome::new(output.metadata).session(output.credentials, 900))
    }),
    Case::of::<GetWebIdentityToken>(|_, driver, _| {
        let output = driver.send(GetWebIdentityToken::new(["tests"], "RS256").duration_seconds(300))?;
        let parts = output.web_identity_token.expose().split('.').count();
        Ok(Outcome::new(output.metadata)
            .expires_in(output.expiration, 300)
            .expect(parts == 3, || format!("a token of {parts} parts")))
    }),
];

/// Every operation: those that are sent unsigned through the client that has no credentials, and what a session
/// is good for with its keys.
pub(crate) fn all(
    peer: &Peer,
    driver: &Driver,
    anonymous: &Driver,
    token: Option<&Secret>,
    report: &mut Report,
) {
    for Case { action, signed, call } in &CASES {
        if *action == AssumeRoleWithWebIdentity::ACTION && token.is_none() {
            report.left_out(action, "there is no token");
            continue;
        }
        let outcome = call(peer, if *signed { driver } else { anonymous }, token);
        match (peer.answers(action), outcome) {
            (Some(answers), Ok(outcome)) => {
                let Outcome { metadata, session, doubts } = outcome;
                let verdict = match doubts.is_empty() {
                    true => Ok(request_id(&metadata)),
                    false => Err(doubts.join(", ")),
                };
                report.record(driver, action, verdict);
                match (answers, session) {
                    (Answers::Session(how), Some(keys)) => {
                        sessions::is_used(peer, driver, action, how, keys, report)
                    }
                    (Answers::Plainly, None) => {}
                    _ => report.record(driver, action, Err("keys and no keys".to_owned())),
                }
            }
            (Some(_), Err(error)) => report.record(driver, action, Err(error.to_string())),
            (None, Ok(outcome)) => {
                let news = "it answers, which its table does not say";
                report.record(driver, action, Err(format!("{news} ({})", request_id(&outcome.metadata))));
            }
            (None, Err(error)) => report.record(driver, action, unanswered(&error)),
        }
    }
}

/// What a server does not know is a typed error all the same.
fn unanswered(error: &Error) -> Result<String, String> {
    match error {
        Error::Service(refusal) if refusal.metadata().status().as_u16() >= 400 => {
            let code = refusal.wire_code().unwrap_or("no code");
            Ok(format!("not answered: {code}, http {}", refusal.metadata().status().as_u16()))
        }
        Error::Response(answer) => Ok(format!("not answered: {}", answer.problem)),
        error => Err(format!("not answered, and the error is another: {error}")),
    }
}

/// As little of a SAML response as moto wants.
fn saml_response(role: &str, provider: &str) -> String {
    let attribute = |name: &str, value: &str| {
        format!(
            "<saml:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/{name}\">\
             <saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        )
    };
    BASE64_STANDARD.encode(format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><saml:Assertion><saml:AttributeStatement>{}{}\
         </saml:AttributeStatement></saml:Assertion></samlp:Response>",
        attribute("RoleSessionName", SESSION),
        attribute("Role", &format!("{role},{provider}")),
    ))
}
