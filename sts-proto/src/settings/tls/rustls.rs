//! The same settings as rustls takes them.

use std::fmt::Display;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::own_authority::OwnAuthority;
use super::{Roots, SettingsError, SettingsErrorKind, TlsSettings};

impl TlsSettings {
    /// What rustls needs to connect, with Mozilla's roots as the default.
    ///
    /// # Errors
    ///
    /// A bundle or extra roots without a certificate or with a damaged one, a client certificate and a key that do not
    /// belong together, roots that are not compiled in.
    pub fn rustls(&self, provider: CryptoProvider) -> Result<ClientConfig, SettingsError> {
        let provider = Arc::new(provider);
        let mut store = RootCertStore::empty();
        let given = self.certificates(|pem| {
            let read = certificates(pem)?;
            // Each has to be taken; rustls would leave out the damaged ones of a list.
            read.iter().try_for_each(|certificate| store.add(certificate.clone())).ok()?;
            Some(read)
        })?;
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().map_err(|error| refused(&error))?;
        let usual = match self.roots().unwrap_or(&Roots::Mozilla) {
            Roots::Platform => platform(given.clone(), provider)?,
            #[cfg(feature = "webpki-roots")]
            Roots::Mozilla => {
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
                these(store, provider)?
            }
            #[cfg(not(feature = "webpki-roots"))]
            Roots::Mozilla => return Err(Roots::Mozilla.unavailable()),
            Roots::Pem(_) | Roots::File(_) => these(store, provider)?,
        };
        let config = config.dangerous().with_custom_certificate_verifier(OwnAuthority::new(usual, given));
        let Some((chain, key)) = self.client_certificate() else { return Ok(config.with_no_client_auth()) };
        let chain = certificates(chain).ok_or(SettingsErrorKind::ClientCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes());
        let key = key.map_err(|_| SettingsErrorKind::ClientCertificate)?;
        Ok(config.with_client_auth_cert(chain, key).map_err(|_| SettingsErrorKind::ClientCertificate)?)
    }
}

/// The certificates in a text, if there is one and none is damaged.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok()?;
    Some(certificates).filter(|certificates| !certificates.is_empty())
}

/// The verifier that trusts these roots.
fn these(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, SettingsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    Ok(verifier.map_err(|error| refused(&error))?)
}

/// The verifier that trusts the platform's roots, which it reads from the platform's store, and these.
#[cfg(all(feature = "platform-roots", not(target_os = "android")))]
fn platform(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, SettingsError> {
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider);
    Ok(Arc::new(verifier.map_err(|error| refused(&error))?))
}

#[cfg(all(feature = "platform-roots", target_os = "android"))]
fn platform(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, SettingsError> {
    if !roots.is_empty() {
        return Err(SettingsError::tls("android's roots cannot be added to; give a ca bundle instead"));
    }
    Ok(Arc::new(rustls_platform_verifier::Verifier::new(provider).map_err(|error| refused(&error))?))
}

#[cfg(not(feature = "platform-roots"))]
fn platform(
    _: Vec<CertificateDer<'static>>,
    _: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, SettingsError> {
    Err(Roots::Platform.unavailable())
}

fn refused(error: &dyn Display) -> SettingsError {
    SettingsError::tls(format!("the tls library refuses: {error}"))
}
