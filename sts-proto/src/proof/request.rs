//! The request that all proofs hold: `GetCallerIdentity`, signed.

use std::time::SystemTime;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};

use super::draft::Draft;
use super::error::ProofError;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::scope::Scope;
use crate::sigv4;

/// The action, as a body or a query.
pub(super) const ACTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";
pub(super) const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Where the action stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Body,
    Query,
}

/// A header that the consumer wants signed.
pub(super) struct Header<'a> {
    /// As the consumer's documentation spells it.
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// What errors call it.
    pub(super) argument: &'static str,
}

/// A signed request that the consumer sends.
pub(super) struct Signed<'a> {
    request: Request<&'static str>,
    names: Vec<&'a str>,
}

impl<'a> Signed<'a> {
    pub(super) fn post(
        place: Place,
        headers: &[Header<'a>],
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Self, ProofError> {
        Self::new(Method::POST, place, headers, endpoint, credentials, now)
    }

    pub(super) fn new(
        method: Method,
        place: Place,
        headers: &[Header<'a>],
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Self, ProofError> {
        let mut request = Request::new("");
        *request.method_mut() = method;
        let map = request.headers_mut();
        map.insert(HOST, endpoint.host().clone());
        if place == Place::Body {
            map.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
            map.insert(CONTENT_LENGTH, ACTION.len().into());
        }
        for header in headers {
            map.insert(name_of(header.name)?, header_value(header.argument, header.value)?);
        }
        if place == Place::Body {
            *request.uri_mut() = endpoint.uri().clone();
            *request.body_mut() = ACTION;
        } else {
            *request.uri_mut() = endpoint.uri_with_query(ACTION).ok_or(sigv4::SignError::Uri)?;
        }
        sign(&mut request, credentials, endpoint.scope()?, now)?;
        let given = headers.iter().map(|header| header.name);
        let names = FIRST.into_iter().chain(given).chain(LAST).collect();
        Ok(Self { request, names })
    }

    /// The headers, `Authorization` last: each with the name as the consumer's documentation spells it.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'a str, &str)> {
        let value = |name: &&'a str| Some((*name, self.request.headers().get(*name)?.to_str().ok()?));
        self.names.iter().filter_map(value)
    }

    pub(super) fn method(&self) -> &str {
        self.request.method().as_str()
    }

    pub(super) fn body(&self) -> &'static str {
        self.request.body()
    }

    /// The URL with the path that is signed.
    pub(super) fn url(&self) -> String {
        self.request.uri().to_string()
    }

    /// The URL without the slash that stands for an empty path (RFC 3986 §6.2.3), as some consumers' documentation has it.
    pub(super) fn url_without_slash(&self) -> String {
        let uri = self.request.uri();
        let (scheme, host) =
            (uri.scheme_str().unwrap_or("https"), uri.authority().map_or("", |it| it.as_str()));
        let path = if uri.path() == "/" { "" } else { uri.path() };
        let (mark, query) = uri.query().map_or(("", ""), |query| ("?", query));
        format!("{scheme}://{host}{path}{mark}{query}")
    }

    /// How much room its parts take in a text.
    pub(super) fn size(&self) -> usize {
        256 + self.url().len()
            + self.headers().map(|(name, value)| name.len() + value.len() + 16).sum::<usize>()
    }

    /// The headers as a JSON object of strings, or of lists of one string each.
    pub(super) fn put_headers(&self, lists: bool, to: &mut Draft) {
        let (before, after) = if lists { ("[", "]") } else { ("", "") };
        to.put("{");
        for (index, (name, value)) in self.headers().enumerate() {
            to.put(if index > 0 { "," } else { "" });
            to.put_json(name);
            to.put(":");
            to.put(before);
            to.put_json(value);
            to.put(after);
        }
        to.put("}");
    }

    /// The same as a text of its own.
    pub(super) fn headers_json(&self, lists: bool) -> Draft {
        let mut json = Draft::with_capacity(self.size());
        self.put_headers(lists, &mut json);
        json
    }

    /// The request as HTTP/1.1 writes it (RFC 9112 §2.1).
    pub(super) fn http(&self) -> Draft {
        let mut http = Draft::with_capacity(self.size());
        http.put(self.method());
        http.put(" ");
        http.put(self.request.uri().path_and_query().map_or("/", |target| target.as_str()));
        http.put(" HTTP/1.1\r\n");
        for (name, value) in self.headers() {
            http.put(name);
            http.put(": ");
            http.put(value);
            http.put("\r\n");
        }
        http.put("\r\n");
        http.put(self.body());
        http
    }
}

/// The value of an argument as a header has it, if it stays what it is on its way.
pub(super) fn header_value(name: &'static str, value: &str) -> Result<HeaderValue, ProofError> {
    let argument = |problem| ProofError::Argument { name, problem };
    if value.is_empty() {
        return Err(argument("is empty"));
    }
    if value.starts_with([' ', '\t']) || value.ends_with([' ', '\t']) {
        return Err(argument("begins or ends with a blank, which no header keeps"));
    }
    if value.contains('\t') || value.contains("  ") {
        return Err(argument("holds a tab or two blanks in a row, which a signature takes for one"));
    }
    let header = HeaderValue::from_str(value).ok().filter(|_| value.is_ascii());
    header.ok_or(argument("holds a control character or one outside ascii, which no header can carry"))
}

pub(super) fn sign(
    request: &mut Request<&'static str>,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
) -> Result<(), ProofError> {
    sigv4::sign(request, credentials, scope, now)?;
    // All is handed over as text.
    let is_text = request.headers().values().all(|value| value.to_str().is_ok());
    if is_text { Ok(()) } else { Err(sigv4::SignError::SessionToken.into()) }
}

/// The name of a header by which a service knows the proofs for itself: none that has a meaning of its own to STS, to a proxy or
/// to another signer.
pub(super) fn audience_name(name: &str) -> Result<HeaderName, ProofError> {
    let problem = "is not the name of a header, or is that of one with a meaning of its own";
    let has_meaning = |name: &str| {
        MEANINGFUL.contains(&name)
            || MEANINGFUL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || sigv4::is_unsigned(name)
    };
    let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !has_meaning(name.as_str()));
    name.ok_or(ProofError::Argument { name: "audience header", problem })
}

fn name_of(name: &str) -> Result<HeaderName, ProofError> {
    let problem = "is no name of a header";
    name.parse().map_err(|_| ProofError::Argument { name: "header", problem })
}

/// Headers of RFC 9110, 9111 and 6265 that a request may have, and of proxies.
const MEANINGFUL: [&str; 16] = [
    "accept",
    "cache-control",
    "cookie",
    "date",
    "forwarded",
    "from",
    "host",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "via",
    "warning",
    "x-http-method-override",
    "x-real-ip",
];
/// The same, and those of AWS and of browsers.
const MEANINGFUL_PREFIXES: [&str; 7] =
    ["accept-", "content-", "if-", "sec-", "x-amz-", "x-amzn-", "x-forwarded-"];

/// The headers before and after those that the consumer wants.
const FIRST: [&str; 3] = ["Host", "Content-Type", "Content-Length"];
const LAST: [&str; 3] = ["X-Amz-Date", "X-Amz-Security-Token", "Authorization"];
