//! What a program calls the arguments that set a client up.

use std::sync::OnceLock;

/// The names of a program's arguments, for messages: an error says "looked in --region" where it else says "looked in code", and
/// `explain` says `--region` where it else says "set in code".
///
/// Errors are values that belong to no client, so the names are those of the whole process. A program installs them before it
/// makes a client; a library has no arguments, and leaves them alone.
///
/// ```
/// use sts_proto::settings::{Arguments, Settings};
///
/// Arguments {
///     profile: "--profile",
///     region: "--region",
///     endpoint_url: "--endpoint-url",
/// }
/// .install();
/// let region = Settings::new().region("not a region");
/// let error = region.endpoint().unwrap_err().to_string();
/// assert!(error.contains("it was looked for in --region, AWS_REGION"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The argument that names the profile.
    pub profile: &'static str,
    /// The argument that names the region.
    pub region: &'static str,
    /// The argument that has the endpoint URL.
    pub endpoint_url: &'static str,
}

impl Arguments {
    /// Messages of this process have these names from now on. The first names that are given stay.
    pub fn install(self) {
        let _ = NAMES.set(self);
    }
}

/// The names that messages have.
pub(crate) fn names() -> &'static Arguments {
    NAMES.get().unwrap_or(&Arguments { profile: CODE, region: CODE, endpoint_url: CODE })
}

/// Whether messages are for people who use a program, and not for those who write it.
pub(crate) fn are_named() -> bool {
    NAMES.get().is_some()
}

/// What sets everything in a program without arguments.
pub(crate) const CODE: &str = "code";

static NAMES: OnceLock<Arguments> = OnceLock::new();
