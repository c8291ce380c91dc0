//! The typed output of each operation against a vector's JSON.

use std::time::SystemTime;

use serde_json::Value;
use sts_proto::operations::*;
use sts_proto::types::{AssumedRoleUser, FederatedUser};
use sts_proto::{Credentials, Secret};

use super::text;
use crate::report::Case;

/// A value that can be compared with the one in a vector, where an absent member is absent.
pub(crate) trait Shown {
    /// `expected` is `None` where the vector does not have it.
    fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case);
}

impl<T: Shown> Shown for Option<T> {
    fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case) {
        match (self, expected) {
            (Some(value), _) => value.compare(path, expected, case),
            (None, Some(expected)) => case.fail(format!("{path} is absent and should be {expected}")),
            (None, None) => {}
        }
    }
}

impl Shown for String {
    fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case) {
        match expected {
            Some(Value::String(expected)) => drop(case.equal(path, self, expected)),
            other => case.fail(format!("{path} is {self:?} and should be {other:?}")),
        }
    }
}

impl Shown for Secret {
    fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case) {
        self.expose().to_owned().compare(path, expected, case);
    }
}

impl Shown for i64 {
    fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case) {
        match expected.and_then(Value::as_i64) {
            Some(expected) => drop(case.equal(path, self, &expected)),
            None => case.fail(format!("{path} is {self} and should be {expected:?}")),
        }
    }
}

impl Shown for SystemTime {
    /// The vectors' times are Python's, which end at the microsecond.
    fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case) {
        let nanos = expected.and_then(Value::as_str).map(text::nanos);
        match nanos {
            Some(Ok(nanos)) if (text::nanos_of(*self) - nanos).abs() < 1000 => {}
            _ => case.fail(format!("{path} is {self:?} and should be {expected:?}")),
        }
    }
}

fn members(path: &str, expected: Option<&Value>, known: &[&str], case: &mut Case) {
    match expected {
        Some(Value::Object(members)) => {
            for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
                case.fail(format!("{path}.{name} is expected and the type has no such member"));
            }
        }
        other => case.fail(format!("{path} is there and should be {other:?}")),
    }
}

macro_rules! shown {
    ($shape:ident: $($member:ident = $name:literal),*) => {
        impl Shown for $shape {
            fn compare(&self, path: &str, expected: Option<&Value>, case: &mut Case) {
                members(path, expected, &[$($name),*], case);
                $(self.$member.compare(
                    &format!("{path}.{}", $name),
                    expected.and_then(|expected| expected.get($name)),
                    case,
                );)*
            }
        }
    };
}

shown!(Credentials:
    access_key_id = "AccessKeyId",
    secret_access_key = "SecretAccessKey",
    session_token = "SessionToken",
    expiration = "Expiration");
shown!(AssumedRoleUser: assumed_role_id = "AssumedRoleId", arn = "Arn");
shown!(FederatedUser: federated_user_id = "FederatedUserId", arn = "Arn");

shown!(AssumeRoleOutput:
    credentials = "Credentials",
    assumed_role_user = "AssumedRoleUser",
    packed_policy_size = "PackedPolicySize",
    source_identity = "SourceIdentity",
    session_token_utilization = "SessionTokenUtilization",
    session_token_size = "SessionTokenSize");
shown!(AssumeRoleWithSamlOutput:
    credentials = "Credentials",
    assumed_role_user = "AssumedRoleUser",
    packed_policy_size = "PackedPolicySize",
    subject = "Subject",
    subject_type = "SubjectType",
    issuer = "Issuer",
    audience = "Audience",
    name_qualifier = "NameQualifier",
    source_identity = "SourceIdentity",
    session_token_utilization = "SessionTokenUtilization",
    session_token_size = "SessionTokenSize");
shown!(AssumeRoleWithWebIdentityOutput:
    credentials = "Credentials",
    subject_from_web_identity_token = "SubjectFromWebIdentityToken",
    assumed_role_user = "AssumedRoleUser",
    packed_policy_size = "PackedPolicySize",
    provider = "Provider",
    audience = "Audience",
    source_identity = "SourceIdentity",
    session_token_utilization = "SessionTokenUtilization",
    session_token_size = "SessionTokenSize");
shown!(AssumeRootOutput:
    credentials = "Credentials",
    source_identity = "SourceIdentity",
    session_token_utilization = "SessionTokenUtilization",
    session_token_size = "SessionTokenSize");
shown!(DecodeAuthorizationMessageOutput: decoded_message = "DecodedMessage");
shown!(GetAccessKeyInfoOutput: account = "Account");
shown!(GetCallerIdentityOutput: user_id = "UserId", account = "Account", arn = "Arn");
shown!(GetDelegatedAccessTokenOutput:
    credentials = "Credentials",
    packed_policy_size = "PackedPolicySize",
    assumed_principal = "AssumedPrincipal");
shown!(GetFederationTokenOutput:
    credentials = "Credentials",
    federated_user = "FederatedUser",
    packed_policy_size = "PackedPolicySize",
    session_token_utilization = "SessionTokenUtilization",
    session_token_size = "SessionTokenSize");
shown!(GetSessionTokenOutput:
    credentials = "Credentials",
    session_token_utilization = "SessionTokenUtilization",
    session_token_size = "SessionTokenSize");
shown!(GetWebIdentityTokenOutput: web_identity_token = "WebIdentityToken", expiration = "Expiration");

/// The required member that an output lacks first, in the order of the model, if it lacks one.
pub(crate) fn first_missing(operation: &str, output: &Value) -> Option<&'static str> {
    let required: &[&str] = match operation {
        "GetCallerIdentity" => &["UserId", "Account", "Arn"],
        "DecodeAuthorizationMessage" => &["DecodedMessage"],
        "GetAccessKeyInfo" => &["Account"],
        "GetWebIdentityToken" => &["WebIdentityToken", "Expiration"],
        _ => &["Credentials"],
    };
    let first = |required: &[&'static str], value: &Value| {
        required.iter().copied().find(|name| value.get(name).is_none())
    };
    let keys = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"];
    first(required, output).or_else(|| first(&keys, output.get("Credentials")?))
}
