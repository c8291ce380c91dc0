//! Structures that several operations share.

use std::borrow::Cow;
use std::sync::Arc;

use crate::input;
use crate::keys::Credentials;
use crate::member::IntoMember;
use crate::output;
use crate::secret::Secret;
use crate::wire::{FromXml, Value, XmlError, XmlReader};

/// Temporary keys, of which an answer has all four members.
impl FromXml for Credentials {
    fn read(reader: &mut XmlReader<'_>) -> Result<Self, XmlError> {
        let issued = issued::Credentials::read(reader)?;
        Ok(Self::new(issued.access_key_id, issued.secret_access_key)
            .with_session_token(issued.session_token)
            .with_expiration(issued.expiration))
    }

    fn to_value(&self) -> Value {
        Value::Structure(vec![
            ("AccessKeyId".into(), self.access_key_id.to_value()),
            ("SecretAccessKey".into(), self.secret_access_key.to_value()),
            ("SessionToken".into(), self.session_token.to_value()),
            ("Expiration".into(), self.expiration.to_value()),
        ])
    }
}

#[allow(unreachable_pub)] // the macro makes public structures
mod issued {
    use std::time::SystemTime;

    use crate::output_structure;
    use crate::secret::Secret;

    output_structure! {
        pub struct Credentials {
            access_key_id: String = "AccessKeyId",
            secret_access_key: Secret = "SecretAccessKey",
            session_token: Secret = "SessionToken",
            expiration: SystemTime = "Expiration",
        }
    }
}

output! {
    /// The caller's identity after assuming a role. A server that is not AWS may leave either member out.
    pub struct AssumedRoleUser {
        /// Role id and session name, joined by a colon.
        assumed_role_id: Option<String> = "AssumedRoleId",
        /// ARN of the session.
        arn: Option<String> = "Arn",
    }
}

output! {
    /// The caller's identity as a federated user. A server that is not AWS may leave either member out.
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

macro_rules! arns {
    ($($text:ty)*) => {$(
        impl IntoMember<PolicyDescriptorType> for $text {
            fn into_member(self) -> PolicyDescriptorType {
                PolicyDescriptorType::new().arn(self)
            }
        }
    )*};
}

arns!(&str &&str String &String Cow<'_, str> Box<str> Arc<str>);

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

impl<'a, K, V> IntoMember<Tag> for &'a (K, V)
where
    &'a K: IntoMember<String>,
    &'a V: IntoMember<String>,
{
    fn into_member(self) -> Tag {
        Tag::new(&self.0, &self.1)
    }
}

input! {
    /// A context that a trusted provider asserts, such as IAM Identity Center.
    pub struct ProvidedContext {
        ..
        /// ARN of the provider.
        provider_arn: String = "ProviderArn",
        /// What it asserts, signed and encrypted by it. It speaks for a person, so it is kept as a secret.
        context_assertion: Secret = "ContextAssertion",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_all_four_members() {
        let members = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"];
        let document = |left_out: Option<&str>| -> String {
            let members = members.iter().filter(|name| Some(**name) != left_out);
            let members = members.map(|name| format!("<{name}>2030-01-31T12:00:00Z</{name}>"));
            format!("<Credentials>{}</Credentials>", members.collect::<String>())
        };
        let read = |document: String| Credentials::read(&mut XmlReader::new(document.as_bytes())?);
        let keys = read(document(None)).unwrap();
        assert!(keys.session_token.is_some() && keys.expiration.is_some());
        for member in members {
            let error = read(document(Some(member))).unwrap_err();
            assert_eq!(error, XmlError::Missing { shape: "Credentials", member });
        }
    }
}
