//! Proofs taken apart, so that what differs only in order or spelling is the same.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use http::Uri;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Headers by their names in lower case.
pub(super) type Headers = BTreeMap<String, String>;
/// The decoded pairs of a query.
pub(super) type Query = BTreeSet<(String, String)>;

pub(super) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no json: {error}"))
}

pub(super) fn base64(text: &str) -> Result<String, String> {
    utf8(STANDARD.decode(text))
}

pub(super) fn base64url(text: &str) -> Result<String, String> {
    utf8(URL_SAFE_NO_PAD.decode(text))
}

pub(super) fn base64url_padded(text: &str) -> Result<String, String> {
    utf8(URL_SAFE.decode(text))
}

pub(super) fn percent(text: &str) -> Result<String, String> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|error| error.to_string())
}

pub(super) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| error.to_string())
}

fn utf8(bytes: Result<Vec<u8>, base64::DecodeError>) -> Result<String, String> {
    String::from_utf8(bytes.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
}

/// An object of texts or lists of one text, or a list of `{key, value}`.
pub(super) fn headers(value: &Value) -> Result<Headers, String> {
    let mut headers = Headers::new();
    let mut add = |name: &str, value: &Value| {
        let value = value.as_array().filter(|list| list.len() == 1).map_or(value, |list| &list[0]);
        let value = value.as_str().ok_or_else(|| format!("{name} is not text"))?;
        match headers.insert(name.to_ascii_lowercase(), value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(format!("{name} is there twice")),
        }
    };
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, value)| add(name, value))?,
        Value::Array(list) => {
            list.iter().try_for_each(|item| add(item["key"].as_str().unwrap_or_default(), &item["value"]))?
        }
        other => return Err(format!("no headers: {other}")),
    }
    Ok(headers)
}

/// A URL in its one form: an empty path is a slash.
pub(super) fn url(text: &str) -> Result<String, String> {
    text.parse::<Uri>().map(|uri| uri.to_string()).map_err(|error| format!("{text}: {error}"))
}

/// What stands before the query, and the query; an item that is there twice is an error.
pub(super) fn split(url: &str) -> Result<(String, Query), String> {
    let (before, query) = url.split_once('?').ok_or("no query")?;
    let mut pairs = Query::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').ok_or("an item without a value")?;
        if !pairs.insert((percent(name)?, percent(value)?)) {
            return Err(format!("{name} is there twice"));
        }
    }
    Ok((before.to_owned(), pairs))
}

/// A request as HTTP/1.1 writes it: its first line, headers and body.
pub(super) fn http(text: &str) -> Result<(String, Headers, String), String> {
    let (head, body) = text.split_once("\r\n\r\n").ok_or("no end of the headers")?;
    let (line, rest) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut headers = Headers::new();
    for field in rest.split("\r\n") {
        let (name, value) = field.split_once(": ").ok_or("no field")?;
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    Ok((line.to_owned(), headers, body.to_owned()))
}
