use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Uri};

use super::wrong;
use crate::endpoint::{Problem, Target, roles_anywhere};
use crate::error::{CredentialsError, Error};
use crate::escape::escape;
use crate::member::IntoOptional;
use crate::scope::Scope;
use crate::sigv4::x509::Identity;
use crate::wire::json::texts;

/// Which role to assume, and with which certificate.
///
/// ```no_run
/// use sts_proto::client::SourceProvider;
/// use sts_proto::credentials::Source;
/// use sts_proto::credentials::roles_anywhere::{Config, PemFiles};
///
/// # #[derive(Clone)] struct Client;
/// # let client = Client;
/// let of = "arn:aws:rolesanywhere:eu-west-1:123456789012";
/// let config = Config::new(
///     PemFiles::new("/etc/pki/host.pem", "/etc/pki/host.key.pem"),
///     "arn:aws:iam::123456789012:role/backup",
///     format!("{of}:profile/11111111-2222-3333-4444-555555555555"),
///     format!("{of}:trust-anchor/66666666-7777-8888-9999-000000000000"),
/// );
/// // Give it to `with_credentials_provider`.
/// let provider = SourceProvider::new(client, Source::RolesAnywhere(config));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(super) holder: Holder,
    role_arn: String,
    profile_arn: String,
    trust_anchor_arn: String,
    region: Option<String>,
    fips: bool,
    dual_stack: bool,
    /// Or why it cannot be used; an invalid one may hold a password, and is not kept.
    endpoint: Option<Result<Box<Target>, Problem>>,
    duration_seconds: u32,
    session_name: Option<String>,
    properties: Vec<(String, String)>,
}

impl Config {
    /// The role, the profile and the trust anchor by their ARNs. The region is that of the trust anchor.
    pub fn new(
        holder: impl Into<Holder>,
        role_arn: impl Into<String>,
        profile_arn: impl Into<String>,
        trust_anchor_arn: impl Into<String>,
    ) -> Self {
        Self {
            holder: holder.into(),
            role_arn: role_arn.into(),
            profile_arn: profile_arn.into(),
            trust_anchor_arn: trust_anchor_arn.into(),
            region: None,
            fips: false,
            dual_stack: false,
            endpoint: None,
            duration_seconds: HOUR,
            session_name: None,
            properties: Vec::new(),
        }
    }

    /// Another region than the trust anchor's.
    #[must_use]
    pub fn region<By>(mut self, region: impl IntoOptional<String, By>) -> Self {
        self.region = region.into_optional();
        self
    }

    /// Whether to send the request to the FIPS endpoint.
    #[must_use]
    pub fn use_fips_endpoint(mut self, on: bool) -> Self {
        self.fips = on;
        self
    }

    /// Whether to send the request to the endpoint that has IPv6 addresses too.
    #[must_use]
    pub fn use_dualstack_endpoint(mut self, on: bool) -> Self {
        self.dual_stack = on;
        self
    }

    /// Where to send the request instead of AWS's endpoint.
    #[must_use]
    pub fn endpoint_url<By>(mut self, url: impl IntoOptional<String, By>) -> Self {
        self.endpoint = url.into_optional().map(|url| Target::parse(&url).map(Box::new));
        self
    }

    /// How long a session lasts, in seconds; an hour otherwise.
    #[must_use]
    pub fn duration_seconds<By>(mut self, seconds: impl IntoOptional<u32, By>) -> Self {
        self.duration_seconds = seconds.into_optional().unwrap_or(HOUR);
        self
    }

    /// The name of the sessions, where the profile accepts one; the service takes the certificate's serial number otherwise.
    #[must_use]
    pub fn session_name<By>(mut self, name: impl IntoOptional<String, By>) -> Self {
        self.session_name = name.into_optional();
        self
    }

