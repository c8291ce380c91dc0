//! The core's readers of documents from programs, endpoints and files, each run as part of its flow.

use std::error::Error as StdError;
use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use sts_proto::client::{Load, Loaded};
use sts_proto::credentials::roles_anywhere::{Config, RolesAnywhere};
use sts_proto::credentials::{Chain, Resolve};
use sts_proto::flow::ProcessOutput;
use sts_proto::settings::{Env, Profiles};
use sts_proto::sigv4::x509::{Algorithm, Identity, Key};
use sts_proto::{Context, Credentials, Effect, Error, Event, Flow, Settings, Step};

/// The source of a JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A `credential_process`.
    Process,
    /// A container's credentials endpoint.
    Container,
    /// The instance metadata service.
    InstanceMetadata,
    /// The token file of a login to IAM Identity Center.
    Login,
    /// The portal of IAM Identity Center.
    Portal,
    /// IAM Roles Anywhere.
    RolesAnywhere,
}

/// All sources.
pub const SOURCES: [Source; 6] = [
    Source::Process,
    Source::Container,
    Source::InstanceMetadata,
    Source::Login,
    Source::Portal,
    Source::RolesAnywhere,
];

impl Source {
    /// Reads `document` once, as if from this source. Returns the `Display` and `Debug` text of the result.
    ///
    /// # Panics
    ///
    /// If the flow does not end.
    pub fn read(self, document: Bytes) -> String {
        match self.resolve(document) {
            Ok(credentials) => format!("{credentials:?}"),
            Err(error) => format!("{error} {error:?}"),
        }
    }

    /// The credentials that the source makes of `document`, at [`now`]. Everything else that the source asks
    /// for is answered properly.
    ///
    /// # Errors
    ///
    /// The errors of the source.
    ///
    /// # Panics
    ///
    /// If the flow does not end.
    pub fn resolve(self, document: Bytes) -> Result<Credentials, Error> {
        if self == Self::RolesAnywhere {
            let identity = Identity::new(CERTIFICATE.as_bytes(), Fixed).expect("it has a serial number");
            let anchor = "arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/1";
            let config = Config::new(identity, "arn:aws:iam::123456789012:role/one", "arn:profile", anchor);
            return self.run(RolesAnywhere::new(config, 7), document);
        }
        let context = Context::new(&Settings::new().region("eu-west-1"), "test/0").expect("a valid region");
        let flow = Resolve::new(Arc::new(self.chain()), Arc::new(context), 7);
        self.run(flow, document).map(|resolved| resolved.credentials)
    }

    fn run<F: Flow<Error = Error>>(self, mut flow: F, mut document: Bytes) -> Result<F::Output, Error> {
        let mut event = Event::Start;
        for _ in 0..50 {
            event = match flow.step(now(), event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => self.answer(&effect, &mut document),
            };
        }
        panic!("the flow does not end");
    }

    fn chain(self) -> Chain {
        let (mut profiles, mut variables) = (Profiles::default(), vec![("HOME", "/h")]);
        let sso = [
            ("sso_start_url", "https://x.awsapps.com/start"),
            ("sso_region", "eu-west-1"),
            ("sso_account_id", "123456789012"),
            ("sso_role_name", "role"),
        ];
        match self {
            Self::Process => profiles.insert_profile("default", [("credential_process", "tool")]),
            Self::Container => variables.push(("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c")),
            Self::InstanceMetadata | Self::RolesAnywhere => {}
            Self::Login | Self::Portal => profiles.insert_profile("default", sso),
        }
        Chain::new(&Env::from_iter(variables), &profiles, None)
    }

    fn answer(self, effect: &Effect, document: &mut Bytes) -> Event {
        const LOGIN: &str = r#"{"accessToken":"t","expiresAt":"2030-01-01T00:00:00Z"}"#;
        const ROLE: &str = r#"{"roleCredentials":{"accessKeyId":"a","secretAccessKey":"s","sessionToken":"t","expiration":1800000000000}}"#;
        match effect {
            Effect::Run(_) => {
                Event::Exited(ProcessOutput { status: Some(0), stdout: take(document), stderr: Bytes::new() })
            }
            Effect::Read(_) if self == Self::Login => Event::Contents(Some(take(document))),
            Effect::Read(_) => Event::Contents(Some(Bytes::from_static(LOGIN.as_bytes()))),
            Effect::Send(request, _) => Event::Response(Response::new(match (self, request.uri().path()) {
                (Self::InstanceMetadata, path) if path.ends_with("/token") => Bytes::from_static(b"t"),
                (Self::InstanceMetadata, path) if path.ends_with("/security-credentials-extended/") => {
                    Bytes::from_static(b"role")
                }
                (Self::Login, _) => Bytes::from_static(ROLE.as_bytes()),
                _ => take(document),
            })),
            Effect::Replace(..) => Event::Replaced,
            Effect::Wait(_) => Event::Elapsed,
            Effect::AskMfaCode(_) => panic!("no source asks for an MFA code"),
            Effect::Join(_) => panic!("a chain waits for no job"),
        }
    }
}

/// A key that signs nothing.
#[derive(Debug)]
struct Fixed;

impl Key for Fixed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ecdsa
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
        Ok(vec![1])
    }
}

/// With a serial number, and nothing else.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAUwAwIBBw==\n-----END CERTIFICATE-----\n";

/// The time at which documents are read.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Loads settings from this config file and this credentials file. Returns the `Display` and `Debug` text of
/// the result, with all settings and the profile's credential chain.
///
/// # Panics
///
/// If the flow asks for more than two files.
pub fn load(config: Bytes, credentials: Bytes) -> String {
    let env = Env::from_iter([("HOME", "/h")]);
    let mut flow = Load::new(env.clone());
    let mut event = Event::Start;
    for file in [Some(config), Some(credentials), None] {
        match flow.step(SystemTime::UNIX_EPOCH, event) {
            Ok(Step::Done(Loaded { settings, profiles, .. })) => {
                let chain = Chain::new(&env, &profiles, None);
                return format!("{settings:?} {:?} {chain:?}", settings.list());
            }
            Ok(Step::Perform(_)) => {}
            Err(error) => return format!("{error} {error:?}"),
        }
        event = Event::Contents(file);
    }
    panic!("more than two files were asked for");
}
