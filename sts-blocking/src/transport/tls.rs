//! What TLS is made of, by feature: a rustls provider (aws-lc before ring), else the operating system's TLS; and
//! the roots that are trusted: a bundle, else the operating system's, else the compiled-in ones; and the further
//! ones.

use std::fmt;

use sts_proto::Secret;
use sts_proto::settings::{Origin, Setting};

/// What a client trusts and what it shows, all of it in PEM.
#[derive(Default)]
pub(crate) struct TlsOptions {
    /// These roots instead of the usual ones.
    pub(crate) ca_bundle: Option<Vec<u8>>,
    /// Roots beside those.
    pub(crate) extra_roots: Option<Vec<u8>>,
    /// A chain, and the key of its first certificate.
    pub(crate) client_certificate: Option<(Vec<u8>, Secret)>,
}

impl TlsOptions {
    /// Whether the options name somebody to trust.
    pub(crate) fn trusts(&self) -> bool {
        self.ca_bundle.is_some() || self.extra_roots.is_some()
    }

    /// Which of them there are, for a person to read.
    pub(crate) fn told(&self) -> Vec<Setting> {
        let given = |name| Setting::new(name, "given", Origin::Code);
        let row = |name, is_there| {
            if is_there { given(name) } else { Setting::new(name, "not set", Origin::Default) }
        };
        let bundle = self.ca_bundle.is_some().then(|| given("ca bundle"));
        let rest = [
            row("extra roots", self.extra_roots.is_some()),
            row("client certificate", self.client_certificate.is_some()),
        ];
        bundle.into_iter().chain(rest).collect()
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions").finish_non_exhaustive()
    }
}

#[cfg(all(feature = "webpki-roots", any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
mod anchors;
#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
mod disabled;
#[cfg(any(feature = "ring", feature = "aws-lc", feature = "native-tls"))]
mod enabled;
#[cfg(any(feature = "ring", feature = "aws-lc", feature = "native-tls"))]
mod identity;
#[cfg(all(test, any(feature = "ring", feature = "aws-lc")))]
mod tests;

#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
pub(crate) use disabled::{available, configure, is_tls};
#[cfg(any(feature = "ring", feature = "aws-lc", feature = "native-tls"))]
pub(crate) use enabled::{available, configure, is_tls};

/// Whether there is any TLS.
pub(crate) const ENABLED: bool = cfg!(any(feature = "ring", feature = "aws-lc", feature = "native-tls"));
