//! Why a file that settings are made of cannot be used.

use std::error::Error as _;
use std::path::Path;

use crate::perform::TOO_LARGE;
use crate::transport::{TransportError, TransportErrorKind};

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
