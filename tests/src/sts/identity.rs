//! Identities: users, roles, their keys, and the issued sessions.

use std::collections::HashMap;

use time::{Duration, OffsetDateTime};

use super::answer::Fault;
use super::dice::Dice;
use super::verify::invalid_token;

/// A role that can be assumed.
#[derive(Clone, Debug)]
pub struct Role {
    pub(crate) name: String,
    pub(crate) trust: Trust,
    pub(crate) account: Option<String>,
    pub(crate) max_session_seconds: u32,
    pub(crate) external_id: Option<String>,
    pub(crate) requires_mfa: bool,
}

impl Role {
    /// A role that users and roles may assume with `AssumeRole`.
    pub fn new(name: impl Into<String>) -> Self {
        Role::trusting(name, Trust::Principals)
    }

    /// A role for `AssumeRoleWithWebIdentity`.
    pub fn for_web_identity(name: impl Into<String>) -> Self {
        Role::trusting(name, Trust::WebIdentity)
    }

    /// A role for `AssumeRoleWithSAML`.
    pub fn for_saml(name: impl Into<String>) -> Self {
        Role::trusting(name, Trust::Saml)
    }

    /// Puts the role into an account other than the server's own.
    pub fn account(self, account: impl Into<String>) -> Self {
        Role { account: Some(account.into()), ..self }
    }

    /// The maximum lifetime of the role's sessions; 43200 unless set.
    pub fn max_session_seconds(self, seconds: u32) -> Self {
        Role { max_session_seconds: seconds, ..self }
    }

    /// The external id that the role's trust policy requires.
    pub fn external_id(self, id: impl Into<String>) -> Self {
        Role { external_id: Some(id.into()), ..self }
    }

    /// Whether the role's trust policy requires an MFA code.
    pub fn requires_mfa(self, requires: bool) -> Self {
        Role { requires_mfa: requires, ..self }
    }

    fn trusting(name: impl Into<String>, trust: Trust) -> Self {
        Role {
            name: name.into(),
            trust,
            account: None,
            max_session_seconds: 43_200,
            external_id: None,
            requires_mfa: false,
        }
    }
}

/// Which operation can assume a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Principals,
    WebIdentity,
    Saml,
}

/// An access key of a user.
#[derive(Clone)]
pub struct AccessKey {
    /// The id, which starts with `AKIA`.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
}

/// The identity that a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    User { account: String, name: String, id: String },
    AssumedRole { account: String, role: String, role_id: String, session: String },
    Federated { account: String, name: String },
    Root { account: String },
}

impl Principal {
    pub(crate) fn account(&self) -> &str {
        match self {
            Principal::User { account, .. }
            | Principal::AssumedRole { account, .. }
            | Principal::Federated { account, .. }
            | Principal::Root { account } => account,
        }
    }

    pub(crate) fn arn(&self) -> String {
        match self {
            Principal::User { account, name, .. } => format!("arn:aws:iam::{account}:user/{name}"),
            Principal::AssumedRole { account, role, session, .. } => {
                // A session's ARN does not contain the role's path.
                let role = role.rsplit('/').next().unwrap_or(role);
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Principal::Federated { account, name } => format!("arn:aws:sts::{account}:federated-user/{name}"),
            Principal::Root { account } => format!("arn:aws:iam::{account}:root"),
        }
    }

    pub(crate) fn user_id(&self) -> String {
        match self {
            Principal::User { id, .. } => id.clone(),
            Principal::AssumedRole { role_id, session, .. } => format!("{role_id}:{session}"),
            Principal::Federated { account, name } => format!("{account}:{name}"),
            Principal::Root { account } => account.clone(),
        }
    }
}

/// A session, which belongs to a temporary key.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) kind: SessionKind,
    pub(crate) expires: OffsetDateTime,
    pub(crate) mfa: bool,
    pub(crate) source_identity: Option<String>,
    token: String,
}

/// The operation that issued a session; it determines what the session may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    Role,
    Federation,
    SessionToken,
    Root,
    Delegated,
}

/// The identity that signed a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) session: Option<Session>,
}

/// A session to be issued.
pub(crate) struct Wanted {
    pub(crate) principal: Principal,
    pub(crate) kind: SessionKind,
    pub(crate) seconds: u32,
    pub(crate) mfa: bool,
    pub(crate) source_identity: Option<String>,
    /// Bytes that session policies and tags take in the token.
    pub(crate) packed: usize,
    pub(crate) minimum_token_size: usize,
}

/// An issued session.
pub(crate) struct Issued {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) expires: OffsetDateTime,
    /// The size of the session token in percent of the maximum.
    pub(crate) utilization: usize,
}

/// The maximum size of a session token.
const TOKEN_LIMIT: usize = 4096;

/// The state of the server.
pub(crate) struct Store {
    pub(crate) dice: Dice,
    pub(crate) account: String,
    roles: Vec<(Role, String)>,
    keys: HashMap<String, Key>,
    /// Trade-in tokens and when they expire.
    pub(crate) trade_in_tokens: HashMap<String, OffsetDateTime>,
    /// Encoded authorization messages and the messages they decode to.
    pub(crate) messages: HashMap<String, String>,
}

struct Key {
    secret: String,
    caller: Caller,
}

impl Store {
    pub(crate) fn new(account: String, roles: Vec<Role>) -> Self {
        let mut dice = Dice::new();
        let roles = roles.into_iter().map(|role| (role, dice.id("AROA", 17))).collect();
        Store {
            dice,
            account,
            roles,
            keys: HashMap::new(),
            trade_in_tokens: HashMap::new(),
            messages: HashMap::new(),
        }
    }

