//! Signature Version 4 on the receiving side: from the bytes of a request to the signature that it should
//! have.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use super::asymmetric;

/// The parts of a received request that a signature covers.
#[derive(Clone, Copy)]
pub(crate) struct Received<'a> {
    pub(crate) method: &'a str,
    /// Path as sent, still encoded.
    pub(crate) path: &'a str,
    /// Query as sent, still encoded, without the question mark.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Received<'_> {
    /// The canonical request, which is hashed and signed.
    pub(crate) fn canonical(&self, signed_headers: &[&str]) -> String {
        let mut out =
            format!("{}\n{}\n{}\n", self.method, canonical_path(self.path), canonical_query(self.query));
        for name in signed_headers {
            out.push_str(&format!("{name}:{}\n", canonical_header(self.headers, name)));
        }
        out.push_str(&format!("\n{}\n{}", signed_headers.join(";"), hash(self.body)));
        out
    }
}

/// What a signature is valid for.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) day: &'a str,
    /// `None` for Signature Version 4a, whose signed header or item names its regions.
    pub(crate) region: Option<&'a str>,
    pub(crate) service: &'a str,
}

impl Scope<'_> {
    /// The string to sign.
    pub(crate) fn string_to_sign(&self, date: &str, canonical: &str) -> String {
        let Scope { day, region, service } = self;
        let hash = hash(canonical.as_bytes());
        match region {
            Some(region) => {
                format!("AWS4-HMAC-SHA256\n{date}\n{day}/{region}/{service}/aws4_request\n{hash}")
            }
            None => format!("AWS4-ECDSA-P256-SHA256\n{date}\n{day}/{service}/aws4_request\n{hash}"),
        }
    }

    /// Whether `signature`, in hexadecimal, is that of `text`. Compares in constant time.
    pub(crate) fn signed(&self, id: &str, secret: &str, text: &str, signature: &str) -> bool {
        let Some(bytes) = from_hex(signature) else { return false };
        match self.region {
            Some(region) => self.mac(region, secret, text).verify_slice(&bytes).is_ok(),
            None => asymmetric::signed(id, secret, text, &bytes),
        }
    }

    fn mac(&self, region: &str, secret: &str, text: &str) -> Hmac<Sha256> {
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [self.day, region, self.service, "aws4_request"] {
            key = keyed(&key, part).finalize().into_bytes().to_vec();
        }
        keyed(&key, text)
    }

    /// The signature, for tests of the verifier.
    #[cfg(test)]
    pub(crate) fn signature(&self, secret: &str, text: &str) -> String {
        hex(&self.mac(self.region.expect("a region"), secret, text).finalize().into_bytes())
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Percent-encodes everything except unreserved characters.
pub(crate) fn encoded(bytes: &[u8]) -> Cow<'_, str> {
    percent_encode(bytes, RESERVED).into()
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The path without empty and dot segments, encoded once more. A final slash stays; a final dot segment
/// leaves no slash, as in AWS's own clients.
fn canonical_path(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut out = format!("/{}", kept.join("/"));
    if !kept.is_empty() && path.ends_with('/') {
        out.push('/');
    }
    percent_encode(out.as_bytes(), RESERVED_IN_PATH).to_string()
}

/// The query's items without the signature itself, each in canonical encoding, sorted.
fn canonical_query(query: &str) -> String {
    let mut items: Vec<_> = query
        .split('&')
        .filter(|item| !item.is_empty())
        .map(|item| item.split_once('=').unwrap_or((item, "")))
        .map(|(name, value)| (recoded(name), recoded(value)))
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    items.sort();
    items.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn recoded(text: &str) -> String {
    encoded(&Cow::from(percent_decode_str(text))).into_owned()
}

/// All values of a header, trimmed, with white space collapsed.
fn canonical_header(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    });
    values.collect::<Vec<_>>().join(",")
}

fn keyed(key: &[u8], text: &str) -> Hmac<Sha256> {
    // HMAC accepts keys of any length.
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is valid");
    mac.chain_update(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a signature. Accepts only lower-case digits.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (sent, canonical) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("/./a", "/a"),
            ("/a/../b/", "/b/"),
            ("/a/..", "/"),
            ("/a/.", "/a"),
            ("/a/b/..", "/a"),
            ("/../..", "/"),
            ("//a//b//", "/a/b/"),
            ("/a%20b", "/a%2520b"),
            ("/\u{1234}", "/%E1%88%B4"),
        ] {
            assert_eq!(canonical_path(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn queries() {
        for (sent, canonical) in [
            ("", ""),
            ("b=2&a=1&a=0", "a=0&a=1&b=2"),
            ("a", "a="),
            ("a=b=c", "a=b%3Dc"),
            ("a+b=%2b&%7e=~", "a%2Bb=%2B&~=~"),
            ("X-Amz-Signature=1&a=1", "a=1"),
            ("a=%zz&a=%", "a=%25&a=%25zz"),
        ] {
            assert_eq!(canonical_query(sent), canonical, "{sent}");
        }
    }

    #[test]
    fn signatures_in_hexadecimal() {
        assert!(from_hex(&"0f".repeat(32)).is_some());
        assert!(from_hex(&"0F".repeat(32)).is_none());
        assert!(from_hex(&"0".repeat(63)).is_none());
        assert!(from_hex(&"é".repeat(32)).is_none());
    }
}
