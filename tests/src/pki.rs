//! Certificates made at run time: an authority, and servers with valid and invalid certificates.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

/// A certificate authority that no system trusts.
pub struct Pki {
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    /// A new authority.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = date_time_ymd(2200, 1, 1);
        let key = KeyPair::generate().expect("a key can be generated");
        Self { authority: CertifiedIssuer::self_signed(params, key).expect("a certificate can be signed") }
    }

    /// A new authority below this one.
    pub fn below(&self) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.distinguished_name.push(DnType::CommonName, "below");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be generated");
        let authority = CertifiedIssuer::signed_by(params, key, &self.authority);
        Self { authority: authority.expect("a certificate can be signed") }
    }

    /// The authority's certificate, in PEM.
    pub fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// A server with a valid certificate for `localhost`.
    pub fn good(&self) -> Arc<ServerConfig> {
        self.server("localhost", 2200)
    }

    /// A server with a valid certificate for this name.
    pub fn named(&self, name: &str) -> Arc<ServerConfig> {
        self.server(name, 2200)
    }

    /// A server with a certificate for another name.
    pub fn wrong_name(&self) -> Arc<ServerConfig> {
        self.server("elsewhere.invalid", 2200)
    }

    /// A server whose certificate has expired.
    pub fn expired(&self) -> Arc<ServerConfig> {
        self.server("localhost", 2001)
    }

    /// A server as [`good`](Self::good) that asks clients for a certificate of this authority, and lets those in that have none.
    pub fn asking(&self) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).expect("the authority is one");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.allow_unauthenticated().build().expect("there is a root");
        let (certificate, key) = self.certificate("localhost", 2200);
        serving_to(verifier, &certificate, &key)
    }

    /// A client's certificate and its private key, in PEM.
    pub fn client(&self) -> (String, String) {
        self.client_named("client")
    }

    /// The same for a client with this common name.
    pub fn client_named(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec!["client".to_owned()]).expect("the name is valid");
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key can be generated");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate can be signed");
        (certificate.pem(), key.serialize_pem())
    }

    /// A client's certificate with this serial number for this key, until the beginning of a year; in PEM.
    pub fn holder(&self, serial: u64, key: &KeyPair, until_year: i32) -> String {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.serial_number = Some(serial.into());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        params.signed_by(key, &self.authority).expect("a certificate can be signed").pem()
    }

    fn server(&self, name: &str, until_year: i32) -> Arc<ServerConfig> {
        let (certificate, key) = self.certificate(name, until_year);
        serving(&certificate, &key)
    }

    fn certificate(&self, name: &str, until_year: i32) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("the name is valid");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().expect("a key can be generated");
        (params.signed_by(&key, &self.authority).expect("a certificate can be signed"), key)
    }
}

/// A certificate that is its own authority, as `openssl req -x509` makes it.
pub struct OwnAuthority {
    key: KeyPair,
    certificate: Certificate,
}

impl OwnAuthority {
    /// A valid one for `localhost`, but for what is changed.
    pub fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("the name is valid");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2200, 1, 1);
        change(&mut params);
        let key = KeyPair::generate().expect("a key can be generated");
        Self { certificate: params.self_signed(&key).expect("a certificate can be signed"), key }
    }

    /// The certificate, in PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A server with it.
    pub fn server(&self) -> Arc<ServerConfig> {
        serving(&self.certificate, &self.key)
    }
}

fn serving(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    serving_to(Arc::new(NoClientAuth), certificate, key)
}

fn serving_to(
    clients: Arc<dyn ClientCertVerifier>,
    certificate: &Certificate,
    key: &KeyPair,
) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions")
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("the key belongs to the certificate");
    Arc::new(config)
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}