    /// Adds a user of the server's account, with `key` or a new one.
    pub(crate) fn add_user(&mut self, name: &str, key: Option<AccessKey>) -> AccessKey {
        let key = key.unwrap_or_else(|| AccessKey {
            access_key_id: self.dice.id("AKIA", 16),
            secret_access_key: self.dice.secret(),
        });
        let id = self.dice.id("AIDA", 17);
        let principal = Principal::User { account: self.account.clone(), name: name.to_owned(), id };
        let caller = Caller { principal, session: None };
        self.keys.insert(key.access_key_id.clone(), Key { secret: key.secret_access_key.clone(), caller });
        key
    }

    /// The secret and the owner of a key, if `token` is the one of its session and has not expired.
    pub(crate) fn find_key(
        &self,
        id: &str,
        token: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(&str, &Caller), Fault> {
        let Some(Key { secret, caller }) = self.keys.get(id) else { return Err(invalid_token()) };
        if caller.session.as_ref().map(|session| session.token.as_str()) != token {
            return Err(invalid_token());
        }
        if caller.session.as_ref().is_some_and(|session| session.expires <= now) {
            return Err(Fault::new(
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            ));
        }
        Ok((secret, caller))
    }

    /// The account of a key.
    pub(crate) fn account_of(&self, access_key_id: &str) -> Option<&str> {
        self.keys.get(access_key_id).map(|key| key.caller.principal.account())
    }

    /// The role with this ARN, if it can be assumed in this way, and the principal of its session.
    pub(crate) fn role(&self, arn: &str, trust: Trust, session: &str) -> Option<(&Role, Principal)> {
        let (role, id) =
            self.roles.iter().find(|(role, _)| role.trust == trust && self.role_arn(role) == arn)?;
        let principal = Principal::AssumedRole {
            account: role.account.as_ref().unwrap_or(&self.account).clone(),
            role: role.name.clone(),
            role_id: id.clone(),
            session: session.to_owned(),
        };
        Some((role, principal))
    }

    /// Issues a session. Its end is rounded up to a whole second, since responses contain whole seconds.
    pub(crate) fn issue(&mut self, wanted: Wanted, now: OffsetDateTime) -> Issued {
        let natural = 372 + wanted.packed;
        let size = natural.max(wanted.minimum_token_size);
        // Contains a slash, a plus sign and padding, which clients must not change.
        let token = format!("FwoGZXIvYXdzE//+{}==", self.dice.base64(size.saturating_sub(18)));
        let whole = now.replace_nanosecond(0).unwrap_or(now);
        let rounded = if whole == now { now } else { whole.saturating_add(Duration::SECOND) };
        let expires = rounded.saturating_add(Duration::seconds(wanted.seconds.into()));
        let (access_key_id, secret) = (self.dice.id("ASIA", 16), self.dice.secret());
        let Wanted { principal, kind, mfa, source_identity, .. } = wanted;
        let session = Session { kind, expires, mfa, source_identity, token: token.clone() };
        let caller = Caller { principal, session: Some(session) };
        self.keys.insert(access_key_id.clone(), Key { secret: secret.clone(), caller });
        Issued { access_key_id, secret, token, expires, utilization: natural * 100 / TOKEN_LIMIT }
    }

    fn role_arn(&self, role: &Role) -> String {
        let account = role.account.as_ref().unwrap_or(&self.account);
        format!("arn:aws:iam::{account}:role/{}", role.name)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00:00.5 UTC);

    fn store() -> Store {
        Store::new(
            "123456789012".into(),
            vec![Role::new("team/demo"), Role::for_web_identity("web").account("1")],
        )
    }

    #[test]
    fn roles() {
        let store = store();
        let (_, principal) =
            store.role("arn:aws:iam::123456789012:role/team/demo", Trust::Principals, "s").unwrap();
        assert_eq!(principal.arn(), "arn:aws:sts::123456789012:assumed-role/demo/s");
        assert!(store.role("arn:aws:iam::123456789012:role/team/demo", Trust::WebIdentity, "s").is_none());
        let (_, principal) = store.role("arn:aws:iam::1:role/web", Trust::WebIdentity, "s").unwrap();
        assert_eq!(principal.account(), "1");
        assert!(principal.user_id().starts_with("AROA") && principal.user_id().ends_with(":s"));
    }

    #[test]
    fn sessions_end() {
        let mut store = store();
        let wanted = Wanted {
            principal: Principal::Root { account: "1".into() },
            kind: SessionKind::Root,
            seconds: 1,
            mfa: false,
            source_identity: None,
            packed: 0,
            minimum_token_size: 1000,
        };
        let issued = store.issue(wanted, NOW);
        assert_eq!(issued.expires, datetime!(2026-01-01 00:00:02 UTC));
        assert_eq!(issued.token.len(), 1000);
        let code = |token: Option<&str>, now| {
            store.find_key(&issued.access_key_id, token, now).err().map(|f| f.code)
        };
        let token = Some(issued.token.as_str());
        assert_eq!(code(token, NOW), None);
        assert_eq!(code(None, NOW), Some("InvalidClientTokenId"));
        assert_eq!(code(Some("other"), NOW), Some("InvalidClientTokenId"));
        assert_eq!(code(token, issued.expires), Some("ExpiredToken"));
    }

    #[test]
    fn keys() {
        let mut store = store();
        let key = store.add_user("bob", None);
        assert_eq!(store.account_of(&key.access_key_id), Some("123456789012"));
        assert!(store.find_key(&key.access_key_id, None, NOW).is_ok());
        assert!(store.find_key(&key.access_key_id, Some("token"), NOW).is_err());
        assert!(store.find_key("AKIANOSUCHKEY0000000", None, NOW).is_err());
        assert_eq!(store.account_of("AKIANOSUCHKEY0000000"), None);
    }
}
