//! The code of an MFA device: asked at the terminal, or from a program.

use sts_blocking::Secret;

/// The current code of this device; `None` where there is none to be had.
pub(crate) fn code(_serial: &str, _process: Option<&str>) -> Option<Secret> {
    None
}
