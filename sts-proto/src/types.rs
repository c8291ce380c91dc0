//! Structures that several operations share.

use std::time::SystemTime;

use crate::{IntoMember, Secret, input, output};

output! {
    /// Temporary keys, as an operation returns them. Convert them into [`crate::Credentials`] to sign with them.
    pub struct Credentials {
        /// Names the key; not a secret.
        access_key_id: String = "AccessKeyId",
        /// Signs.
        secret_access_key: Secret = "SecretAccessKey",
        /// Travels with each request that the keys sign.
        session_token: Secret = "SessionToken",
        /// When the keys cease to work.
        expiration: SystemTime = "Expiration",
    }
}

impl From<&Credentials> for crate::Credentials {
    fn from(issued: &Credentials) -> Self {
        Self::new(issued.access_key_id.clone(), issued.secret_access_key.clone())
            .with_session_token(issued.session_token.clone())
            .with_expiration(issued.expiration)
    }
}

impl From<Credentials> for crate::Credentials {
    fn from(issued: Credentials) -> Self {
        Self::new(issued.access_key_id, issued.secret_access_key)
            .with_session_token(issued.session_token)
            .with_expiration(issued.expiration)
    }
}

output! {
    /// Who one is after assuming a role. A server that is not AWS may leave either member out.
    pub struct AssumedRoleUser {
        /// Role id and session name, joined by a colon.
        assumed_role_id: Option<String> = "AssumedRoleId",
        /// ARN of the session.
        arn: Option<String> = "Arn",
    }
}

output! {
    /// Who one is as a federated user. A server that is not AWS may leave either member out.
    pub struct FederatedUser {
        /// Account and name, joined by a colon.
        federated_user_id: Option<String> = "FederatedUserId",
        /// ARN of the federated user.
        arn: Option<String> = "Arn",
    }
}

input! {
    /// Names a managed policy.
    pub struct PolicyDescriptorType {
        ..
        /// Its ARN.
        arn: String = "arn",
    }
}

impl IntoMember<PolicyDescriptorType> for &str {
    fn into_member(self) -> PolicyDescriptorType {
        PolicyDescriptorType::new().arn(self)
    }
}

impl IntoMember<PolicyDescriptorType> for String {
    fn into_member(self) -> PolicyDescriptorType {
        PolicyDescriptorType::new().arn(self)
    }
}

input! {
    /// A session tag.
    pub struct Tag {
        /// 1 to 128 characters.
        key: String = "Key",
        /// Up to 256 characters.
        value: String = "Value",
    }
}

impl<K: IntoMember<String>, V: IntoMember<String>> IntoMember<Tag> for (K, V) {
    fn into_member(self) -> Tag {
        Tag::new(self.0, self.1)
    }
}

input! {
    /// A context that a trusted provider asserts, such as IAM Identity Center.
    pub struct ProvidedContext {
        ..
        /// ARN of the provider.
        provider_arn: String = "ProviderArn",
        /// What it asserts, signed and encrypted by it.
        context_assertion: String = "ContextAssertion",
    }
}
