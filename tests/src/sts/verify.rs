//! Verifies signatures in the Authorization header or in the query, by AWS's rules.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use super::answer::Fault;
use super::canonical::{Received, Scope, hash};

/// The maximum difference between the clocks of both sides.
const TOLERANCE: Duration = Duration::minutes(15);
/// The service that honours a presigned request for that long, whatever lifetime it names.
const STS: &str = "sts";

const HMAC: &str = "AWS4-HMAC-SHA256";
const ECDSA: &str = "AWS4-ECDSA-P256-SHA256";

/// What a request says about its own signature, unchecked.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) access_key_id: String,
    pub(crate) token: Option<String>,
    day: String,
    /// `None` for Signature Version 4a.
    region: Option<String>,
    /// The regions of Signature Version 4a.
    region_set: String,
    service: String,
    terminator: String,
    signed_headers: String,
    signature: String,
    date: String,
    signed_at: OffsetDateTime,
    /// The lifetime of a presigned URL, in seconds.
    expires: Option<u32>,
}

/// What the server requires of a signature.
pub(crate) struct Rules<'a> {
    pub(crate) service: &'a str,
    /// The only region that signatures may be for; `None` for any.
    pub(crate) region: Option<&'a str>,
    pub(crate) now: OffsetDateTime,
}

impl Claim {
    /// Reads the claim; `None` if the request has none.
    pub(crate) fn read(received: &Received<'_>) -> Result<Option<Claim>, Fault> {
        let query = query_items(received.query);
        let presigned = ["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"]
            .iter()
            .any(|name| query.contains_key(*name));
        let mut headers = received.headers.get_all("authorization").iter();
        match (headers.next(), headers.next(), presigned) {
            (None, _, false) => Ok(None),
            (None, _, true) => Claim::from_query(&query).map(Some),
            (Some(header), None, false) => match header.to_str() {
                Ok(header) => Claim::from_header(header, received),
                Err(_) => Err(incomplete("Authorization header is not text.")),
            },
            _ => Err(incomplete("Only one authentication mechanism is allowed.")),
        }
    }

