//! A string that is not printed by accident.

use std::fmt;

#[cfg(feature = "credentials")]
use bytes::{Bytes, BytesMut};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret string: a secret access key, a session token, an identity token, an MFA code.
///
/// `Debug` prints `[redacted]`, there is no `Display`, and the memory is wiped when the value is dropped.
/// [`Secret::expose`] is the only access to the text, so that every use of a secret is easy to find.
///
/// ```
/// let secret = sts_proto::Secret::from("wJalrXUtnFEMI");
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(secret.expose(), "wJalrXUtnFEMI");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership of `text`; no other copy is made.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Keep it out of logs, URLs and error messages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    // Called in hundreds of places.
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

/// The contents of a file or the output of a program. Wiped when dropped, unless another handle to the bytes
/// exists.
#[cfg(feature = "credentials")]
pub(crate) struct Given(Bytes);

#[cfg(feature = "credentials")]
impl Given {
    /// Another handle to the bytes. What is wiped is wiped once it is gone.
    pub(crate) fn share(&self) -> Bytes {
        self.0.clone()
    }
}

#[cfg(feature = "credentials")]
impl std::ops::Deref for Given {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "credentials")]
impl From<Bytes> for Given {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

#[cfg(feature = "credentials")]
impl Drop for Given {
    #[inline(never)]
    fn drop(&mut self) {
        drop(wiped(std::mem::take(&mut self.0)));
    }
}

#[cfg(feature = "credentials")]
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// Wipes the memory and returns it; `None` if another handle to the bytes exists.
#[cfg(feature = "credentials")]
fn wiped(bytes: Bytes) -> Option<BytesMut> {
    let mut bytes = bytes.try_into_mut().ok()?;
    bytes.as_mut().zeroize();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_wiped_and_not_shown() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        let secret = Secret::from("planted");
        wiped(&secret);
        assert_eq!(
            format!("{secret:?} {secret:#?} {:?}", Some(&secret)),
            "[redacted] [redacted] Some([redacted])"
        );
    }

    #[cfg(feature = "credentials")]
    #[test]
    fn given_bytes_are_wiped_by_their_only_owner() {
        let roomy = || {
            let mut bytes = Vec::with_capacity(64);
            bytes.extend_from_slice(b"planted");
            Bytes::from(bytes)
        };
        let part = {
            let whole = roomy();
            whole.slice(2..)
        };
        for bytes in [Bytes::from(b"planted".to_vec()), roomy(), part] {
            let (at, length) = (bytes.as_ptr(), bytes.len());
            let wiped = wiped(bytes).unwrap();
            assert_eq!((wiped.as_ptr(), &wiped[..]), (at, &vec![0; length][..]));
        }
        let bytes = Bytes::from(b"planted".to_vec());
        drop(Given::from(bytes.clone()));
        assert_eq!(bytes, "planted");
        assert!(wiped(Bytes::from_static(b"planted")).is_none());
        assert_eq!(format!("{:?}", Given::from(bytes)), "[7 bytes]");
    }
}
