//! JSON as Python's `json.dumps` writes it. The AWS CLI names its files after a digest of such text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::value::RawValue;

/// A value. Texts are borrowed, so that no copy of a secret is left behind.
pub(super) enum Json<'a> {
    Text(Cow<'a, str>),
    /// A number, `true`, `false` or `null`, as it is written.
    Word(Cow<'a, str>),
    List(Vec<Self>),
    /// In this order.
    Object(Vec<(Cow<'a, str>, Self)>),
}

/// What stands between items, and between a name and its value.
#[derive(Clone, Copy)]
pub(super) enum Separators {
    /// Python's own, with a space.
    Spaced,
    Compact,
}

impl<'a> Json<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn number(number: impl ToString) -> Self {
        Self::Word(number.to_string().into())
    }

    /// An object of those members that are there.
    pub(super) fn object<const N: usize>(members: [(&'static str, Option<Self>); N]) -> Self {
        let there = |(name, value): (&'static str, Option<Self>)| Some((name.into(), value?));
        Self::Object(members.into_iter().filter_map(there).collect())
    }

    /// A document with the members of its objects sorted; `None` where Python would not read it either, or where it is too
    /// large or too deep.
    pub(super) fn sorted(document: &'a str) -> Option<Self> {
        if document.len() > MAX_DOCUMENT {
            return None;
        }
        sorted(serde_json::from_str::<&RawValue>(document).ok()?.get(), MAX_DEPTH)
    }

    pub(super) fn write(&self, out: &mut impl Write, separators: Separators) -> fmt::Result {
        let (item, member) = match separators {
            Separators::Spaced => (", ", ": "),
            Separators::Compact => (",", ":"),
        };
        match self {
            Self::Text(text) => quoted(out, text),
            Self::Word(word) => out.write_str(word),
            Self::List(items) => {
                out.write_char('[')?;
                for (index, value) in items.iter().enumerate() {
                    out.write_str(if index > 0 { item } else { "" })?;
                    value.write(out, separators)?;
                }
                out.write_char(']')
            }
            Self::Object(members) => {
                out.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    out.write_str(if index > 0 { item } else { "" })?;
                    quoted(out, name)?;
                    out.write_str(member)?;
                    value.write(out, separators)?;
                }
                out.write_char('}')
            }
        }
    }
}

fn sorted(value: &str, depth: usize) -> Option<Json<'_>> {
    let depth = depth.checked_sub(1)?;
    Some(match value.as_bytes().first()? {
        b'"' => Json::Text(serde_json::from_str::<String>(value).ok()?.into()),
        b'{' => {
            // Of two members of one name the last one counts. Strings are sorted by code point.
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(value).ok()?;
            let members = members.into_iter();
            let members = members.map(|(name, value)| Some((name.into(), sorted(value.get(), depth)?)));
            Json::Object(members.collect::<Option<_>>()?)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            Json::List(items.into_iter().map(|item| sorted(item.get(), depth)).collect::<Option<_>>()?)
        }
        b't' | b'f' | b'n' => Json::Word(value.into()),
        _ => Json::Word(number(value)?),
    })
}

/// A number as Python writes it, once it has read it.
fn number(number: &str) -> Option<Cow<'_, str>> {
    if number.contains(['.', 'e', 'E']) {
        return Some(float(number.parse().ok()?).into());
    }
    match number {
        "-0" => Some("0".into()),
        number => (number.len() <= MAX_DIGITS).then_some(number.into()),
    }
}

/// The shortest digits that give the same number, as in Rust, with an exponent below 1e-4 and from 1e16.
fn float(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => {
            let text = number.to_string();
            if text.contains('.') { text } else { format!("{text}.0") }
        }
    }
}

/// A text in ASCII.
fn quoted(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.write_char('\\')?;
                out.write_char(c)
            }
            ' '..='~' => out.write_char(c),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            '\u{8}' => out.write_str("\\b"),
            '\u{c}' => out.write_str("\\f"),
            c => c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}")),
        }?;
    }
    out.write_char('"')
}

/// Far larger than any policy that the service takes, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;
/// A policy has no more than seven levels.
const MAX_DEPTH: usize = 32;
/// Python reads no whole number with more digits.
const MAX_DIGITS: usize = 4300;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &Json<'_>, separators: Separators) -> String {
        let mut text = String::new();
        json.write(&mut text, separators).unwrap();
        text
    }

    fn again(document: &str) -> Option<String> {
        Json::sorted(document).map(|json| written(&json, Separators::Spaced))
    }

    #[test]
    fn numbers_as_python_prints_them() {
        for (given, expected) in [
            ("1.0", "1.0"),
            ("1e5", "100000.0"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("-1", "-1"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1E-7", "1e-07"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.10", "1.1"),
            ("9999999999999998.0", "9999999999999998.0"),
            ("1e16", "1e+16"),
            ("1.5E+300", "1.5e+300"),
            ("-2.5e-300", "-2.5e-300"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("1e400", "Infinity"),
            ("-1e400", "-Infinity"),
            ("0.1", "0.1"),
            ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        ] {
            assert_eq!(again(given).as_deref(), Some(expected), "{given}");
        }
        assert_eq!(again(&"9".repeat(MAX_DIGITS)), Some("9".repeat(MAX_DIGITS)));
        assert_eq!(again(&"9".repeat(MAX_DIGITS + 1)), None);
    }

    #[test]
    fn members_are_sorted_and_texts_are_ascii() {
        let document = " {\"\u{e9}\":\"\u{4e2d}\\/\u{1f600}\u{7f}\", \"a\":[true,false,null,{}, []],\n\"a\":{\"b\":\"\\b\\f\\n\\r\\t\\u0001\\\"\\\\\",\"B\":1}} ";
        let expected =
            r#"{"a": {"B": 1, "b": "\b\f\n\r\t\u0001\"\\"}, "\u00e9": "\u4e2d/\ud83d\ude00\u007f"}"#;
        assert_eq!(again(document).as_deref(), Some(expected));
        assert_eq!(again("[1, 2 ,{}]").as_deref(), Some("[1, 2, {}]"));
        let compact = Json::object([("b", Some(Json::text("x"))), ("c", None), ("a", Some(Json::number(1)))]);
        assert_eq!(written(&compact, Separators::Compact), r#"{"b":"x","a":1}"#);
    }

    #[test]
    fn what_is_no_document_has_no_form() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(again(&deep(MAX_DEPTH)).is_some());
        let long = format!("\"{}\"", "x".repeat(MAX_DOCUMENT));
        for document in ["", " ", "{", "{\"a\":}", "\"\\ud800\"", "{} x", "\u{feff}{}", "01", "\"\n\"", &long]
        {
            assert_eq!(again(document), None, "{document:.20}");
        }
        assert_eq!(again(&deep(MAX_DEPTH + 1)), None);
        assert_eq!(again(&deep(MAX_DOCUMENT / 2)), None);
    }
}
