//! The token of an EKS cluster, taken apart.

use std::time::SystemTime;

use zeroize::Zeroizing;

use super::super::eks::{EksToken, PREFIX};
use super::policy::Policy;
use super::reason::Reason;
use super::signature::{Signature, has, is_graphic, is_signature, read_date, read_scope, split_url};
use crate::base64::URL;
use crate::secret::Secret;

/// A token's signature, and its lifetime as it was written.
pub(super) fn read(token: &str, policy: &Policy, now: SystemTime) -> Result<(Signature, String), Reason> {
    if token.len() > EksToken::MAX_LENGTH {
        return Err(Reason::TooLong);
    }
    let text = token.strip_prefix(PREFIX).ok_or(Reason::Prefix)?;
    let url = URL.decode(text.as_bytes()).ok_or(Reason::Base64)?;
    let url = Secret::new(String::from_utf8(url).map_err(|_| Reason::Utf8)?);
    let (known, host, rest) = split_url(url.expose(), policy)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if path != "/" {
        return Err(Reason::Path);
    }
    let items = Items::read(query)?;
    let exact =
        |name, expected: &str, reason| if items.get(name)? == expected { Ok(()) } else { Err(reason) };
    exact("Action", "GetCallerIdentity", Reason::Action)?;
    exact("Version", "2011-06-15", Reason::Version)?;
    exact("X-Amz-Algorithm", "AWS4-HMAC-SHA256", Reason::Algorithm)?;
    exact("X-Amz-SignedHeaders", &policy.token_headers, Reason::SignedHeaders)?;
    let expires = items.get("X-Amz-Expires")?;
    let is_number = expires.len() <= MAX_DIGITS && expires.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || expires.parse::<u64>().map_or(true, |seconds| seconds > 900) {
        return Err(Reason::Expires);
    }
    let date = items.get("X-Amz-Date")?;
    let signed_at = read_date(date, policy, now)?;
    let access_key_id = read_scope(items.get("X-Amz-Credential")?, date, known.region)?;
    let signature = items.get("X-Amz-Signature")?;
    if !is_signature(signature) {
        return Err(Reason::SignatureFormat);
    }
    let (date, signature, expires) = (date.to_owned(), signature.to_owned(), expires.to_owned());
    let token = items.into_session_token();
    if token.as_ref().is_some_and(|token| !is_graphic(token.expose())) {
        return Err(Reason::Query);
    }
    let signature = Signature {
        host: host.to_owned(),
        partition: known.partition,
        region: known.region.to_owned(),
        access_key_id,
        date,
        signed_at,
        token,
        signature,
    };
    Ok((signature, expires))
}

/// The items of a query, by the names that a token may have, in the order of [`NAMES`].
struct Items<'q>([Option<Text<'q>>; NAMES.len()]);

impl<'q> Items<'q> {
    /// All of the query is read before any of it is believed.
    fn read(query: &'q str) -> Result<Self, Reason> {
        let mut items = Self(Default::default());
        let mut unknown = None;
        for pair in query.split('&').filter(|_| !query.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(Reason::Query)?;
            let (name, value) = (decode(name)?, decode(value)?);
            let known =
                NAMES.iter().zip(&mut items.0).find(|(known, _)| known.eq_ignore_ascii_case(name.as_str()));
            match known {
                Some((_, Some(_))) => return Err(Reason::QueryDuplicate),
                Some((known, place)) => {
                    if *known != name.as_str() {
                        unknown = Some(Reason::QueryUnknown);
                    }
                    *place = Some(value);
                }
                None => unknown = Some(Reason::QueryUnknown),
            }
        }
        unknown.map_or(Ok(items), Err)
    }

    fn get(&self, name: &str) -> Result<&str, Reason> {
        let (_, item) =
            NAMES.iter().zip(&self.0).find(|(known, _)| **known == name).ok_or(Reason::QueryMissing)?;
        item.as_ref().map(Text::as_str).ok_or(Reason::QueryMissing)
    }

    fn into_session_token(self) -> Option<Secret> {
        let [.., token] = self.0;
        Some(match token? {
            Text::Plain(token) => Secret::from(token),
            Text::Decoded(token) => token,
        })
    }
}

/// A name or a value. The session token is one, so that what is decoded is a secret.
enum Text<'q> {
    Plain(&'q str),
    Decoded(Secret),
}

impl Text<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(text) => text.expose(),
        }
    }
}

/// Each `%` begins an escape. A `+` is refused: to some it is a plus, to others a blank.
fn decode(text: &str) -> Result<Text<'_>, Reason> {
    if has(text, b'+') {
        return Err(Reason::Query);
    }
    if !has(text, b'%') {
        return Ok(Text::Plain(text));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let [high, low, after @ ..] = piece.as_bytes() else { return Err(Reason::Query) };
        let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(Reason::Query);
        bytes.push(u8::try_from(digit(*high)? << 4 | digit(*low)?).map_err(|_| Reason::Query)?);
        bytes.extend_from_slice(after);
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Text::Decoded(Secret::new(text))),
        Err(error) => {
            *bytes = error.into_bytes();
            Err(Reason::Query)
        }
    }
}

/// The session token is the last one.
const NAMES: [&str; 9] = [
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
];
/// Of a lifetime; more would be zeros.
const MAX_DIGITS: usize = 16;
