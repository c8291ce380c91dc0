//! Documents in PEM: base64 between two lines that name what it is.
//!
//! Source: RFC 7468 §3, and RFC 1421 §4.6.1.1 for keys that are encrypted.

use zeroize::Zeroizing;

use crate::base64::STANDARD;

/// A document, not decoded yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    label: &'a [u8],
    body: &'a [u8],
}

impl Document<'_> {
    /// What the document is, such as `CERTIFICATE`.
    pub(crate) fn label(&self) -> &[u8] {
        self.label
    }

    /// Whether it takes a passphrase to read the document.
    #[cfg(any(feature = "roles-anywhere", test))]
    pub(crate) fn is_encrypted(&self) -> bool {
        self.label == b"ENCRYPTED PRIVATE KEY"
            || self.body.split(|byte| *byte == b'\n').any(|line| {
                line.strip_prefix(b"Proc-Type:")
                    .is_some_and(|value| value.trim_ascii().ends_with(b"ENCRYPTED"))
            })
    }

    /// The bytes; `None` if the base64 is damaged.
    pub(crate) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        // The buffer does not grow, so that no part of a key is left behind.
        let mut joined = Zeroizing::new(Vec::with_capacity(self.body.len()));
        joined.extend(self.body.iter().filter(|byte| !byte.is_ascii_whitespace()));
        STANDARD.decode(&joined).map(Zeroizing::new)
    }
}

/// The documents of a text, in order, or that one of them has no end. What stands between them is passed over.
pub(crate) fn documents(text: &[u8]) -> impl Iterator<Item = Result<Document<'_>, Endless>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let mut left = rest.take()?;
        let label = loop {
            let (line, after) = next_line(left)?;
            left = after;
            if let Some(label) = boundary(line, b"-----BEGIN ") {
                break label;
            }
        };
        let begin = left;
        while let Some((line, after)) = next_line(left) {
            if let Some(end) = boundary(line, b"-----END ") {
                let body = begin.get(..begin.len() - left.len()).unwrap_or_default();
                rest = Some(after);
                return Some(if end == label { Ok(Document { label, body }) } else { Err(Endless) });
            }
            left = after;
        }
        Some(Err(Endless))
    })
}

/// A document begins and does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endless;

/// The first line and what follows it; `None` at the end.
fn next_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    match text.iter().position(|byte| *byte == b'\n') {
        Some(at) => text.split_at_checked(at + 1),
        None => Some((text, &[])),
    }
}

/// The label in the first or last line of a document.
fn boundary<'a>(line: &'a [u8], begin: &[u8]) -> Option<&'a [u8]> {
    // Editors of Windows put a mark before the first line.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.trim_ascii().strip_prefix(begin)?.strip_suffix(b"-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<(String, Option<Vec<u8>>), Endless>;

    fn read(text: &str) -> Vec<Read> {
        documents(text.as_bytes())
            .map(|document| {
                let document = document?;
                let label = String::from_utf8_lossy(document.label()).into_owned();
                Ok((label, document.decode().map(|bytes| bytes.to_vec())))
            })
            .collect()
    }

    fn found(label: &str, bytes: &[u8]) -> Read {
        Ok((label.to_owned(), Some(bytes.to_vec())))
    }

    #[test]
    fn documents_stand_between_other_text() {
        let text = "\u{feff}-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----\r\nsubject: b\n \
                    -----BEGIN B C-----\n BA==\n-----END B C----- ";
        assert_eq!(read(text), [found("A", &[1, 2, 3]), found("B C", &[4])]);
        for none in ["", "\n", "AQID", "-----BEGIN A", "x-----BEGIN A-----\nAQID\n-----END A-----\n"] {
            assert_eq!(read(none), [], "{none:?}");
        }
    }

    #[test]
    fn damage_is_noticed() {
        let a = "-----BEGIN A-----\n";
        assert_eq!(read(a), [Err(Endless)]);
        assert_eq!(
            read(&format!("{a}AQID\n-----END B-----\n{a}AQID\n-----END A-----")),
            [Err(Endless), found("A", &[1, 2, 3])]
        );
        for damaged in ["A", "AQ=", "A Q I %"] {
            assert_eq!(read(&format!("{a}{damaged}\n-----END A-----")), [Ok(("A".to_owned(), None))]);
        }
        assert_eq!(read(&format!("{a}-----END A-----")), [found("A", &[])]);
    }

    #[test]
    fn a_passphrase_is_noticed() {
        let encrypted = |text: &str| documents(text.as_bytes()).next().unwrap().unwrap().is_encrypted();
        assert!(encrypted("-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----"));
        let old = "-----BEGIN EC PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\nAQID\r\n\
                   -----END EC PRIVATE KEY-----";
        assert!(encrypted(old));
        assert!(!encrypted(&old.replace("ENCRYPTED", "CLEAR")));
    }
}
