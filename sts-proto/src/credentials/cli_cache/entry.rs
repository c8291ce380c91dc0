//! What a file of the cache holds.

use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::python::{Json, Separators};
use crate::credentials::assume_role::is_account;
use crate::error::Metadata;
use crate::keys::Credentials;
use crate::operations::{AssumeRoleOutput, AssumeRoleWithWebIdentityOutput};
use crate::secret::Secret;
use crate::types::AssumedRoleUser;
use crate::wire::json::{JsonError, Object};
use crate::wire::time;

/// Why an entry is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It does not last long enough.
    Short,
    /// It is another program's, or cut.
    Foreign(JsonError),
}

/// Reads the credentials of an entry that lasts for fifteen minutes or more.
///
/// An entry that the AWS CLI could not read either is of no use: a date without a zone may mean any.
pub(super) fn read(contents: &[u8], now: SystemTime) -> Result<Credentials, Unusable> {
    let mut entry = Object::parse(contents)?;
    let mut keys = entry.object("Credentials")?;
    let id = keys.required("AccessKeyId")?;
    let (secret, token) = (keys.required("SecretAccessKey")?, keys.required("SessionToken")?);
    // Both are sent in headers, and the id is shown.
    for (name, text) in [("AccessKeyId", &id), ("SessionToken", &token)] {
        if !text.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(JsonError::NotA(name, "in printable ascii").into());
        }
    }
    let end = keys.required("Expiration")?;
    let end = Some(end.expose()).filter(|end| has_zone(end)).and_then(time::parse);
    let end = end.ok_or(JsonError::NotA("Expiration", "a date and time with a zone"))?;
    if end.duration_since(now).unwrap_or_default() < MIN_LIFE {
        return Err(Unusable::Short);
    }
    let mut credentials =
        Credentials::new(id.expose(), secret).with_session_token(token).with_expiration(end);
    credentials.account_id = keys
        .optional("AccountId")
        .map(|account| account.expose().to_owned())
        .filter(|account| is_account(account));
    Ok(credentials)
}

/// The entry of a session: the whole answer, with the account in the credentials. `None` if it has no end that can be
/// written.
pub(super) fn of_role(output: &AssumeRoleOutput, headers: &HeaderMap) -> Option<Secret> {
    let user = output.assumed_role_user.as_ref();
    written(&Json::object([
        ("Credentials", Some(credentials(&output.credentials, account(user), "UTC")?)),
        ("AssumedRoleUser", user.map(assumed)),
        ("PackedPolicySize", output.packed_policy_size.map(Json::number)),
        ("SourceIdentity", text(&output.source_identity)),
        ("SessionTokenUtilization", output.session_token_utilization.map(Json::number)),
        ("SessionTokenSize", output.session_token_size.map(Json::number)),
        ("ResponseMetadata", Some(answer(&output.metadata, headers))),
    ]))
}

/// The same of a session that was begun with a token.
pub(super) fn of_web_identity(
    output: &AssumeRoleWithWebIdentityOutput,
    headers: &HeaderMap,
) -> Option<Secret> {
    let user = output.assumed_role_user.as_ref();
    written(&Json::object([
        ("Credentials", Some(credentials(&output.credentials, account(user), "UTC")?)),
        ("SubjectFromWebIdentityToken", text(&output.subject_from_web_identity_token)),
        ("AssumedRoleUser", user.map(assumed)),
        ("PackedPolicySize", output.packed_policy_size.map(Json::number)),
        ("Provider", text(&output.provider)),
        ("Audience", text(&output.audience)),
        ("SourceIdentity", text(&output.source_identity)),
        ("SessionTokenUtilization", output.session_token_utilization.map(Json::number)),
        ("SessionTokenSize", output.session_token_size.map(Json::number)),
        ("ResponseMetadata", Some(answer(&output.metadata, headers))),
    ]))
}

/// The entry of credentials of IAM Identity Center.
pub(super) fn of_sso(keys: &Credentials) -> Option<Secret> {
    written(&Json::object([
        ("ProviderType", Some(Json::text("sso"))),
        ("Credentials", Some(credentials(keys, keys.account_id.as_deref(), "Z")?)),
    ]))
}

impl From<JsonError> for Unusable {
    fn from(error: JsonError) -> Self {
        Self::Foreign(error)
    }
}

/// `zone` is what UTC is called.
fn credentials<'a>(keys: &'a Credentials, account: Option<&'a str>, zone: &str) -> Option<Json<'a>> {
    let end = time::format(keys.expiration?)?;
    let end = format!("{}{zone}", end.trim_end_matches('Z'));
    Some(Json::object([
        ("AccessKeyId", Some(Json::text(&keys.access_key_id))),
        ("SecretAccessKey", Some(Json::text(keys.secret_access_key.expose()))),
        ("SessionToken", Some(Json::text(keys.session_token.as_ref()?.expose()))),
        ("Expiration", Some(Json::Text(end.into()))),
        ("AccountId", account.map(Json::text)),
    ]))
}

