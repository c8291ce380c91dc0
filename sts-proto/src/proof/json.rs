//! JSON as a tree, which knows whether an object has a name twice.

use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::secret::Secret;

/// A JSON value, as far as proofs and answers have them.
pub(super) enum Json {
    Text(Secret),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// A number, `true`, `false` or `null`.
    Other,
}

/// Why there is no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JsonProblem {
    /// It is not JSON.
    Malformed,
    /// An object has a name twice.
    Duplicate,
}

impl Json {
    /// Reads a document to its end, strictly: no object may have a name twice.
    pub(super) fn read(document: &[u8]) -> Result<Self, JsonProblem> {
        match Self::read_tolerantly(document) {
            Some((_, true)) => Err(JsonProblem::Duplicate),
            Some((value, false)) => Ok(value),
            None => Err(JsonProblem::Malformed),
        }
    }

    /// Reads a document to its end, and says whether an object has a name twice. It nests less than 128 levels deep, the
    /// limit of serde_json; the caller bounds its length, and memory stays below some times that.
    pub(super) fn read_tolerantly(document: &[u8]) -> Option<(Self, bool)> {
        let mut reader = serde_json::Deserializer::from_slice(document);
        let mut duplicate = false;
        let value = Seed(&mut duplicate).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some((value, duplicate))
    }

    /// The member of this name, the last one if there are several.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().rfind(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.expose()),
            _ => None,
        }
    }
}

/// Reads on after a name that is there twice, and says so.
struct Seed<'a>(&'a mut bool);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(Secret::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            if members.len() >= MAX_MEMBERS {
                return Err(Error::custom("too many members"));
            }
            *self.0 |= members.iter().any(|(known, _)| *known == name);
            members.push((name, map.next_value_seed(Seed(self.0))?));
        }
        Ok(Json::Object(members))
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<String, E> {
        Ok(name.to_owned())
    }
}

/// Far more than a proof or an answer has. It bounds the time that looking for duplicates takes.
const MAX_MEMBERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_at_any_depth() {
        let of = |text: &str| Json::read(text.as_bytes()).map(|_| ());
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":[{"c":1,"c":2}]}}"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(of(text), Err(JsonProblem::Duplicate), "{text}");
        }
        let many: String = (0..=MAX_MEMBERS).map(|number| format!("\"m{number}\":1,")).collect();
        let many = format!("{{{}}}", many.trim_end_matches(','));
        for text in ["", "{", "{}x", "\u{feff}{}", r#"{"a":1,}"#, "[1 2]", &"[".repeat(100_000), &many] {
            assert_eq!(of(text), Err(JsonProblem::Malformed), "{text}");
        }
        for text in ["1", "null", "[]", r#"{"a":1,"A":2}"#, r#"[{"a":1},{"a":1.5e3}]"#] {
            assert_eq!(of(text), Ok(()), "{text}");
        }
    }
}
