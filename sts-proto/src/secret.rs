//! A string that nobody prints by accident.

use std::fmt;

use zeroize::Zeroizing;

/// A secret string: a secret access key, a session token, an identity token, an MFA code.
///
/// `Debug` prints `[redacted]`, there is no `Display`, and the memory is wiped when the value is dropped.
/// The only way to the text is [`Secret::expose`], so that each place where a secret leaves is easy to find.
///
/// ```
/// let secret = sts_proto::Secret::from("wJalrXUtnFEMI");
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// assert_eq!(secret.expose(), "wJalrXUtnFEMI");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of `text`; no other copy is made.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Keep it out of logs, URLs and error messages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

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

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn is_wiped_and_not_shown() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        let secret = Secret::from("planted");
        wiped(&secret.0);
        assert_eq!(
            format!("{secret:?} {secret:#?} {:?}", Some(&secret)),
            "[redacted] [redacted] Some([redacted])"
        );
    }
}
