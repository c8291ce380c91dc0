//! Percent-encoding as AWS has it, in forms, queries and canonical requests alike.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986 §2.3.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As a form and a query hold `text`.
pub(crate) fn escape(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
}
