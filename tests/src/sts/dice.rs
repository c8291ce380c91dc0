//! Identifiers and secrets that look like AWS's. Random enough for tests, but not for anything else.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// A random number generator with a different seed for each server.
pub(crate) struct Dice {
    seed: [u8; 32],
    rolls: u64,
}

impl Dice {
    pub(crate) fn new() -> Self {
        let mut seed = Sha256::new();
        for _ in 0..4 {
            seed.update(RandomState::new().build_hasher().finish().to_be_bytes());
        }
        Dice { seed: seed.finalize().into(), rolls: 0 }
    }

    /// `prefix`, followed by `length` characters from the alphabet of access key ids and unique ids.
    pub(crate) fn id(&mut self, prefix: &str, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let tail = self.bytes(length).into_iter().map(|byte| ALPHABET[usize::from(byte & 31)] as char);
        prefix.chars().chain(tail).collect()
    }

    /// A secret access key: 40 characters of base64, including a `/` and a `+`.
    pub(crate) fn secret(&mut self) -> String {
        format!("{}/{}+", self.base64(19), self.base64(19))
    }

    /// `length` characters of base64 without padding.
    pub(crate) fn base64(&mut self, length: usize) -> String {
        let mut text = STANDARD.encode(self.bytes(length));
        text.truncate(length);
        text
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = self.bytes(16);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 32);
        while bytes.len() < length {
            self.rolls += 1;
            bytes.extend_from_slice(
                &Sha256::new().chain_update(self.seed).chain_update(self.rolls.to_be_bytes()).finalize(),
            );
        }
        bytes.truncate(length);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_aws_and_does_not_repeat() {
        let mut dice = Dice::new();
        let id = dice.id("AKIA", 16);
        assert_eq!((id.len(), &id[..4]), (20, "AKIA"));
        assert_eq!(dice.secret().len(), 40);
        assert_ne!(dice.uuid(), dice.uuid());
        assert_ne!(Dice::new().uuid(), Dice::new().uuid());
        assert_eq!(dice.base64(5000).len(), 5000);
        assert!(dice.uuid().as_bytes()[14] == b'4');
    }
}
