//! Members of inputs and outputs as values, and back.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use super::value::REDACTED;
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::wire::{FromXml, Value, time};

/// A type of members that serde writes and reads: see [the module](super).
pub trait OfValue: Sized {
    /// What it holds.
    fn as_value(&self) -> Value;

    /// The same from what was read.
    ///
    /// # Errors
    ///
    /// What the value has to be, for a message.
    fn of_value(value: Value) -> Result<Self, String>;
}

/// Members that were read, by their names. `Debug` shows the names alone: which values are secret is not known yet.
pub struct Members(Vec<(Cow<'static, str>, Value)>);

impl Members {
    /// Those of a structure.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn new(value: Value) -> Result<Self, String> {
        match value {
            Value::Structure(members) => Ok(Self(members)),
            _ => Err("it has to be a structure".to_owned()),
        }
    }

    /// Takes one out; one that is not there is absent.
    ///
    /// # Errors
    ///
    /// It is missing or another thing.
    pub fn take<T: OfValue>(&mut self, name: &str) -> Result<T, String> {
        let value = match self.0.iter().position(|(found, _)| found == name) {
            Some(at) => self.0.swap_remove(at).1,
            None => Value::Absent,
        };
        let is_absent = matches!(value, Value::Absent);
        T::of_value(value).map_err(|problem| match is_absent {
            true => format!("{name} is missing"),
            false => format!("{name}: {problem}"),
        })
    }

    /// Nothing else may be there.
    ///
    /// # Errors
    ///
    /// Something else is.
    pub fn strict(self, known: &[&str]) -> Result<(), String> {
        match self.0.first() {
            Some((name, _)) => Err(format!("there is no member {name:.100?}, but {}", known.join(", "))),
            None => Ok(()),
        }
    }

    /// Anything else may be there.
    ///
    /// # Errors
    ///
    /// None.
    pub fn tolerant(self, _: &[&str]) -> Result<(), String> {
        Ok(())
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<T: OfValue> OfValue for Option<T> {
    fn as_value(&self) -> Value {
        self.as_ref().map_or(Value::Absent, T::as_value)
    }

    fn of_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Absent => Ok(None),
            value => T::of_value(value).map(Some),
        }
    }
}

impl<T: OfValue> OfValue for Vec<T> {
    fn as_value(&self) -> Value {
        Value::List(self.iter().map(T::as_value).collect())
    }

    fn of_value(value: Value) -> Result<Self, String> {
        match value {
            Value::List(items) => items.into_iter().map(T::of_value).collect(),
            _ => Err("it has to be a list".to_owned()),
        }
    }
}

/// Types that answers have too.
macro_rules! of_answers {
    ($($type:ty: $what:literal $($value:pat => $made:expr,)*;)*) => {$(
        impl OfValue for $type {
            fn as_value(&self) -> Value {
                FromXml::to_value(self)
            }

            fn of_value(value: Value) -> Result<Self, String> {
                let made = match value {
                    $($value => $made,)*
                    _ => None,
                };
                made.ok_or_else(|| concat!("it has to be ", $what).to_owned())
            }
        }
    )*};
}

of_answers! {
    String: "a text" Value::Text(text) => Some(text),;
    Secret: "a text, and not [redacted], as secrets are written unless they are exposed"
        Value::Secret(secret) => Some(secret),
        Value::Text(text) => Some(text).filter(|text| text != REDACTED).map(Self::new),;
    bool: "true or false" Value::Truth(truth) => Some(truth),;
    SystemTime: "a time as RFC 3339 writes it" Value::Text(text) => time::parse(&text),;
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl OfValue for $type {
            fn as_value(&self) -> Value {
                Value::Number((*self).into())
            }

            fn of_value(value: Value) -> Result<Self, String> {
                let number = if let Value::Number(number) = value { Self::try_from(number).ok() } else { None };
                number.ok_or_else(|| format!("it has to be a whole number from {} to {}", Self::MIN, Self::MAX))
            }
        }
    )*};
}

numbers!(u16 u32 u64 i64);

crate::serde_by_value!(Secret);

crate::serde_structure! {
    tolerant Credentials {
        access_key_id: String = "AccessKeyId",
        secret_access_key: Secret = "SecretAccessKey",
        session_token: Option<Secret> = "SessionToken",
        expiration: Option<SystemTime> = "Expiration",
        account_id: Option<String> = "AccountId",
    } {}
}
