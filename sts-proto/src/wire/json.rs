//! JSON objects as credential endpoints and programs write them: named values of one level, and of the objects in it, are
//! kept; the rest is read and passed over.

mod members;
mod rewritten;

use std::time::{Duration, SystemTime};

use self::members::{Kept, Members};
pub(crate) use self::rewritten::{Rewritten, texts};
use super::time;
use crate::secret::Secret;

/// A JSON object (RFC 8259 §4).
///
/// A document is at most [`MAX_BODY`](super::MAX_BODY) bytes long and nests less than 128 levels deep, which is the limit
/// of serde_json; an object has at most [`MAX_MEMBERS`] members of different names, one inside it [`MAX_BELOW`]. Of two
/// members of one name the last one counts. Memory stays below four times the document, whatever is in it: texts are kept,
/// and serde_json holds the one that it is at, if that is written with escapes.
///
/// What is kept is wiped when it is dropped. The one buffer of serde_json's is not, which is out of reach here: a secret
/// that is written with escapes, which none needs, leaves a copy there.
pub(crate) struct Object(Members);

/// What is wrong with a document; holds nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// It is not JSON.
    Syntax { line: usize, column: usize },
    /// It is JSON, but no object.
    NotAnObject,
    /// It has more members than this.
    TooMany(usize),
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
        match members::read(document) {
            Ok(Kept::Object(members)) => Ok(Self(members)),
            Ok(Kept::TooMany(max)) => Err(JsonError::TooMany(max)),
            Ok(_) => Err(JsonError::NotAnObject),
            Err(error) => Err(JsonError::Syntax { line: error.line(), column: error.column() }),
        }
    }

    /// Takes a text out; `None` where it is absent, null or empty.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<Secret>, JsonError> {
        match self.0.take(name) {
            None | Some(Kept::Null) => Ok(None),
            Some(Kept::Text(text)) => Ok(Some(text).filter(|text| !text.expose().is_empty())),
            Some(_) => Err(JsonError::NotA(name, "text")),
        }
    }

    /// Takes a text out that has to be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<Secret, JsonError> {
        self.text(name)?.ok_or(JsonError::Missing(name))
    }

    /// Takes a text out that has to be there and may be empty, which gives `None`.
    pub(crate) fn required_or_empty(&mut self, name: &'static str) -> Result<Option<Secret>, JsonError> {
        match self.0.take(name) {
            None | Some(Kept::Null) => Err(JsonError::Missing(name)),
            Some(Kept::Text(text)) => Ok(Some(text).filter(|text| !text.expose().is_empty())),
            Some(_) => Err(JsonError::NotA(name, "text")),
        }
    }

    /// Takes out a text that the document is of use without; `None` where it is absent, null, empty or of another type. Of a
    /// whole number, its digits are the text: some programs write ids so.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<Secret> {
        match self.0.take(name)? {
            Kept::Text(text) => Some(text).filter(|text| !text.expose().is_empty()),
            Kept::Whole(number) => Some(Secret::from(number.to_string())),
            _ => None,
        }
    }

    /// Takes a whole number out. `1.0` is one: the same number as `1` (RFC 8259 §6).
    pub(crate) fn integer(&mut self, name: &'static str) -> Result<Option<i64>, JsonError> {
        match self.0.take(name) {
            None | Some(Kept::Null) => Ok(None),
            Some(Kept::Whole(number)) => Ok(Some(number)),
            Some(Kept::Fraction(number)) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => {
                Ok(Some(number as i64))
            }
            Some(_) => Err(JsonError::NotA(name, "a whole number")),
        }
    }

    /// Takes a number of seconds out, which some servers write as text; `None` where it is absent or null.
    pub(crate) fn seconds(&mut self, name: &'static str) -> Result<Option<Duration>, JsonError> {
        let seconds = match self.0.take(name) {
            None | Some(Kept::Null) => return Ok(None),
            Some(Kept::Whole(seconds)) => u64::try_from(seconds).ok().map(Duration::from_secs),
            Some(Kept::Fraction(seconds)) => Duration::try_from_secs_f64(seconds).ok(),
            Some(Kept::Text(text)) => text.expose().trim().parse().ok().map(Duration::from_secs),
            Some(_) => None,
        };
        seconds.map(Some).ok_or(JsonError::NotA(name, "a number of seconds"))
    }

    /// Takes an instant out, written as text or as a number of seconds since 1970; `None` where it is absent, null, empty or
    /// of another type.
    pub(crate) fn instant(&mut self, name: &'static str) -> Result<Option<SystemTime>, JsonError> {
        let at = match self.0.take(name) {
            Some(Kept::Text(text)) if !text.expose().is_empty() => time::parse(text.expose()),
            Some(Kept::Whole(seconds)) => time::from_seconds(seconds),
            Some(Kept::Fraction(seconds)) => time::from_fraction(seconds),
            _ => return Ok(None),
        };
        at.map(Some).ok_or_else(|| not_a_time(name))
    }

    /// Takes an instant out that has to be there, written as text or as a number of milliseconds since 1970.
    pub(crate) fn required_in_milliseconds(&mut self, name: &'static str) -> Result<SystemTime, JsonError> {
        let since = match self.0.take(name) {
            None | Some(Kept::Null) => return Err(JsonError::Missing(name)),
            Some(Kept::Text(text)) => return time::parse(text.expose()).ok_or_else(|| not_a_time(name)),
            Some(Kept::Whole(milliseconds)) => u64::try_from(milliseconds).ok().map(Duration::from_millis),
            Some(Kept::Fraction(milliseconds)) => Duration::try_from_secs_f64(milliseconds / 1000.0).ok(),
            Some(_) => None,
        };
        since
            .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
            .ok_or(JsonError::NotA(name, "a number of milliseconds since 1970"))
    }

    /// Takes an instant out that has to be there.
    pub(crate) fn required_instant(&mut self, name: &'static str) -> Result<SystemTime, JsonError> {
        self.instant(name)?.ok_or(JsonError::Missing(name))
    }

    /// Takes an object out that has to be there.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Self, JsonError> {
        match self.0.take(name) {
            None | Some(Kept::Null) => Err(JsonError::Missing(name)),
            Some(Kept::Object(members)) => Ok(Self(members)),
            Some(Kept::TooMany(max)) => Err(JsonError::TooMany(max)),
            Some(_) => Err(JsonError::NotA(name, "an object")),
        }
    }
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax { line, column } => write!(f, "it is not json (line {line}, column {column})"),
            Self::NotAnObject => f.write_str("it is no json object"),
            Self::TooMany(max) => write!(f, "an object in it has more than {max} members"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::NotA(name, kind) => write!(f, "{name} is not {kind}"),
        }
    }
}

