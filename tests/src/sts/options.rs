//! The options of a server.

use std::sync::Arc;

use ::http::{Request, Response};
use bytes::Bytes;
use rustls::ServerConfig;

use super::dialects::Dialect;
use super::{AccessKey, Hook, Role, Server};

/// Builds a server; see [`Server::builder`].
#[derive(Default)]
pub struct Builder {
    options: Options,
    hook: Option<Hook>,
}

/// The options.
pub(crate) struct Options {
    pub(crate) account: String,
    pub(crate) access_key: Option<AccessKey>,
    pub(crate) roles: Vec<Role>,
    pub(crate) region: Option<String>,
    pub(crate) disabled_regions: Vec<String>,
    pub(crate) clock_offset_ms: i64,
    pub(crate) min_duration_seconds: Option<u32>,
    pub(crate) mfa_code: String,
    pub(crate) packed_limit: usize,
    pub(crate) outbound_web_identity: bool,
    pub(crate) exposed_headers: String,
    pub(crate) dated: bool,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

impl Builder {
    /// The account of the server's users; `123456789012` unless set.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.options.account = account.into();
        self
    }

    /// The access key of `alice`, instead of a new one.
    pub fn access_key(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.options.access_key =
            Some(AccessKey { access_key_id: id.into(), secret_access_key: secret.into() });
        self
    }

    /// Adds a role to `demo`, `web` and `saml`, or replaces the one of the same name.
    pub fn role(mut self, role: Role) -> Self {
        self.options.roles.retain(|other| other.name != role.name || other.account != role.account);
        self.options.roles.push(role);
        self
    }

    /// Accepts signatures for this region only. Without it, any region is accepted.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.options.region = Some(region.into());
        self
    }

    /// Answers signatures for this region with `RegionDisabledException`.
    pub fn disabled_region(mut self, region: impl Into<String>) -> Self {
        self.options.disabled_regions.push(region.into());
        self
    }

    /// The difference of the server's clock to the machine's, in milliseconds; negative values are behind.
    pub fn clock_offset_ms(mut self, milliseconds: i64) -> Self {
        self.options.clock_offset_ms = milliseconds;
        self
    }

    /// Accepts lifetimes down to this many seconds, where AWS requires 15 minutes.
    pub fn min_duration_seconds(mut self, seconds: u32) -> Self {
        self.options.min_duration_seconds = Some(seconds);
        self
    }

    /// The code that MFA devices show; `123456` unless set.
    pub fn mfa_code(mut self, code: impl Into<String>) -> Self {
        self.options.mfa_code = code.into();
        self
    }

    /// The maximum total size of session policies and tags in bytes; 2048 unless set.
    pub fn packed_policy_limit(mut self, bytes: usize) -> Self {
        self.options.packed_limit = bytes;
        self
    }

    /// Whether `GetWebIdentityToken` is enabled; `true` unless set.
    pub fn outbound_web_identity(mut self, enabled: bool) -> Self {
        self.options.outbound_web_identity = enabled;
        self
    }

    /// The headers of an answer, besides the few that every page may read, that a web page of another origin may read:
    /// names, separated by commas. None unless set.
    pub fn exposed_headers(mut self, names: impl Into<String>) -> Self {
        self.options.exposed_headers = names.into();
        self
    }

    /// Writes no `date` into its answers.
    pub fn without_date(mut self) -> Self {
        self.options.dated = false;
        self
    }

    /// Performs the actions that this server adds, too.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.options.dialect = Some(dialect);
        self
    }

    /// Speaks TLS, with a certificate for `localhost`.
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.options.tls = Some(config);
        self
    }

    /// Like [`Server::respond_with`], from the first request on.
    pub fn respond_with(
        mut self,
        hook: impl Fn(&Request<Bytes>) -> Option<Response<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    ///
    /// If no port or no thread is available.
    pub fn start(self) -> Server {
        Server::run(self.options, self.hook).expect("the embedded STS starts")
    }
}

impl Options {
    pub(crate) fn saml_provider_arn(&self) -> String {
        format!("arn:aws:iam::{}:saml-provider/idp", self.account)
    }

    /// The issuer of the tokens from `GetWebIdentityToken`.
    pub(crate) fn outbound_issuer(&self) -> String {
        format!("https://{}.tokens.sts.global.api.aws", self.account)
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            account: "123456789012".to_owned(),
            access_key: None,
            roles: vec![Role::new("demo"), Role::for_web_identity("web"), Role::for_saml("saml")],
            region: None,
            disabled_regions: Vec::new(),
            clock_offset_ms: 0,
            min_duration_seconds: None,
            mfa_code: "123456".to_owned(),
            packed_limit: 2048,
            outbound_web_identity: true,
            exposed_headers: String::new(),
            dated: true,
            dialect: None,
            tls: None,
        }
    }
}
