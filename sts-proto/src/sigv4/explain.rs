//! The intermediate results of signing.

use std::fmt;

use super::SignError;
use super::canonical::{Canonical, Hex};
use super::date::Date;
use super::sign::Signer;

/// The intermediate results of signing a request.
///
/// Header values that are not UTF-8 are shown with replacement characters; they are signed as they are.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The canonical request. Contains the session token, if there is one, so `Debug` leaves it out.
    pub canonical_request: String,
    /// The text that is signed; contains the hash of the canonical request.
    pub string_to_sign: String,
    /// The signature; `Debug` leaves it out.
    pub signature: String,
    /// The names of the signed headers, separated by `;`.
    pub signed_headers: String,
}

impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("canonical_request", &format_args!("[redacted]"))
            .field("string_to_sign", &self.string_to_sign)
            .field("signature", &format_args!("[redacted]"))
            .field("signed_headers", &self.signed_headers)
            .finish()
    }
}

impl Signer<'_> {
    pub(super) fn explanation(
        &self,
        date: &Date,
        canonical: &Canonical<'_>,
    ) -> Result<Explanation, SignError> {
        let (mut request, mut to_sign, mut names) = (Vec::new(), Vec::new(), Vec::new());
        canonical.put(&mut request);
        canonical.fields.put_names(b";", &mut names);
        let hash = Hex::sha256(&request);
        self.put_string_to_sign(date, &hash, &mut to_sign);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Explanation {
            canonical_request: text(&request),
            string_to_sign: text(&to_sign),
            signature: text(self.signature_of(date, &hash)?.as_bytes()),
            signed_headers: text(&names),
        })
    }
}
