//! Why a file that settings are made of cannot be used.

use std::error::Error as _;
use std::path::Path;

use super::SettingsError;
use crate::flow::Event;
use crate::perform::TOO_LARGE;
use crate::transport::{TransportError, TransportErrorKind};

/// The CA bundle at this path, given what came of reading it. It was named, so it has to be there.
pub fn ca_bundle(path: &Path, event: Event) -> Result<Vec<u8>, SettingsError> {
    let reason = match event {
        Event::Contents(Some(pem)) => return Ok(pem.into()),
        Event::Contents(None) => "no such file".to_owned(),
        Event::Failed(error) => reason(path, &error),
        _ => "it was not read".to_owned(),
    };
    Err(SettingsError::CaBundleFile { path: path.to_owned(), reason })
}

/// Why a file was not read, in one line that does not name it: the error that this becomes a part of does.
pub(crate) fn reason(path: &Path, error: &TransportError) -> String {
    // The kind speaks of answers; what the driver met with says more.
    let reason = match error.kind() {
        TransportErrorKind::TooLarge => TOO_LARGE.to_owned(),
        _ => error.source().map_or_else(|| error.to_string(), ToString::to_string),
    };
    let reason = reason.lines().next().unwrap_or_default();
    reason.strip_prefix(&format!("{}: ", path.display())).unwrap_or(reason).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_cannot_be_read_says_why() {
        let path = Path::new("/roots.pem");
        let read = |event| ca_bundle(path, event).map_err(|error| error.to_string());
        assert_eq!(read(Event::Contents(Some("pem".into()))), Ok(b"pem".to_vec()));
        let other = TransportError::new(TransportErrorKind::Other, "/roots.pem: permission denied");
        for (event, reason) in [
            (Event::Contents(None), "no such file"),
            (Event::Failed(other), "permission denied"),
            (Event::Failed(TransportErrorKind::TooLarge.into()), TOO_LARGE),
        ] {
            let expected =
                format!("the ca bundle /roots.pem cannot be read ({reason}); it is named by AWS_CA_BUNDLE");
            assert!(read(event).unwrap_err().starts_with(&expected));
        }
    }
}
