//! Signature Version 4a on the receiving side.

use hmac::{Hmac, KeyInit, Mac};
use p256::SecretKey;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::Sha256;

/// Whether `signature`, in DER, is that of `text`.
pub(crate) fn signed(access_key_id: &str, secret: &str, text: &str, signature: &[u8]) -> bool {
    let key = public_key(access_key_id, secret);
    Signature::from_der(signature).is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
}

/// The public half of the key that belongs to an access key: an HMAC with a counter, plus one.
fn public_key(access_key_id: &str, secret: &str) -> VerifyingKey {
    let candidate = |counter: u8| {
        let mut mac = Hmac::<Sha256>::new_from_slice(format!("AWS4A{secret}").as_bytes()).ok()?;
        mac.update(b"\x00\x00\x00\x01AWS4-ECDSA-P256-SHA256\x00");
        mac.update(access_key_id.as_bytes());
        mac.update(&[counter, 0, 0, 1, 0]);
        let mut number = mac.finalize().into_bytes();
        for byte in number.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        // What is beyond the order of the curve, or zero after the overflow, is no key.
        SecretKey::from_slice(&number).ok()
    };
    let key = (1..255).find_map(candidate).expect("one in four thousand million is refused");
    VerifyingKey::from(key.public_key())
}
