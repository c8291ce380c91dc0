//! An object that is written again with other values, while all else stays as it was.

use std::fmt;
use std::marker::PhantomData;

use serde_core::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::members::Name;
use super::{JsonError, MAX_MEMBERS};
use crate::secret::Secret;

/// A document of which members are replaced. The others keep their place, and their values are written as they were read, to
/// the byte: they may be another program's.
///
/// Reads what [`Object::parse`](super::Object::parse) has read before, which bounds depth and size.
pub(crate) struct Rewritten<'a>(Vec<(Box<str>, Value<'a>)>);

enum Value<'a> {
    Kept(&'a str),
    /// As it is written.
    New(Secret),
}

impl<'a> Rewritten<'a> {
    pub(crate) fn new(document: &'a [u8]) -> Result<Self, JsonError> {
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        let mut reader = serde_json::Deserializer::from_slice(document);
        let read = reader.deserialize_any(Members).and_then(|members| reader.end().map(|()| members));
        let members =
            read.map_err(|error| JsonError::Syntax { line: error.line(), column: error.column() })?;
        members.map(Self)
    }

    /// The object in a member, or an empty object if the member is missing.
    #[cfg(any(feature = "login", test))]
    pub(crate) fn object(&self, name: &str) -> Result<Self, JsonError> {
        match self.0.iter().rfind(|(known, _)| **known == *name) {
            Some((_, Value::Kept(text))) => Self::new(text.as_bytes()),
            _ => Ok(Self(Vec::new())),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| **known == *name)
    }

    /// Sets a member, in its place or at the end.
    pub(crate) fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, quoted(text));
    }

    #[cfg(any(feature = "login", test))]
    pub(crate) fn set_object(&mut self, name: &str, object: &Rewritten<'_>) {
        self.set(name, object.text());
    }

    fn set(&mut self, name: &str, value: Secret) {
        // Of two members of one name the last one counts, for other readers as well.
        match self.0.iter_mut().rfind(|(known, _)| **known == *name) {
            Some((_, known)) => *known = Value::New(value),
            None => self.0.push((name.into(), Value::New(value))),
        }
    }

    /// The document, on one line as far as it is new.
    pub(crate) fn text(&self) -> Secret {
        let members = || self.0.iter().map(|(name, value)| (quoted(name), value.text()));
        // A buffer that grows would leave copies behind.
        let size = members().map(|(name, value)| name.expose().len() + value.len() + 4).sum::<usize>() + 2;
        let mut text = String::with_capacity(size);
        text.push('{');
        for (index, (name, value)) in members().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            text.push_str(name.expose());
            text.push_str(": ");
            text.push_str(value);
        }
        text.push('}');
        Secret::new(text)
    }
}

impl Value<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Kept(text) => text,
            Self::New(text) => text.expose(),
        }
    }
}

/// An object of texts, in this order.
pub(crate) fn texts(members: &[(&str, &str)]) -> Secret {
    let mut object = Rewritten(Vec::with_capacity(members.len()));
    members.iter().for_each(|(name, text)| object.set_text(name, text));
    object.text()
}

/// A text as JSON has it (RFC 8259 §7).
fn quoted(text: &str) -> Secret {
    let escape = |c: char| match c {
        '"' | '\\' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    };
    let mut quoted = String::with_capacity(text.chars().map(escape).sum::<usize>() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => {
                let digit = |nibble: u32| char::from_digit(nibble, 16).unwrap_or('0');
                quoted.push_str("\\u00");
                quoted.extend([digit(u32::from(c) >> 4), digit(u32::from(c) & 15)]);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Secret::new(quoted)
}

struct Members;

/// Takes a value of each kind: serde_json's error about a wrong one brings the code that prints floats, which is 35 kB.
impl<'de> Visitor<'de> for Members {
    type Value = Result<Vec<(Box<str>, Value<'de>)>, JsonError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Ok(Err(JsonError::NotAnObject))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry_seed(Name, PhantomData::<&'de RawValue>)? {
            // As many as a reader keeps, with room for those that it does not count twice.
            if members.len() < 2 * MAX_MEMBERS {
                members.push((name, Value::Kept(value.get())));
            } else {
                while map.next_entry_seed(Name, PhantomData::<&'de RawValue>)?.is_some() {}
                return Ok(Err(JsonError::TooMany(MAX_MEMBERS)));
            }
        }
        Ok(Ok(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(document: &str, change: impl FnOnce(&mut Rewritten<'_>)) -> String {
        let mut rewritten = Rewritten::new(document.as_bytes()).ok().unwrap();
        change(&mut rewritten);
        rewritten.text().expose().to_owned()
    }

    #[test]
    fn all_else_stays_as_it_was() {
        let document = r#" { "a" : [1, 2.50 ,1e400], "b":"x\u00e9","c":{ "d":0.1,"e":"old"}, "n":123456789012345678901 } "#;
        let expected = r#"{"a": [1, 2.50 ,1e400], "b": "new", "c": {"d": 0.1, "e": "e2", "f": "\"\\\u000aé"}, "n": 123456789012345678901, "z": "end"}"#;
        let found = rewritten(document, |it| {
            let mut inner = it.object("c").ok().unwrap();
            inner.set_text("e", "e2");
            inner.set_text("f", "\"\\\n\u{e9}");
            it.set_object("c", &inner);
            it.set_text("b", "new");
            it.set_text("z", "end");
        });
        assert_eq!(found, expected);
        assert!(serde_json::from_str::<serde_json::Value>(&found.replace("1e400", "1")).is_ok());
        assert_eq!(rewritten("{}", |_| {}), "{}");
        assert_eq!(rewritten("\u{feff}{}", |it| it.set_text("a", "\u{7f}")), "{\"a\": \"\u{7f}\"}");
        assert_eq!(
            rewritten(r#"{"a":1,"b":2,"a":3}"#, |it| it.set_text("a", "x")),
            r#"{"a": 1, "b": 2, "a": "x"}"#
        );
        assert_eq!(texts(&[("b", "1"), ("a", "2")]).expose(), r#"{"b": "1", "a": "2"}"#);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for document in ["", "[]", "1", "{", r#"{"a":1} x"#, r#"{"a":}"#, "{\"a\":\"\u{1}\"}", "null"] {
            assert!(Rewritten::new(document.as_bytes()).is_err(), "{document}");
        }
        let mut many = r#"{"a":1"#.to_owned();
        (0..2 * MAX_MEMBERS).for_each(|n| many.push_str(&format!(r#","b{n}":1"#)));
        many.push('}');
        assert!(matches!(Rewritten::new(many.as_bytes()), Err(JsonError::TooMany(_))));
        let inner = Rewritten::new(br#"{"a":1}"#).ok().unwrap();
        assert!(inner.object("a").is_err());
        assert_eq!(inner.object("b").ok().unwrap().text().expose(), "{}");
    }
}