fn not_a_time(name: &'static str) -> JsonError {
    JsonError::NotA(name, "a date and time")
}

/// The largest whole number up to which a double holds each one: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// Far more than any of these documents has.
const MAX_MEMBERS: usize = 64;
/// The same, of an object that is a member.
const MAX_BELOW: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::MAX_BODY;
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
    fn what_a_document_is_of_use_without_does_no_harm() {
        let of = |value: &str| Object::parse(format!(r#"{{"a":{value}}}"#).as_bytes()).ok().unwrap();
        for (value, expected) in [
            (r#""x""#, Some("x")),
            ("123456789012", Some("123456789012")),
            ("-1", Some("-1")),
            ("1.5", None),
            ("1e3", None),
            ("true", None),
            ("null", None),
            (r#""""#, None),
            ("[]", None),
            ("{}", None),
        ] {
            assert_eq!(of(value).optional("a"), expected.map(Secret::from), "{value}");
        }
        let at = |seconds: f64| SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds);
        for (value, expected) in [
            (r#""2024-05-17T10:08:07Z""#, Ok(Some(at(1_715_940_487.0)))),
            (r#""2024-05-17 10:08:07 UTC""#, Ok(Some(at(1_715_940_487.0)))),
            (r#""1715940487""#, Ok(Some(at(1_715_940_487.0)))),
            ("1715940487", Ok(Some(at(1_715_940_487.0)))),
            ("1715940487.5", Ok(Some(at(1_715_940_487.5)))),
            ("1.715940487e9", Ok(Some(at(1_715_940_487.0)))),
            ("1e300", Err(JsonError::NotA("a", "a date and time"))),
            (r#""soon""#, Err(JsonError::NotA("a", "a date and time"))),
            ("false", Ok(None)),
            ("null", Ok(None)),
            (r#""""#, Ok(None)),
            ("[]", Ok(None)),
            ("{}", Ok(None)),
        ] {
            assert_eq!(of(value).instant("a"), expected, "{value}");
        }
    }

    #[test]
    fn an_instant_in_milliseconds() {
        let of = |value: &str| {
            let mut object = Object::parse(format!(r#"{{"a":{value}}}"#).as_bytes()).ok().unwrap();
            object.required_in_milliseconds("a")
        };
        let at = |milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        let no_number = JsonError::NotA("a", "a number of milliseconds since 1970");
        for (value, expected) in [
            ("1715940487123", Ok(at(1_715_940_487_123))),
            ("1.715940487e12", Ok(at(1_715_940_487_000))),
            (r#""2024-05-17T10:08:07UTC""#, Ok(at(1_715_940_487_000))),
            (r#""soon""#, Err(JsonError::NotA("a", "a date and time"))),
            ("-1", Err(no_number.clone())),
            ("1e300", Err(no_number.clone())),
            ("false", Err(no_number)),
            ("null", Err(JsonError::Missing("a"))),
        ] {
            assert_eq!(of(value), expected, "{value}");
        }
    }

    #[test]
    fn a_number_of_seconds() {
        let of = |value: &str| {
            let mut object = Object::parse(format!(r#"{{"a":{value}}}"#).as_bytes()).ok().unwrap();
            object.seconds("a")
        };
        for value in ["3600", "3600.0", "3.6e3", r#""3600""#, r#"" 3600 ""#] {
            assert_eq!(of(value), Ok(Some(Duration::from_secs(3600))), "{value}");
        }
        assert_eq!(of("0.5"), Ok(Some(Duration::from_millis(500))));
        assert_eq!(of("null"), Ok(None));
        for value in ["-1", "-0.5", "1e300", r#""""#, r#""soon""#, r#""-1""#, "true", "[]", "{}"] {
            assert_eq!(of(value), Err(JsonError::NotA("a", "a number of seconds")), "{value}");
        }
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

    #[test]
    fn what_is_longer_than_an_answer_may_be_is_not_read() {
        const DOCUMENT: &str = r#"{"a":"x"}"#;
        let padded = |size: usize| [DOCUMENT, &" ".repeat(size - DOCUMENT.len())].concat();
        let mut fits = Object::parse(padded(MAX_BODY).as_bytes()).ok().unwrap();
        assert_eq!(fits.required("a"), Ok(Secret::from("x")));
        assert_eq!(Object::parse(padded(MAX_BODY + 1).as_bytes()).err(), Some(JsonError::NotAnObject));
    }

    #[test]
    fn members_are_bounded_and_the_last_of_a_name_counts() {
        let numbered = |range: std::ops::Range<usize>| -> String {
            range.map(|number| format!("\"m{number}\":\"x\",")).collect()
        };
        let document = |members: &str, more: &str| format!("{{{members}{more}}}");
        let top = |range| Object::parse(document(&numbered(range), r#""a":"x","a":"y""#).as_bytes());
        assert_eq!(top(1..MAX_MEMBERS).ok().unwrap().required("a"), Ok(Secret::from("y")));
        assert_eq!(top(0..MAX_MEMBERS).err(), Some(JsonError::TooMany(MAX_MEMBERS)));
        let below = |range| {
            let inner = document(&numbered(range), r#""b":"x""#);
            Object::parse(document("", &format!(r#""a":1,"a":{inner},"c":1"#)).as_bytes()).ok().unwrap()
        };
        assert_eq!(below(1..MAX_BELOW).object("a").ok().unwrap().required("b"), Ok(Secret::from("x")));
        assert_eq!(below(0..MAX_BELOW).object("a").err(), Some(JsonError::TooMany(MAX_BELOW)));
        // Only if a caller wants it.
        assert_eq!(below(0..100).integer("c"), Ok(Some(1)));
        let many = Object::parse(document("", &r#""a":1,"#.repeat(1000)).replace(",}", "}").as_bytes());
        assert_eq!(many.ok().unwrap().integer("a"), Ok(Some(1)));
    }

    /// What is passed over is read as strictly as what is kept.
    #[test]
    fn a_document_is_refused_where_the_library_refuses_it() {
        let nested = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
        let fixed = [
            r#"{"a":[1e999]}"#,
            r#"{"a":["\ud800"]}"#,
            r#"{"a":{"b":{"c":"\x"}}}"#,
            r#"{"a":[01]}"#,
            r#"{"a":{"b":[{"c":tru}]}}"#,
            r#"{"a":1,}"#,
            r#"{"a":1} x"#,
            r#"{"a":1}{"#,
            "{\"a\":[\"\n\"]}",
            "[1",
            "[1] x",
            "{1:1}",
            "null",
            r#"{"a":{"b":{"c":["\ud83e\udd80",-1.5e3,true,null,{}]}}}"#,
            " {\"a\":1}\n",
        ];
        let documents = fixed.into_iter().map(str::to_owned).chain([125, 126, 127, 128, 500].map(nested));
        let documents = documents.map(String::into_bytes).chain([b"{\"a\":[\"\xff\"]}".to_vec()]);
        for document in documents {
            let expected = match serde_json::from_slice(&document) {
                Ok(Value::Object(_)) => None,
                Ok(_) => Some(JsonError::NotAnObject),
                Err(error) => Some(JsonError::Syntax { line: error.line(), column: error.column() }),
            };
            assert_eq!(Object::parse(&document).err(), expected, "{}", String::from_utf8_lossy(&document));
        }
    }

    #[test]
    fn numbers_are_whole_or_not() {
        for (number, expected) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("1.0", Some(1)),
            ("1e3", Some(1000)),
            ("-2.0", Some(-2)),
            ("1.5", None),
            ("1e15", Some(1_000_000_000_000_000)),
            ("1e16", None),
            ("1e300", None),
            ("true", None),
            ("[]", None),
            ("{}", None),
            ("\"1\"", None),
            // As serde_json hands numbers on where a program has switched its `arbitrary_precision` on.
            (r#"{"$serde_json::private::Number":"7"}"#, Some(7)),
            (r#"{"$serde_json::private::Number":"7.5"}"#, None),
            (r#"{"$serde_json::private::Number":"7","a":1}"#, None),
            (r#"{"a":1,"$serde_json::private::Number":"7"}"#, None),
        ] {
            let document = format!(r#"{{"n":{number},"o":{{"n":{number}}}}}"#);
            let mut object = Object::parse(document.as_bytes()).ok().unwrap();
            let expected = expected.map(Some).ok_or(JsonError::NotA("n", "a whole number"));
            assert_eq!(object.integer("n"), expected, "{number}");
            assert_eq!(object.object("o").ok().unwrap().integer("n"), expected, "{number}");
        }
    }
}