    /// The region that the signature is for; `None` if it is for several.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The names of the headers that are signed.
    pub(crate) fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.signed_headers.split(';')
    }

    /// Whether the holder of `secret` signed just this, for here and now.
    pub(crate) fn verify(
        &self,
        received: &Received<'_>,
        secret: &str,
        rules: &Rules<'_>,
    ) -> Result<(), Fault> {
        self.check_scope(rules)?;
        self.check_time(rules.now)?;
        let signed_headers: Vec<_> = self.signed_headers().collect();
        check_signed_headers(received, &signed_headers)?;
        if let Some(stated) = received.headers.get("x-amz-content-sha256")
            && stated.as_bytes() != hash(received.body).as_bytes()
        {
            return Err(mismatch(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ));
        }
        let scope = Scope { day: &self.day, region: self.region(), service: &self.service };
        let text = scope.string_to_sign(&self.date, &received.canonical(&signed_headers));
        if scope.signed(&self.access_key_id, secret, &text, &self.signature) {
            return Ok(());
        }
        Err(mismatch(
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ))
    }

    fn from_header(header: &str, received: &Received<'_>) -> Result<Option<Claim>, Fault> {
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        if ![HMAC, ECDSA].contains(&algorithm) {
            return match algorithm.starts_with("AWS") {
                true => Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'."))),
                false => Ok(None),
            };
        }
        let mut items = BTreeMap::new();
        for item in rest.split(',').map(str::trim) {
            let Some((name, value)) =
                item.split_once('=').filter(|(name, value)| !name.contains(' ') && !value.contains(' '))
            else {
                return Err(incomplete(format!(
                    "'{item}' not a valid key=value pair (missing equal-sign) in Authorization header: '{algorithm} {rest}'."
                )));
            };
            if items.insert(name, value).is_some() {
                return Err(incomplete(format!("Authorization header has '{name}' more than once.")));
            }
        }
        let date = received.headers.get("x-amz-date").and_then(|date| date.to_str().ok());
        let missing = ["Credential", "Signature", "SignedHeaders"]
            .into_iter()
            .filter(|name| !items.contains_key(name))
            .map(|name| format!("Authorization header requires '{name}' parameter. "))
            .chain(date.is_none().then(|| {
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                    .to_owned()
            }))
            .collect::<String>();
        if !missing.is_empty() {
            return Err(incomplete(format!("{missing}Authorization={algorithm}")));
        }
        let token = match received.headers.get("x-amz-security-token").map(|token| token.to_str()) {
            Some(Ok(token)) => Some(token.to_owned()),
            Some(Err(_)) => return Err(invalid_token()),
            None => None,
        };
        let item = |name| items.get(name).copied().unwrap_or_default();
        let region_set = received.headers.get("x-amz-region-set").and_then(|set| set.to_str().ok());
        let claim = Claim::new(
            [algorithm, region_set.unwrap_or_default()],
            item("Credential"),
            date.unwrap_or_default(),
            item("SignedHeaders"),
            item("Signature"),
        )?;
        Ok(Some(Claim { token, ..claim }))
    }

    fn from_query(query: &BTreeMap<String, String>) -> Result<Claim, Fault> {
        let item = |name: &str| {
            query.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                incomplete(format!(
                    "AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
                ))
            })
        };
        let algorithm = item("X-Amz-Algorithm")?;
        if ![HMAC, ECDSA].contains(&algorithm.as_str()) {
            return Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'.")));
        }
        let expires = item("X-Amz-Expires")?;
        let claim = Claim::new(
            [algorithm, query.get("X-Amz-Region-Set").map_or("", String::as_str)],
            item("X-Amz-Credential")?,
            item("X-Amz-Date")?,
            item("X-Amz-SignedHeaders")?,
            item("X-Amz-Signature")?,
        )?;
        // STS takes zero, and goes by its 15 minutes.
        let least = if claim.service == STS { 0 } else { 1 };
        let expires = expires.parse().ok().filter(|seconds| (least..=604_800).contains(seconds));
        let expires = expires.ok_or_else(|| {
            incomplete(format!("'X-Amz-Expires' must be a number of seconds between {least} and 604800."))
        })?;
        Ok(Claim { token: query.get("X-Amz-Security-Token").cloned(), expires: Some(expires), ..claim })
    }

    fn new(
        [algorithm, region_set]: [&str; 2],
        credential: &str,
        date: &str,
        signed_headers: &str,
        signature: &str,
    ) -> Result<Claim, Fault> {
        let parts: Vec<_> = credential.split('/').collect();
        let parts = match parts[..] {
            [id, day, region, service, end] if algorithm == HMAC => {
                Some((id, day, Some(region), service, end))
            }
            [id, day, service, end] if algorithm == ECDSA => Some((id, day, None, service, end)),
            _ => None,
        };
        let Some((access_key_id, day, region, service, terminator)) = parts else {
            return Err(incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
            )));
        };
        let Some(signed_at) = parse_date(date) else {
            return Err(incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            )));
        };
        Ok(Claim {
            access_key_id: access_key_id.to_owned(),
            token: None,
            day: day.to_owned(),
            region: region.map(str::to_owned),
            region_set: region_set.to_owned(),
            service: service.to_owned(),
            terminator: terminator.to_owned(),
            signed_headers: signed_headers.to_owned(),
            signature: signature.to_owned(),
            date: date.to_owned(),
            signed_at,
            expires: None,
        })
    }

    fn check_scope(&self, rules: &Rules<'_>) -> Result<(), Fault> {
        let Claim { day, service, terminator, date, .. } = self;
        let region = self.region.as_ref().unwrap_or(&self.region_set);
        let fits = |expected: &str| match &self.region {
            Some(region) => region == expected,
            None => self.region_set.split(',').any(|region| ["*", expected].contains(&region)),
        };
        if region.is_empty() || !rules.region.is_none_or(fits) {
            return Err(mismatch(format!("Credential should be scoped to a valid region, not '{region}'. ")));
        }
        if service != rules.service {
            return Err(mismatch(format!(
                "Credential should be scoped to correct service: '{}'. ",
                rules.service
            )));
        }
        if terminator != "aws4_request" {
            return Err(mismatch(format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. "
            )));
        }
        // The date was parsed before, so its first eight characters are digits.
        match date.get(..8) {
            Some(expected) if expected == day => Ok(()),
            expected => Err(mismatch(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{day}' != '{}', from '{date}'.",
                expected.unwrap_or_default()
            ))),
        }
    }

    fn check_time(&self, now: OffsetDateTime) -> Result<(), Fault> {
        let (date, basic_now) = (&self.date, format_date(now));
        let (earliest, latest) = (now.saturating_sub(TOLERANCE), now.saturating_add(TOLERANCE));
        if self.signed_at > latest {
            let latest = format_date(latest);
            return Err(mismatch(format!(
                "Signature not yet current: {date} is still later than {latest} ({basic_now} + 15 min.)"
            )));
        }
        if let Some(seconds) = self.expires.filter(|_| self.service != STS) {
            return match self.signed_at.saturating_add(Duration::seconds(seconds.into())) > now {
                true => Ok(()),
                false => Err(Fault::access_denied("Request has expired")),
            };
        }
        if self.signed_at < earliest {
            let earliest = format_date(earliest);
            return Err(mismatch(format!(
                "Signature expired: {date} is now earlier than {earliest} ({basic_now} - 15 min.)"
            )));
        }
        Ok(())
    }
}

/// A token that is unknown or does not belong to the key.
pub(crate) fn invalid_token() -> Fault {
    Fault::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

/// `20260131T235959Z`
pub(crate) fn format_date(time: OffsetDateTime) -> String {
    time.format(format_description!("[year][month][day]T[hour][minute][second]Z")).unwrap_or_default()
}

pub(crate) fn parse_date(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    (text.len() == 16)
        .then(|| PrimitiveDateTime::parse(text, format).ok())
        .flatten()
        .map(PrimitiveDateTime::assume_utc)
}

/// Checks that `host` and all headers that AWS reads are signed.
fn check_signed_headers(received: &Received<'_>, signed: &[&str]) -> Result<(), Fault> {
    if !signed.contains(&"host") {
        return Err(mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    let unsigned = received
        .headers
        .keys()
        .map(|name| name.as_str())
        .find(|name| name.starts_with("x-amz-") && !signed.contains(name));
    if let Some(name) = unsigned {
        return Err(mismatch(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
    }
    if !signed.is_sorted_by(|name, next| name < next)
        || signed.iter().any(|name| name.chars().any(|c| c.is_ascii_uppercase()))
    {
        return Err(mismatch("'SignedHeaders' must be in lower case and sorted."));
    }
    Ok(())
}

/// The query's items, decoded; the first of each name.
fn query_items(query: &str) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for item in query.split('&').filter(|item| item.starts_with("X-Amz-")) {
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        items.entry(name.to_owned()).or_insert(value);
    }
    items
}

fn incomplete(message: impl Into<String>) -> Fault {
    Fault::new(400, "IncompleteSignature", message)
}

fn mismatch(message: impl Into<String>) -> Fault {
    Fault::new(403, "SignatureDoesNotMatch", message)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
