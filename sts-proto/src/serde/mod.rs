//! Inputs, outputs and credentials in the formats of [serde](https://serde.rs), with the names that members have on the wire.
//!
//! Formats that say what they hold are supported, such as JSON, TOML and YAML. A member that is not set is left out. Times are
//! texts as RFC 3339 writes them. Nothing is converted: a text is not read from a number, nor a number from a text or from
//! `900.0`, and a number has to fit its member. An input that is read may have no member that the operation does not have; other
//! members of an output are passed over. The metadata of an output is not part of it.
//!
//! # Secrets
//!
//! A [`Secret`](crate::Secret) is written as `[redacted]`, so that what is written may be logged; reading that is an error.
//! To write the secrets too, wrap the value in [`Exposed`], or give a field `#[serde(with = "sts_proto::serde::exposed")]`.
//!
//! ```
//! use sts_proto::operations::AssumeRole;
//! use sts_proto::serde::Exposed;
//!
//! let text = r#"{"RoleArn": "arn:aws:iam::123456789012:role/demo",
//!     "RoleSessionName": "build-42", "Tags": [{"Key": "a", "Value": "b"}]}"#;
//! let role: AssumeRole = serde_json::from_str(text)?;
//! let role = role.token_code("123456");
//!
//! let logged = serde_json::to_string(&role)?;
//! assert!(logged.contains(r#""TokenCode":"[redacted]""#));
//! assert!(serde_json::from_str::<AssumeRole>(&logged).is_err());
//!
//! let kept = serde_json::to_string(&Exposed(&role))?;
//! assert_eq!(serde_json::from_str::<AssumeRole>(&kept)?, role);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod of_value;
mod value;

use serde_core::ser::{Serialize, Serializer};

pub use of_value::{Members, OfValue};
#[doc(hidden)]
pub use serde_core;

use value::Written;

/// Writes a value with its secrets. What is written is a secret itself.
#[derive(Clone, Copy)]
#[allow(clippy::exhaustive_structs)] // it is a name for what is done with the value
pub struct Exposed<'a, T>(pub &'a T);

impl<T: OfValue> Serialize for Exposed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { value: &self.0.as_value(), exposed: true }.serialize(serializer)
    }
}

impl<T> std::fmt::Debug for Exposed<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exposed")
    }
}

/// For `#[serde(with = "sts_proto::serde::exposed")]`: a field is written with its secrets.
pub mod exposed {
    use serde_core::de::{Deserialize, Deserializer};
    use serde_core::ser::{Serialize, Serializer};

    use super::{Exposed, OfValue};

    /// Writes a value with its secrets.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn serialize<T: OfValue, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        Exposed(value).serialize(serializer)
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// Those of the format, and of what is not such a value.
    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

/// What `input!` and `output!` make beside the structure: its members, each with its name on the wire. `strict` where no
/// others may be there.
#[doc(hidden)]
#[macro_export]
macro_rules! serde_structure {
    ($kind:ident $name:ident { $($member:ident: $type:ty = $wire:literal,)* } { $($metadata:ident)? }) => {
        impl $crate::serde::OfValue for $name {
            fn as_value(&self) -> $crate::wire::Value {
                $crate::wire::Value::Structure(::std::vec![
                    $(($wire.into(), $crate::serde::OfValue::as_value(&self.$member)),)*
                ])
            }

            #[allow(unused_mut)]
            fn of_value(
                value: $crate::wire::Value,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                let mut members = $crate::serde::Members::new(value)?;
                let made = Self {
                    $($member: members.take($wire)?,)*
                    $($metadata: ::core::default::Default::default(),)?
                };
                members.$kind(&[$($wire),*])?;
                ::core::result::Result::Ok(made)
            }
        }

        $crate::serde_by_value!($name);
    };
}

/// The traits of serde, by way of a value.
#[doc(hidden)]
#[macro_export]
macro_rules! serde_by_value {
    ($name:ident) => {
        impl $crate::serde::serde_core::ser::Serialize for $name {
            fn serialize<S: $crate::serde::serde_core::ser::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                let value = $crate::serde::OfValue::as_value(self);
                $crate::serde::serde_core::ser::Serialize::serialize(&value, serializer)
            }
        }

        impl<'de> $crate::serde::serde_core::de::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::serde_core::de::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let value = $crate::serde::serde_core::de::Deserialize::deserialize(deserializer)?;
                let made = <$name as $crate::serde::OfValue>::of_value(value);
                made.map_err($crate::serde::serde_core::de::Error::custom)
            }
        }
    };
}

#[cfg(test)]
mod tests;