fn assumed(user: &AssumedRoleUser) -> Json<'_> {
    Json::object([("AssumedRoleId", text(&user.assumed_role_id)), ("Arn", text(&user.arn))])
}

fn account(user: Option<&AssumedRoleUser>) -> Option<&str> {
    crate::credentials::assume_role::account(user)
}

fn answer<'a>(metadata: &'a Metadata, headers: &'a HeaderMap) -> Json<'a> {
    let one = |name: &'a http::HeaderName| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.as_str().into(), Json::Text(values.join(", ").into()))
    };
    Json::object([
        ("RequestId", metadata.request_id().map(Json::text)),
        ("HTTPStatusCode", Some(Json::number(metadata.status().as_u16()))),
        ("HTTPHeaders", Some(Json::Object(headers.keys().map(one).collect()))),
        ("RetryAttempts", Some(Json::number(metadata.attempts().saturating_sub(1)))),
    ])
}

fn text(text: &Option<String>) -> Option<Json<'_>> {
    text.as_deref().map(Json::text)
}

fn written(entry: &Json<'_>) -> Option<Secret> {
    let mut length = Length(0);
    entry.write(&mut length, Separators::Spaced).ok()?;
    // A buffer that grows would leave copies behind.
    let mut text = String::with_capacity(length.0);
    entry.write(&mut text, Separators::Spaced).ok()?;
    Some(Secret::new(text))
}

/// Counts what is written, in bytes.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

/// Whether a date and time says in which zone it is. The first ten characters are the date.
fn has_zone(text: &str) -> bool {
    let text = text.trim();
    let time = text.get(10..).unwrap_or_default();
    let named = ["UTC", "GMT"].iter().any(|name| time.to_ascii_uppercase().ends_with(name));
    named || time.ends_with(['Z', 'z']) || time.contains(['+', '-'])
}

/// As long as the AWS CLI wants an entry to last.
const MIN_LIFE: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        time::parse("2009-02-13T23:16:30Z").unwrap()
    }

    fn entry(end: &str) -> String {
        format!(
            r#"{{"Credentials":{{"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t","Expiration":{end},"AccountId":123456789012}}}}"#
        )
    }

    #[test]
    fn an_entry_is_used_while_it_lasts_for_fifteen_minutes() {
        for end in ["2009-02-13T23:31:30UTC", "2009-02-13T23:31:30Z", "2009-02-14T00:31:30+01:00"] {
            let keys = read(entry(&format!("\"{end}\"")).as_bytes(), now()).unwrap();
            assert_eq!(keys.account_id.as_deref(), Some("123456789012"));
            assert_eq!(keys.expiration, time::parse(end));
        }
        let short = read(entry("\"2009-02-13T23:31:29UTC\"").as_bytes(), now());
        assert_eq!(short, Err(Unusable::Short));
    }

    #[test]
    fn what_the_cli_could_not_read_is_of_no_use() {
        let whole = entry("\"2009-02-14T23:31:30UTC\"");
        assert!(read(whole.as_bytes(), now()).is_ok());
        for length in 0..whole.len() {
            assert!(
                matches!(read(&whole.as_bytes()[..length], now()), Err(Unusable::Foreign(_))),
                "{length}"
            );
        }
        for end in
            ["\"2009-02-14T23:31:30\"", "\"2009-02-14\"", "\"soon\"", "\"\"", "null", "1234657890", "{}"]
        {
            assert!(matches!(read(entry(end).as_bytes(), now()), Err(Unusable::Foreign(_))), "{end}");
        }
        for (member, other) in [
            ("\"ASIA\"", "\"\""),
            ("\"ASIA\"", "\"AS IA\""),
            ("\"ASIA\"", "1"),
            ("\"t\"", "null"),
            ("\"t\"", "\"t\\n\""),
            ("\"s\"", "[]"),
            ("Credentials", "credentials"),
        ] {
            let entry = whole.replace(member, other);
            assert!(matches!(read(entry.as_bytes(), now()), Err(Unusable::Foreign(_))), "{entry}");
        }
        // An account is a number, and no reason to lose the keys.
        let other = whole.replace("123456789012", "\"planted\"");
        assert_eq!(read(other.as_bytes(), now()).unwrap().account_id, None);
    }

    #[test]
    fn what_is_written_is_read() {
        let keys = Credentials::new("ASIA", "s\u{e9}\"")
            .with_session_token("t")
            .with_expiration(now() + MIN_LIFE)
            .with_account_id("123456789012");
        let entry = of_sso(&keys).unwrap();
        let expected = r#"{"ProviderType": "sso", "Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s\u00e9\"", "SessionToken": "t", "Expiration": "2009-02-13T23:31:30Z", "AccountId": "123456789012"}}"#;
        assert_eq!(entry.expose(), expected);
        assert_eq!(read(entry.expose().as_bytes(), now()), Ok(keys.clone()));
        assert!(of_sso(&Credentials { expiration: None, ..keys.clone() }).is_none());
        assert!(of_sso(&Credentials { session_token: None, ..keys }).is_none());
    }
}
