//! Compares typed outputs with the tree that another reader made of the same document.

use std::time::SystemTime;

use roxmltree::Node;
use sts_proto::operations::*;
use sts_proto::types::{AssumedRoleUser, FederatedUser};
use sts_proto::{Credentials, Secret};

use crate::{dates, document};

/// A value that can be compared with the element that it was read from.
pub trait Matches {
    /// Panics if they differ. `found` is `None` if there is no such element.
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>);
}

impl<T: Matches> Matches for Option<T> {
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
        match self {
            Some(value) => value.matches(name, found),
            None => assert!(found.is_none(), "{name} is in the document and not in the output"),
        }
    }
}

impl Matches for String {
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
        assert_eq!(Some(self), found.map(document::text).as_ref(), "{name}");
    }
}

impl Matches for Secret {
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
        self.expose().to_owned().matches(name, found);
    }
}

impl Matches for i64 {
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
        let found = found.map(document::text);
        assert_eq!(Some(Ok(*self)), found.as_deref().map(|text| text.trim().parse()), "{name}");
    }
}

impl Matches for SystemTime {
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
        let text = document::text(
            found.unwrap_or_else(|| panic!("{name} is in the output and not in the document")),
        );
        if let Some(other) = dates::read(&text) {
            assert_eq!(*self, other, "{name}: {text:?}");
        }
    }
}

/// An answer without any of the four is refused.
impl Matches for Credentials {
    fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
        let found = found.unwrap_or_else(|| panic!("{name} comes from nowhere"));
        let member = |name| document::last(found, name);
        self.access_key_id.matches("AccessKeyId", member("AccessKeyId"));
        self.secret_access_key.matches("SecretAccessKey", member("SecretAccessKey"));
        self.session_token.as_ref().expect("it was read").matches("SessionToken", member("SessionToken"));
        self.expiration.expect("it was read").matches("Expiration", member("Expiration"));
    }
}

macro_rules! matches {
    ($($shape:ident: $($member:ident = $name:literal),*;)*) => {$(
        impl Matches for $shape {
            fn matches(&self, name: &str, found: Option<Node<'_, '_>>) {
                let found = found.unwrap_or_else(|| panic!("{name} is in the output and not in the document"));
                $(self.$member.matches($name, document::last(found, $name));)*
            }
        }
    )*};
}

matches! {
    AssumedRoleUser: assumed_role_id = "AssumedRoleId", arn = "Arn";
    FederatedUser: federated_user_id = "FederatedUserId", arn = "Arn";
    AssumeRoleOutput:
        credentials = "Credentials",
        assumed_role_user = "AssumedRoleUser",
        packed_policy_size = "PackedPolicySize",
        source_identity = "SourceIdentity",
        session_token_utilization = "SessionTokenUtilization",
        session_token_size = "SessionTokenSize";
    AssumeRoleWithSamlOutput:
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
        session_token_size = "SessionTokenSize";
    AssumeRoleWithWebIdentityOutput:
        credentials = "Credentials",
        subject_from_web_identity_token = "SubjectFromWebIdentityToken",
        assumed_role_user = "AssumedRoleUser",
        packed_policy_size = "PackedPolicySize",
        provider = "Provider",
        audience = "Audience",
        source_identity = "SourceIdentity",
        session_token_utilization = "SessionTokenUtilization",
        session_token_size = "SessionTokenSize";
    AssumeRootOutput:
        credentials = "Credentials",
        source_identity = "SourceIdentity",
        session_token_utilization = "SessionTokenUtilization",
        session_token_size = "SessionTokenSize";
    DecodeAuthorizationMessageOutput: decoded_message = "DecodedMessage";
    GetAccessKeyInfoOutput: account = "Account";
    GetCallerIdentityOutput: user_id = "UserId", account = "Account", arn = "Arn";
    GetDelegatedAccessTokenOutput:
        credentials = "Credentials",
        packed_policy_size = "PackedPolicySize",
        assumed_principal = "AssumedPrincipal";
    GetFederationTokenOutput:
        credentials = "Credentials",
        federated_user = "FederatedUser",
        packed_policy_size = "PackedPolicySize",
        session_token_utilization = "SessionTokenUtilization",
        session_token_size = "SessionTokenSize";
    GetSessionTokenOutput:
        credentials = "Credentials",
        session_token_utilization = "SessionTokenUtilization",
        session_token_size = "SessionTokenSize";
    GetWebIdentityTokenOutput: web_identity_token = "WebIdentityToken", expiration = "Expiration";
}
