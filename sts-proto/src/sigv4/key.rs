//! Signing keys: one secret, one day, one region, one service.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::date::{Date, Day};
use super::{Scope, SignError};
use crate::keys::Credentials;
use crate::secret::Secret;

/// The key that signs one day's requests to one service in one region.
///
/// Deriving it from the secret access key takes four times as long as signing with it, so it pays to keep it,
/// as a [`KeyCache`] does. It holds an HMAC-SHA-256 state after the key, not the key itself. Cheap to clone;
/// wiped when the last clone is dropped.
#[derive(Clone)]
pub struct SigningKey(Arc<Derived>);

struct Derived {
    mac: Hmac<Sha256>,
    day: Day,
    date: [u8; 8],
    scope: Scope,
}

impl SigningKey {
    /// Derives the key for the day (in UTC) of `now`.
    ///
    /// Source: "Create a signed AWS API request", step "Derive a signing key", AWS IAM User Guide.
    ///
    /// # Errors
    ///
    /// [`SignError::Time`] outside the years 0 to 9999.
    pub fn derive(secret: &Secret, now: SystemTime, scope: &Scope) -> Result<Self, SignError> {
        Ok(Self::of_day(secret, &Date::new(now)?, scope))
    }

    pub(super) fn of_day(secret: &Secret, date: &Date, scope: &Scope) -> Self {
        let (day, date) = (date.day(), *date.yyyymmdd());
        let key = derive(secret, &date, scope);
        Self(Arc::new(Derived { mac: keyed(&[&key[..]]), day, date, scope: scope.clone() }))
    }

    /// Whether the key was derived for this day and scope.
    pub(super) fn fits(&self, day: Day, scope: &Scope) -> bool {
        self.0.day == day && self.0.scope == *scope
    }

    /// An HMAC-SHA-256 with this key, ready for the string to sign.
    pub(super) fn mac(&self) -> Hmac<Sha256> {
        self.0.mac.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("date", &String::from_utf8_lossy(&self.0.date))
            .field("scope", &self.0.scope)
            .finish_non_exhaustive()
    }
}

/// Keeps the last derived [`SigningKey`] until the day, the secret, the region or the service changes.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use sts_proto::sigv4::{KeyCache, Scope, Signer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = sts_proto::Credentials::new(
///     "AKIDEXAMPLE",
///     "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
/// );
/// let scope = Scope::new("us-east-1", "sts");
/// let now = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
/// let mut cache = KeyCache::default();
///
/// let mut request =
///     http::Request::get("https://sts.us-east-1.amazonaws.com/").body("")?;
/// Signer::new(&keys, &scope, now)
///     .key(cache.get(&keys, &scope, now)?)
///     .sign(&mut request)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyCache {
    last: Option<(Secret, SigningKey)>,
}

impl KeyCache {
    /// The key for the day of `now`: the kept one if it fits, else a new one.
    ///
    /// # Errors
    ///
    /// [`SignError::Time`] outside the years 0 to 9999.
    pub fn get(
        &mut self,
        credentials: &Credentials,
        scope: &Scope,
        now: SystemTime,
    ) -> Result<&SigningKey, SignError> {
        let secret = &credentials.secret_access_key;
        let day = Day::of(now)?;
        if !self.last.as_ref().is_some_and(|(of, key)| of == secret && key.fits(day, scope)) {
            self.last = None;
        }
        match &mut self.last {
            Some((_, key)) => Ok(key),
            none => Ok(&none.insert((secret.clone(), SigningKey::derive(secret, now, scope)?)).1),
        }
    }
}

fn derive(secret: &Secret, date: &[u8; 8], scope: &Scope) -> Zeroizing<[u8; 32]> {
    let key = step(keyed(&[b"AWS4", secret.expose().as_bytes()]), date);
    let key = step(keyed(&[&key[..]]), scope.region().as_bytes());
    let key = step(keyed(&[&key[..]]), scope.service().as_bytes());
    step(keyed(&[&key[..]]), b"aws4_request")
}

