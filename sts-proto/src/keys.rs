//! The keys that a request is signed with.

use std::time::{Duration, SystemTime};

use crate::member::IntoOptional;
use crate::secret::Secret;

/// The keys that a request is signed with: long-term keys, or the temporary ones of a session.
///
/// Made by hand, from the environment ([`crate::Settings`]), or returned by an operation: then they have a session token
/// and an expiration.
///
/// ```
/// use sts_proto::Credentials;
///
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI")
///     .with_session_token("AQoDYXdz");
/// assert_eq!(
///     format!("{keys:?}"),
///     "Credentials { access_key_id: \"AKIDEXAMPLE\", \
///      secret_access_key: [redacted], session_token: Some([redacted]), \
///      expiration: None, account_id: None }"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// Names the key; not a secret.
    pub access_key_id: String,
    /// Signs.
    pub secret_access_key: Secret,
    /// Comes with temporary keys and travels with each request that they sign.
    pub session_token: Option<Secret>,
    /// When the keys cease to work; `None` for long-term keys.
    pub expiration: Option<SystemTime>,
    /// The account that the keys belong to, if their source says so.
    pub account_id: Option<String>,
}

impl Credentials {
    /// Long-term keys.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<Secret>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            expiration: None,
            account_id: None,
        }
    }

    /// Makes them temporary keys: adds the token that belongs to them. `None` makes them long-term keys.
    pub fn with_session_token<By>(mut self, session_token: impl IntoOptional<Secret, By>) -> Self {
        self.session_token = session_token.into_optional();
        self
    }

    /// Says when they cease to work.
    pub fn with_expiration<By>(mut self, expiration: impl IntoOptional<SystemTime, By>) -> Self {
        self.expiration = expiration.into_optional();
        self
    }

    /// Says which account they belong to.
    pub fn with_account_id<By>(mut self, account_id: impl IntoOptional<String, By>) -> Self {
        self.account_id = account_id.into_optional();
        self
    }

    /// How long they work from `now` on: zero once they have expired, `None` for long-term keys.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sts_proto::Credentials;
    ///
    /// let (now, hour) = (SystemTime::now(), Duration::from_secs(3600));
    /// let keys = Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI")
    ///     .with_expiration(now + hour);
    /// assert_eq!(keys.expires_in(now), Some(hour));
    /// assert_eq!(keys.expires_in(now + hour * 2), Some(Duration::ZERO));
    /// ```
    pub fn expires_in(&self, now: SystemTime) -> Option<Duration> {
        Some(self.expiration?.duration_since(now).unwrap_or_default())
    }

    /// Whether they have ceased to work at `now`, by the clock that it comes from. Long-term keys never do.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sts_proto::Credentials;
    ///
    /// let now = SystemTime::now();
    /// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    /// assert!(!keys.is_expired(now));
    /// assert!(keys.with_expiration(now).is_expired(now));
    /// ```
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expiration.is_some_and(|end| end <= now)
    }

    /// Id, secret and session token as texts, for a library that takes them so. These copies are not wiped.
    pub fn to_text(&self) -> (String, String, Option<String>) {
        let text = |secret: &Secret| secret.expose().to_owned();
        (self.access_key_id.clone(), text(&self.secret_access_key), self.session_token.as_ref().map(text))
    }

    /// When they cease to work, in whole seconds since 1970.
    pub fn expiration_seconds(&self) -> Option<i64> {
        let since = self.expiration?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }

    /// Whether these are the same keys, whatever else is said of them. Secret keys are not compared: they follow from the
    /// id.
    pub fn same_keys(&self, other: &Self) -> bool {
        self.access_key_id == other.access_key_id && self.session_token == other.session_token
    }
}
