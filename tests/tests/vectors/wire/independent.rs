//! Signature Version 4 once more, in the plainest way, from AWS's description of it: to recompute what the signer
//! put into a request. Shares nothing with it but the hash.

use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use sha2::{Digest, Sha256};

use super::text::is_unreserved;

/// A signature as it was found, and as it should be.
pub(crate) struct Recomputed {
    pub(crate) access_key_id: String,
    /// `20240517/us-east-1/sts/aws4_request`
    pub(crate) scope: String,
    /// `host;x-amz-date`
    pub(crate) signed_headers: String,
    pub(crate) found: String,
    pub(crate) computed: String,
}

/// Of a request with an `authorization` header.
pub(crate) fn header_form<B: AsRef<[u8]>>(request: &Request<B>, secret: &str) -> Result<Recomputed, String> {
    let authorization = header(request, "authorization")?;
    let parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("the algorithm is another")?;
    let parts: Vec<_> = parts.split(", ").filter_map(|part| part.split_once('=')).collect();
    let [("Credential", credential), ("SignedHeaders", names), ("Signature", found)] = parts[..] else {
        return Err(format!("{authorization} is not an authorization"));
    };
    let date = header(request, "x-amz-date")?;
    let query = request.uri().query().unwrap_or_default();
    recompute(request, query, [credential, names, found, &date], secret)
}

/// Of a request that is signed in its query.
pub(crate) fn query_form<B: AsRef<[u8]>>(request: &Request<B>, secret: &str) -> Result<Recomputed, String> {
    let query = request.uri().query().unwrap_or_default();
    let item = |name: &str| {
        let mut values = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        values
            .next_back()
            .map(|value| String::from_utf8_lossy(&decode(value)).into_owned())
            .ok_or(format!("no {name}"))
    };
    let (credential, names) = (item("X-Amz-Credential")?, item("X-Amz-SignedHeaders")?);
    let (found, date) = (item("X-Amz-Signature")?, item("X-Amz-Date")?);
    let without =
        query.split('&').filter(|pair| !pair.starts_with("X-Amz-Signature=")).collect::<Vec<_>>().join("&");
    recompute(request, &without, [&credential, &names, &found, &date], secret)
}

fn recompute<B: AsRef<[u8]>>(
    request: &Request<B>,
    query: &str,
    [credential, names, found, date]: [&str; 4],
    secret: &str,
) -> Result<Recomputed, String> {
    let mut canonical =
        format!("{}\n{}\n{}\n", request.method(), path(request.uri().path()), canonical_query(query));
    for name in names.split(';') {
        let value = header(request, name)?;
        let words: Vec<_> = value.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        canonical.push_str(&format!("{name}:{}\n", words.join(" ")));
    }
    canonical.push_str(&format!("\n{names}\n{}", hex(&Sha256::digest(request.body().as_ref()))));

    let (access_key_id, scope) = credential.split_once('/').ok_or("the credential has no scope")?;
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part);
    }
    Ok(Recomputed {
        access_key_id: access_key_id.to_owned(),
        scope: scope.to_owned(),
        signed_headers: names.to_owned(),
        found: found.to_owned(),
        computed: hex(&hmac(&key, &to_sign)),
    })
}

/// The only value of a header.
fn header<B>(request: &Request<B>, name: &str) -> Result<String, String> {
    let values: Vec<_> = request.headers().get_all(name).iter().collect();
    let [value] = values[..] else { return Err(format!("there are {} headers {name}", values.len())) };
    value.to_str().map(str::to_owned).map_err(|_| format!("the header {name} is not ASCII"))
}

/// Without empty and dot segments, each byte of what is left encoded: escapes a second time.
fn path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(encode(segment.as_bytes()));
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(&decode(name)), encode(&decode(value))))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encode(bytes: &[u8]) -> String {
    let byte = |byte: &u8| match is_unreserved(*byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    bytes.iter().map(byte).collect()
}

fn decode(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let escaped = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(b'%'));
        bytes.extend_from_slice(if escaped.is_some() { &part.as_bytes()[2..] } else { part.as_bytes() });
    }
    bytes
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
