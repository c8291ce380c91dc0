//! The proof that the sender of a request has a private key (RFC 9449 §4.2).

use std::time::SystemTime;

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;

use crate::base64::URL;
use crate::pem::{Document, documents};
use crate::wire::json::texts;

/// A private key of the curve P-256.
pub(super) struct Key {
    signs: SigningKey,
    /// The public key as JSON (RFC 7518 §6.2.1).
    public: String,
}

impl Key {
    /// Reads a PEM document with an `EC PRIVATE KEY` (RFC 5915). `None` if it is anything else, or a key of another curve.
    pub(super) fn from_pem(text: &str) -> Option<Self> {
        let is_key = |document: &Document<'_>| document.label() == b"EC PRIVATE KEY";
        let key = documents(text.as_bytes()).filter_map(Result::ok).find(is_key)?;
        let secret = SecretKey::from_sec1_der(&key.decode()?).ok()?;
        // Of the private half: what the document has may be compressed, and a proof with another key's is of no use.
        let point = secret.public_key().to_sec1_point(false);
        let (x, y) = (URL.encode(point.x()?), URL.encode(point.y()?));
        let public = texts(&[("kty", "EC"), ("x", &x), ("y", &y), ("crv", "P-256")]).expose().to_owned();
        Some(Self { signs: SigningKey::from(secret), public })
    }

    /// A proof for a `POST` to this URL: a JSON Web Signature (RFC 7515 §7.1). The signature depends on nothing but key and
    /// contents (RFC 6979); `id` makes each proof another.
    pub(super) fn proof(&self, url: &str, now: SystemTime, id: u128) -> Option<String> {
        let at = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let header = format!(r#"{{"typ": "dpop+jwt", "alg": "ES256", "jwk": {}}}"#, self.public);
        let payload = texts(&[("htm", "POST"), ("htu", url), ("jti", &uuid(id))]);
        let payload = payload.expose().strip_suffix('}')?;
        let payload = format!(r#"{payload}, "iat": {at}}}"#);
        let signed = format!("{}.{}", URL.encode(header.as_bytes()), URL.encode(payload.as_bytes()));
        let signature: Signature = self.signs.try_sign(signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL.encode(&signature.to_bytes())))
    }
}

/// A UUID of random bits (RFC 9562 §5.4).
fn uuid(id: u128) -> String {
    let id = id & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let part = |shift: u32, digits: usize| format!("{:0digits$x}", id >> shift & ((1 << (4 * digits)) - 1));
    [part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12)].join("-")
}