    /// A property of the machine or program that asks, which the service records with the session.
    #[must_use]
    pub fn instance_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((name.into(), value.into()));
        self
    }

    /// The role.
    pub fn role_arn(&self) -> &str {
        &self.role_arn
    }

    /// The request for a session, which this identity signs.
    ///
    /// # Errors
    ///
    /// A trust anchor without a region, an endpoint URL that cannot be used, a key that does not sign.
    pub fn request(&self, identity: &Identity, now: SystemTime) -> Result<Request<Bytes>, Error> {
        let region = self.region.as_deref().or_else(|| self.trust_anchor_arn.split(':').nth(3));
        let region = region
            .filter(|region| !region.is_empty())
            .ok_or_else(|| wrong("the arn of the trust anchor names no region: check it, or set a region"))?;
        let (uri, host, region) = self.target(region)?;
        let mut request = Request::new(Bytes::from(self.body()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let signed = identity.sign(&mut request, &Scope::new(region, SERVICE), now);
        signed.map_err(|error| wrong(error.to_string()).because(error))?;
        Ok(request)
    }

    /// Where the request goes, and the region that it is signed for.
    fn target(&self, region: &str) -> Result<(Uri, HeaderValue, String), CredentialsError> {
        let (Target { uri, host }, region) = roles_anywhere(region, self.fips, self.dual_stack)
            .map_err(|error| wrong(format!("no endpoint can be made of the region: {error}")))?;
        let given = self.endpoint.clone().transpose();
        let given =
            given.map_err(|problem| wrong(format!("the endpoint url cannot be used: it has {problem}")))?;
        let Target { uri, host } = given.map_or(Target { uri, host }, |given| *given);
        let mut parts = uri.into_parts();
        let path = parts.path_and_query.as_ref().map_or("", |target| target.path()).trim_end_matches('/');
        let arns = [
            ("profileArn", &self.profile_arn),
            ("roleArn", &self.role_arn),
            ("trustAnchorArn", &self.trust_anchor_arn),
        ];
        let query: Vec<String> = arns.iter().map(|(name, arn)| format!("{name}={}", escape(arn))).collect();
        let target = format!("{path}/sessions?{}", query.join("&"));
        parts.path_and_query = Some(target.parse().map_err(|_| wrong("the arns are too long for a url"))?);
        let uri = Uri::from_parts(parts).map_err(|_| wrong("the endpoint url cannot be used"))?;
        Ok((uri, host, region))
    }

    fn body(&self) -> String {
        let mut body = format!("{{\"durationSeconds\":{}", self.duration_seconds);
        if !self.properties.is_empty() {
            let pairs: Vec<_> = self.properties.iter().map(|(name, value)| (&**name, &**value)).collect();
            body = format!("{body},\"instanceProperties\":{}", texts(&pairs).expose());
        }
        if let Some(name) = &self.session_name {
            let named = texts(&[("roleSessionName", name)]);
            return format!("{body},{}", named.expose().trim_start_matches('{'));
        }
        body + "}"
    }
}

/// Where the certificate and its private key are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// At hand. The key may be in a TPM or HSM.
    Identity(Identity),
    /// In files, which are read for each session: a program may renew the certificate meanwhile.
    Files(PemFiles),
}

impl From<Identity> for Holder {
    fn from(identity: Identity) -> Self {
        Self::Identity(identity)
    }
}

impl From<PemFiles> for Holder {
    fn from(files: PemFiles) -> Self {
        Self::Files(files)
    }
}

/// Files in PEM, as for [`Identity::from_pem`]. It may be one and the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemFiles {
    pub(super) certificate: PathBuf,
    pub(super) chain: Option<PathBuf>,
    pub(super) key: PathBuf,
}

impl PemFiles {
    /// The certificate, which those between it and the trust anchor may follow, and its private key.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), chain: None, key: key.into() }
    }

    /// A file with the certificates between the own one and the trust anchor.
    #[must_use]
    pub fn chain(mut self, path: impl Into<PathBuf>) -> Self {
        self.chain = Some(path.into());
        self
    }
}

const SERVICE: &str = "rolesanywhere";

const HOUR: u32 = 3600;
