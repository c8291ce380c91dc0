//! JSON objects as credential endpoints and programs write them: one level of named values is read, the rest is passed
//! over.

use std::time::SystemTime;

use serde_json::{Map, Value};

use super::time;
use crate::Secret;

/// A JSON object (RFC 8259 §4). Nesting is bounded by the reader at 128 levels, size by
/// [`MAX_BODY`](super::MAX_BODY).
pub(crate) struct Object(Map<String, Value>);

/// What is wrong with a document; holds nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// It is not JSON.
    Syntax { line: usize, column: usize },
    /// It is JSON, but no object.
    NotAnObject,
    /// A member is missing, or is empty.
    Missing(&'static str),
    /// A member is of another type than text, or not what it should be.
    NotA(&'static str, &'static str),
}

impl Object {
    pub(crate) fn parse(document: &[u8]) -> Result<Self, JsonError> {
        if document.len() > super::MAX_BODY {
            return Err(JsonError::NotAnObject);
        }
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        match serde_json::from_slice(document) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(JsonError::NotAnObject),
            Err(error) => Err(JsonError::Syntax { line: error.line(), column: error.column() }),
        }
    }

    /// Takes a text out; `None` where it is absent, null or empty.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<Secret>, JsonError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty()).map(Secret::new)),
            Some(_) => Err(JsonError::NotA(name, "text")),
        }
    }

    /// Takes a text out that has to be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<Secret, JsonError> {
        self.text(name)?.ok_or(JsonError::Missing(name))
    }

    /// Takes a whole number out.
    pub(crate) fn integer(&mut self, name: &'static str) -> Result<Option<i64>, JsonError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or(JsonError::NotA(name, "a whole number")),
        }
    }

    /// Takes an instant out, written as text.
    pub(crate) fn instant(&mut self, name: &'static str) -> Result<Option<SystemTime>, JsonError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        time::parse(text.expose()).map(Some).ok_or(JsonError::NotA(name, "a date and time"))
    }

    /// Takes an object out that has to be there.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Self, JsonError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Err(JsonError::Missing(name)),
            Some(Value::Object(members)) => Ok(Self(members)),
            Some(_) => Err(JsonError::NotA(name, "an object")),
        }
    }
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax { line, column } => write!(f, "it is not json (line {line}, column {column})"),
            Self::NotAnObject => f.write_str("it is no json object"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::NotA(name, kind) => write!(f, "{name} is not {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_taken_by_name_and_type() {
        let mut object =
            Object::parse(br#"{"a":"x","n":1,"t":"2024-05-17T10:08:07Z","o":{"b":"y"},"e":"","z":null}"#)
                .unwrap();
        assert_eq!(object.text("a"), Ok(Some(Secret::from("x"))));
        assert_eq!(object.text("a"), Ok(None));
        assert_eq!(object.integer("n"), Ok(Some(1)));
        assert!(object.instant("t").unwrap().is_some());
        assert_eq!(object.object("o").unwrap().required("b"), Ok(Secret::from("y")));
        assert_eq!(object.required("e"), Err(JsonError::Missing("e")));
        assert_eq!(object.text("z"), Ok(None));
    }

    #[test]
    fn what_is_no_object_is_refused_without_being_quoted() {
        for document in ["", "planted", "[]", "1", "{\"a\":", "{\"a\":\"\\ud800\"}", &"[".repeat(100_000)] {
            let error = Object::parse(document.as_bytes()).err().unwrap();
            assert!(!error.to_string().contains("planted"), "{error}");
        }
        let mut object = Object::parse(br#"{"a":1,"b":"x","c":1.5}"#).unwrap();
        assert_eq!(object.text("a"), Err(JsonError::NotA("a", "text")));
        assert_eq!(object.instant("b"), Err(JsonError::NotA("b", "a date and time")));
        assert_eq!(object.integer("c"), Err(JsonError::NotA("c", "a whole number")));
    }
}
