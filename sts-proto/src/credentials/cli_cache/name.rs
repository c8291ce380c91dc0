//! The names of files: digests of what a session is asked for with.

use std::fmt::{self, Write};

use sha1::{Digest, Sha1};

use super::python::{Json, Separators};
use crate::operations::{AssumeRole, AssumeRoleWithWebIdentity};

/// The name of the file with a session of `AssumeRole`. Everything that the caller sets counts, except for the code of the MFA
/// device; the region and the credentials that the role is assumed with do not. `is_named` says whether the caller gives
/// the name of the session: one that is made up does not count.
///
/// `None` if the policy is not JSON, since the AWS CLI has no name for it either.
pub fn role_file(role: &AssumeRole, is_named: bool) -> Option<String> {
    let policy = match &role.policy {
        Some(policy) => Some(Json::sorted(policy)?),
        None => None,
    };
    let arns = list(&role.policy_arns, |policy| Json::object([("arn", text(&policy.arn))]));
    let contexts = list(&role.provided_contexts, |context| {
        Json::object([
            (
                "ContextAssertion",
                context.context_assertion.as_ref().map(|secret| Json::text(secret.expose())),
            ),
            ("ProviderArn", text(&context.provider_arn)),
        ])
    });
    let tags = list(&role.tags, |tag| {
        Json::object([("Key", Some(Json::text(&tag.key))), ("Value", Some(Json::text(&tag.value)))])
    });
    let arguments = Json::object([
        ("DurationSeconds", role.duration_seconds.map(Json::number)),
        ("ExternalId", text(&role.external_id)),
        ("MinimumSessionTokenSize", role.minimum_session_token_size.map(Json::number)),
        ("Policy", policy),
        ("PolicyArns", arns),
        ("ProvidedContexts", contexts),
        ("RoleArn", Some(Json::text(&role.role_arn))),
        ("RoleSessionName", is_named.then(|| Json::text(&role.role_session_name))),
        ("SerialNumber", text(&role.serial_number)),
        ("SourceIdentity", text(&role.source_identity)),
        ("Tags", tags),
        ("TransitiveTagKeys", list(&role.transitive_tag_keys, |key| Json::text(key))),
    ]);
    Some(digest(&arguments, Separators::Spaced))
}

/// The name of the file with a session of a profile's `AssumeRoleWithWebIdentity`. The token counts, so that a session is
/// never given for another one.
pub(super) fn web_identity_file(role: &AssumeRoleWithWebIdentity, is_named: bool) -> String {
    let arguments = Json::object([
        ("RoleArn", Some(Json::text(&role.role_arn))),
        ("RoleSessionName", is_named.then(|| Json::text(&role.role_session_name))),
        ("WebIdentityToken", Some(Json::text(role.web_identity_token.expose()))),
    ]);
    digest(&arguments, Separators::Spaced)
}

/// The name of the file with credentials of IAM Identity Center. `login` is `sessionName` or `startUrl`, and its value.
pub(super) fn sso_file(account_id: &str, role_name: &str, login: (&'static str, &str)) -> String {
    let arguments = Json::object([
        ("accountId", Some(Json::text(account_id))),
        ("roleName", Some(Json::text(role_name))),
        (login.0, Some(Json::text(login.1))),
    ]);
    digest(&arguments, Separators::Compact)
}

fn text(text: &Option<String>) -> Option<Json<'_>> {
    text.as_deref().map(Json::text)
}

fn list<'a, T>(items: &'a Option<Vec<T>>, item: impl Fn(&'a T) -> Json<'a>) -> Option<Json<'a>> {
    items.as_ref().map(|items| Json::List(items.iter().map(item).collect()))
}

fn digest(arguments: &Json<'_>, separators: Separators) -> String {
    let mut hash = Hash(Sha1::new());
    // Nothing of it fails.
    let _ = arguments.write(&mut hash, separators);
    let mut name = String::with_capacity(45);
    for byte in hash.0.finalize() {
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(".json");
    name
}

/// Takes what is written into a digest, so that no copy of a token is left behind.
struct Hash(Sha1);

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}
