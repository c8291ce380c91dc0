//! The same settings as native-tls takes them.

use native_tls::{Certificate, Identity, TlsConnector};

use super::{Roots, SettingsError, SettingsErrorKind, TlsSettings};

impl TlsSettings {
    /// What native-tls needs to connect, with the platform's roots as the default.
    ///
    /// # Errors
    ///
    /// A bundle or extra roots without a certificate or with a damaged one, a client certificate and a key that do not
    /// belong together, Mozilla's roots.
    pub fn native_tls(&self) -> Result<TlsConnector, SettingsError> {
        let mut builder = TlsConnector::builder();
        match self.roots() {
            Some(Roots::Platform) | None => {}
            Some(Roots::Pem(_) | Roots::File(_)) => drop(builder.disable_built_in_roots(true)),
            Some(Roots::Mozilla) => return Err(Roots::Mozilla.unavailable()),
        }
        for root in self.certificates(|pem| Certificate::stack_from_pem(pem).ok())? {
            builder.add_root_certificate(root);
        }
        let Some((chain, key)) = self.client_certificate() else {
            return builder.build().map_err(|error| SettingsError::tls(error.to_string()));
        };
        let identity = Identity::from_pkcs8(chain, key.expose().as_bytes());
        // The library compares the certificate with the key no sooner than it builds.
        let built = identity.and_then(|identity| builder.identity(identity).build());
        built.map_err(|_| SettingsErrorKind::ClientCertificate.into())
    }
}
