//! Signature Version 4a: one ECDSA signature that is valid in several regions.

use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::SignError;
use super::key::keyed;
use super::sign::SIGV4A;
use crate::digits::hex_text;
use crate::keys::Credentials;

/// The signature of `text` in lower-case hexadecimal digits of its DER form. It depends on nothing but key and text
/// (RFC 6979).
pub(super) fn sign(credentials: &Credentials, text: &[u8]) -> Result<String, SignError> {
    let scalar = scalar(credentials).ok_or(SignError::Key)?;
    let key = SigningKey::from_slice(&scalar[..]).map_err(|_| SignError::Key)?;
    let signature: Signature = key.try_sign(text).map_err(|_| SignError::Key)?;
    Ok(hex_text(signature.to_der().as_bytes()))
}

/// The private key: an HMAC in counter mode (NIST SP 800-108 §4.1) over the algorithm and the access key id, which is
/// repeated with the next counter if its result is not below the order of the curve.
///
/// Source: "Signature Version 4a", AWS IAM User Guide.
fn scalar(credentials: &Credentials) -> Option<Zeroizing<[u8; 32]>> {
    let mac: Hmac<Sha256> = keyed(&[b"AWS4A", credentials.secret_access_key.expose().as_bytes()]);
    (1..=254_u8).find_map(|counter| {
        let mut mac = mac.clone();
        for part in [
            &1_u32.to_be_bytes()[..],
            SIGV4A,
            &[0],
            credentials.access_key_id.as_bytes(),
            &[counter],
            &256_u32.to_be_bytes(),
        ] {
            mac.update(part);
        }
        let candidate: Zeroizing<[u8; 32]> = Zeroizing::new(mac.finalize().into_bytes().into());
        (*candidate <= ORDER_MINUS_2).then(|| plus_one(candidate))
    })
}

/// `number` is no more than `ORDER_MINUS_2`, so that nothing is carried out of it.
fn plus_one(mut number: Zeroizing<[u8; 32]>) -> Zeroizing<[u8; 32]> {
    for byte in number.iter_mut().rev() {
        let (sum, carried) = byte.overflowing_add(1);
        *byte = sum;
        if !carried {
            break;
        }
    }
    number
}

/// The order of the curve P-256 (FIPS 186-4 §D.1.2.3), less two.
const ORDER_MINUS_2: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_the_key_from_id_and_secret() {
        for (id, secret, expected) in [
            (
                "AKISORANDOMAASORANDOM",
                "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom",
                "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd",
            ),
            (
                "ASIALOGINOLD",
                "planted-secret-key-old",
                "a7c97cd376c39ddfbcb3d1dd8c0e368cdee161d46acc2862b09723a1c376093e",
            ),
        ] {
            assert_eq!(hex_text(&scalar(&Credentials::new(id, secret)).unwrap()[..]), expected);
        }
    }

    #[test]
    fn adding_one_carries() {
        let mut number = Zeroizing::new([0; 32]);
        number[31] = 0xff;
        number[30] = 0xff;
        let sum = plus_one(number);
        assert_eq!((sum[29], sum[30], sum[31]), (1, 0, 0));
    }
}