fn step(mut mac: Hmac<Sha256>, message: &[u8]) -> Zeroizing<[u8; 32]> {
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// HMAC-SHA-256 with the concatenated parts as its key. A key longer than a block is hashed first, a shorter
/// one is padded with zeros (RFC 2104 §2).
pub(super) fn keyed(parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    if parts.iter().map(|part| part.len()).sum::<usize>() <= block.len() {
        for (to, from) in block.iter_mut().zip(parts.iter().copied().flatten()) {
            *to = *from;
        }
    } else {
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| Digest::update(&mut hash, part));
        let hash: Zeroizing<[u8; 32]> = Zeroizing::new(hash.finalize().into());
        for (to, from) in block.iter_mut().zip(hash.iter()) {
            *to = *from;
        }
    }
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use zeroize::ZeroizeOnDrop;

    use super::super::canonical::Hex;
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[test]
    fn derives_the_published_key() {
        // The example of "Deriving a signing key", AWS General Reference.
        let key = derive(&SECRET.into(), b"20150830", &Scope::new("us-east-1", "iam"));
        assert_eq!(
            Hex::new(*key).as_bytes(),
            b"c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
        );
    }

    #[test]
    fn accepts_keys_of_any_length_like_hmac() {
        for length in [0, 1, 32, 60, 63, 64, 65, 128, 1000] {
            let key = vec![b'k'; length];
            let (front, back) = key.split_at(length.min(4));
            let theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(b"message").finalize();
            let ours = keyed(&[front, back]).chain_update(b"message").finalize();
            assert_eq!(ours, theirs, "{length}");
        }
    }

    #[test]
    fn keeps_a_key_until_anything_differs() {
        let day = Duration::from_secs(86_400);
        let midnight = UNIX_EPOCH + day * 20_000;
        let scope = Scope::new("us-east-1", "sts");
        let keys = Credentials::new("AKIDEXAMPLE", SECRET);
        let mut cache = KeyCache::default();
        let mut look = |keys: &Credentials, scope: &Scope, now: SystemTime| {
            let fresh = SigningKey::derive(&keys.secret_access_key, now, scope).unwrap();
            let kept = cache.get(keys, scope, now).unwrap();
            let sign = |key: &SigningKey| key.mac().chain_update(b"text").finalize();
            assert_eq!(sign(kept), sign(&fresh));
            sign(kept)
        };

        let first = look(&keys, &scope, midnight);
        assert_eq!(look(&keys, &scope, midnight + day - Duration::from_nanos(100)), first);
        assert_eq!(look(&Credentials::new("AKIDOTHER", SECRET), &scope, midnight), first);
        assert_ne!(look(&keys, &scope, midnight + day), first);
        assert_ne!(look(&keys, &scope, midnight - Duration::from_nanos(100)), first);
        assert_ne!(look(&keys, &Scope::new("us-west-2", "sts"), midnight), first);
        assert_ne!(look(&keys, &Scope::new("us-east-1", "iam"), midnight), first);
        assert_ne!(look(&Credentials::new("AKIDEXAMPLE", "other"), &scope, midnight), first);
        assert_eq!(look(&keys, &scope, midnight), first);
    }

    #[test]
    fn shows_no_key_and_wipes_it() {
        // `Hmac` holds two of these states and a buffer; it does not promise itself that they are wiped.
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Sha256>();

        let mut cache = KeyCache::default();
        let keys = Credentials::new("AKIDEXAMPLE", SECRET);
        cache.get(&keys, &Scope::new("us-east-1", "sts"), UNIX_EPOCH).unwrap();
        assert_eq!(
            format!("{cache:?}"),
            "KeyCache { last: Some(([redacted], SigningKey { date: \"19700101\", \
             scope: Scope { region: \"us-east-1\", service: \"sts\", regions: None }, .. })) }"
        );
    }
}
