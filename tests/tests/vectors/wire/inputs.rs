//! From a vector's JSON to the typed input of each operation.

use serde_json::{Map, Value};
use sts_proto::operations::*;
use sts_proto::types::{PolicyDescriptorType, ProvidedContext, Tag};
use sts_proto::{Operation, Secret};

use super::outputs::Shown;

/// What to do with an operation that is known by its name.
pub(crate) trait Visitor {
    fn visit<O: Operation<Output: Shown> + FromJson>(self) -> Result<(), String>;
}

macro_rules! with_operation {
    (($name:ident, $visitor:ident) $($(#[$sentence:meta])* $operation:ident: fn $method:ident $given:tt -> $output:ident
        $sent:tt example $before:tt $after:tt)*) => {
        match $name {
            $(<$operation as Operation>::ACTION => $visitor.visit::<$operation>(),)*
            _ => Err(format!("there is no operation {}", $name)),
        }
    };
}

/// Shows `visitor` the type of the operation called `name`.
pub(crate) fn with_operation(name: &str, visitor: impl Visitor) -> Result<(), String> {
    sts_proto::for_each_operation!(with_operation, name, visitor)
}

/// Why there is no typed input.
pub(crate) enum Problem {
    /// The type has no such value.
    NotExpressible,
    /// The type should have one.
    Wrong(String),
}

pub(crate) trait FromJson: Sized {
    fn from_json(value: Value) -> Result<Self, Problem>;
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, Problem> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Problem::Wrong(format!("the input has {other} where a text should be"))),
        }
    }
}

impl FromJson for Secret {
    fn from_json(value: Value) -> Result<Self, Problem> {
        String::from_json(value).map(Secret::new)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl FromJson for $number {
            fn from_json(value: Value) -> Result<Self, Problem> {
                match value.as_u64().map(Self::try_from) {
                    Some(Ok(number)) => Ok(number),
                    _ if value.is_i64() || value.is_u64() => Err(Problem::NotExpressible),
                    _ => Err(Problem::Wrong(format!("the input has {value} where a whole number should be"))),
                }
            }
        }
    )*};
}

numbers!(u16 u32);

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Array(items) => items.into_iter().map(T::from_json).collect(),
            other => Err(Problem::Wrong(format!("the input has {other} where a list should be"))),
        }
    }
}

struct Members(Map<String, Value>);

impl Members {
    fn new(shape: &str, value: Value, known: &[&str]) -> Result<Self, Problem> {
        let Value::Object(members) = value else {
            return Err(Problem::Wrong(format!("the input has {value} where {shape} should be")));
        };
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Problem::Wrong(format!("{shape} has no member {name}"))),
            None => Ok(Self(members)),
        }
    }

    fn required<T: FromJson>(&mut self, name: &str) -> Result<T, Problem> {
        self.optional(name)?.ok_or(Problem::NotExpressible)
    }

    fn optional<T: FromJson>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        self.0.remove(name).map(T::from_json).transpose()
    }
}

/// `from_json!(Type(required: type = "Name", …) optional = "Name", …)`
macro_rules! from_json {
    ($shape:ident($($type:ty = $required:literal),*) $($optional:ident = $name:literal),*) => {
        impl FromJson for $shape {
            #[allow(unused_mut, unused_variables)]
            fn from_json(value: Value) -> Result<Self, Problem> {
                let mut members = Members::new(stringify!($shape), value, &[$($required,)* $($name,)*])?;
                let mut made = Self::new($(members.required::<$type>($required)?),*);
                $(made.$optional = members.optional($name)?;)*
                Ok(made)
            }
        }
    };
}

from_json!(Tag(String = "Key", String = "Value"));
from_json!(PolicyDescriptorType() arn = "arn");
from_json!(ProvidedContext() provider_arn = "ProviderArn", context_assertion = "ContextAssertion");

from_json!(AssumeRole(String = "RoleArn", String = "RoleSessionName")
    policy_arns = "PolicyArns",
    policy = "Policy",
    duration_seconds = "DurationSeconds",
    tags = "Tags",
    transitive_tag_keys = "TransitiveTagKeys",
    external_id = "ExternalId",
    serial_number = "SerialNumber",
    token_code = "TokenCode",
    source_identity = "SourceIdentity",
    provided_contexts = "ProvidedContexts",
    minimum_session_token_size = "MinimumSessionTokenSize");
from_json!(AssumeRoleWithSaml(String = "RoleArn", String = "PrincipalArn", Secret = "SAMLAssertion")
    policy_arns = "PolicyArns",
    policy = "Policy",
    duration_seconds = "DurationSeconds",
    minimum_session_token_size = "MinimumSessionTokenSize");
from_json!(AssumeRoleWithWebIdentity(String = "RoleArn", String = "RoleSessionName", Secret = "WebIdentityToken")
    provider_id = "ProviderId",
    policy_arns = "PolicyArns",
    policy = "Policy",
    duration_seconds = "DurationSeconds",
    minimum_session_token_size = "MinimumSessionTokenSize");
from_json!(AssumeRoot(String = "TargetPrincipal", PolicyDescriptorType = "TaskPolicyArn")
    duration_seconds = "DurationSeconds",
    minimum_session_token_size = "MinimumSessionTokenSize");
from_json!(DecodeAuthorizationMessage(String = "EncodedMessage"));
from_json!(GetAccessKeyInfo(String = "AccessKeyId"));
from_json!(GetCallerIdentity());
from_json!(GetDelegatedAccessToken(Secret = "TradeInToken"));
from_json!(GetFederationToken(String = "Name")
    policy = "Policy",
    policy_arns = "PolicyArns",
    duration_seconds = "DurationSeconds",
    tags = "Tags",
    minimum_session_token_size = "MinimumSessionTokenSize");
from_json!(GetSessionToken()
    duration_seconds = "DurationSeconds",
    serial_number = "SerialNumber",
    token_code = "TokenCode",
    minimum_session_token_size = "MinimumSessionTokenSize");
from_json!(GetWebIdentityToken(Vec<String> = "Audience", String = "SigningAlgorithm")
    duration_seconds = "DurationSeconds",
    tags = "Tags");
