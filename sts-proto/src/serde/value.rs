//! Values in the formats of serde.

use std::borrow::Cow;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_core::ser::{Serialize, SerializeMap as _, Serializer};

use crate::wire::Value;

/// A value, with its secrets or without.
pub(super) struct Written<'a> {
    pub(super) value: &'a Value,
    pub(super) exposed: bool,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = |value| Written { value, exposed: self.exposed };
        match self.value {
            Value::Absent => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Secret(secret) if self.exposed => serializer.serialize_str(secret.expose()),
            Value::Secret(_) => serializer.serialize_str(REDACTED),
            Value::Number(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => serializer.serialize_i64(number),
                (_, Ok(number)) => serializer.serialize_u64(number),
                // No operation has such a number, but a program can make one; a format may refuse it.
                _ => serializer.serialize_i128(*number),
            },
            Value::Fraction(number) => serializer.serialize_f64(*number),
            Value::Truth(truth) => serializer.serialize_bool(*truth),
            Value::List(items) => serializer.collect_seq(items.iter().map(inner)),
            Value::Structure(members) => {
                let members = members.iter().filter(|(_, value)| !matches!(value, Value::Absent));
                let mut map = serializer.serialize_map(Some(members.clone().count()))?;
                for (name, value) in members {
                    map.serialize_entry(name.as_ref(), &inner(value))?;
                }
                map.end()
            }
        }
    }
}

/// Without its secrets.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { value: self, exposed: false }.serialize(serializer)
    }
}

/// Its secrets are texts, since nothing tells them from others: `Debug` shows them.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a truth value, a list or a structure")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Absent)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Absent)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members: Vec<(Cow<'static, str>, Value)> = Vec::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.len() >= MAX_MEMBERS {
                return Err(A::Error::custom(format_args!("more than {MAX_MEMBERS} members")));
            }
            if members.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!("the member {name:.100?} is there twice")));
            }
            members.push((name.into(), value));
        }
        Ok(Value::Structure(members))
    }
}

/// Far more than any input or output has. It bounds the time that looking for a member that is there twice takes.
const MAX_MEMBERS: usize = 128;

/// What is written in place of a secret.
pub(super) const REDACTED: &str = "[redacted]";
