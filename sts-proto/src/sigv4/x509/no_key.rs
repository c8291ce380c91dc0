//! In place of private keys in PEM, where there is no library that signs with them.

use std::error::Error;

use zeroize::Zeroizing;

use super::{Algorithm, IdentityError, Key, Kind};

pub(super) fn load(_: &[u8], _: Kind, _: Zeroizing<Vec<u8>>) -> Result<NoKey, IdentityError> {
    Err(IdentityError::NoLibrary)
}

/// Does not exist.
#[derive(Debug)]
pub(super) enum NoKey {}

impl Key for NoKey {
    fn algorithm(&self) -> Algorithm {
        match *self {}
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        match *self {}
    }
}
