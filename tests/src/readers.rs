//! The readers of the core for what a program, an endpoint or a file gives, each as the flow that it is a part of.

use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use sts_proto::credentials::{Chain, Resolve};
use sts_proto::flow::ProcessOutput;
use sts_proto::settings::{Env, Load, Profiles};
use sts_proto::{Context, Credentials, Effect, Error, Event, Flow, Settings, Step};

/// Who gives a JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// A `credential_process`.
    Process,
    /// The endpoint of a container.
    Container,
    /// The instance's metadata.
    InstanceMetadata,
    /// The file of a login to IAM Identity Center.
    Login,
    /// Its portal.
    Portal,
}

/// All of them.
pub const GIVERS: [Giver; 5] =
    [Giver::Process, Giver::Container, Giver::InstanceMetadata, Giver::Login, Giver::Portal];

impl Giver {
    /// Reads `document` as the one that it gives, once; what comes of it is shown in both ways.
    ///
    /// # Panics
    ///
    /// Where the flow does not end.
    pub fn read(self, document: Bytes) -> String {
        match self.resolve(document) {
            Ok(credentials) => format!("{credentials:?}"),
            Err(error) => format!("{error} {error:?}"),
        }
    }

    /// The credentials that come of `document`, at [`now`]. All else that their source asks for is given as it should be.
    ///
    /// # Errors
    ///
    /// Those of the source.
    ///
    /// # Panics
    ///
    /// Where the flow does not end.
    pub fn resolve(self, mut document: Bytes) -> Result<Credentials, Error> {
        let context = Context::new(&Settings::new().region("eu-west-1"), "test/0").expect("it is a region");
        let mut flow = Resolve::new(Arc::new(self.chain()), Arc::new(context), 7);
        let mut event = Event::Start;
        for _ in 0..50 {
            event = match flow.step(now(), event)? {
                Step::Done(resolved) => return Ok(resolved.credentials),
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
            Self::InstanceMetadata => {}
            Self::Login | Self::Portal => profiles.insert_profile("default", sso),
        }
        Chain::new(&Env::from_iter(variables), &profiles, None)
    }

    fn answer(self, effect: &Effect, document: &mut Bytes) -> Event {
        const LOGIN: &str = r#"{"accessToken":"t","expiresAt":"2030-01-01T00:00:00Z"}"#;
        const ROLE: &str = r#"{"roleCredentials":{"accessKeyId":"a","secretAccessKey":"s","sessionToken":"t","expiration":1800000000000}}"#;
        match effect {
            Effect::Run(_) => Event::Exited(ProcessOutput { status: Some(0), stdout: take(document) }),
            Effect::Read(_) if self == Self::Login => Event::Contents(Some(take(document))),
            Effect::Read(_) => Event::Contents(Some(Bytes::from_static(LOGIN.as_bytes()))),
            Effect::Send(request, _) => Event::Response(Response::new(match (self, request.uri().path()) {
                (Self::InstanceMetadata, path) if path.ends_with("/token") => Bytes::from_static(b"t"),
                (Self::InstanceMetadata, path) if path.ends_with("/security-credentials/") => {
                    Bytes::from_static(b"role")
                }
                (Self::Login, _) => Bytes::from_static(ROLE.as_bytes()),
                _ => take(document),
            })),
            Effect::Wait(_) => Event::Elapsed,
            Effect::AskMfaCode(_) => panic!("no source asks for a code"),
        }
    }
}

/// When documents are read.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Loads settings from this config file and this credentials file; what comes of it is shown in both ways, with all
/// settings and where the profile's credentials come from.
///
/// # Panics
///
/// Where more than two files are asked for.
pub fn load(config: Bytes, credentials: Bytes) -> String {
    let mut flow = Load::new(Env::from_iter([("HOME", "/h")]));
    let mut event = Event::Start;
    for file in [Some(config), Some(credentials), None] {
        match flow.step(SystemTime::UNIX_EPOCH, event) {
            Ok(Step::Done(settings)) => {
                return format!("{settings:?} {:?} {:?}", settings.list(), settings.chain());
            }
            Ok(Step::Perform(_)) => {}
            Err(error) => return format!("{error} {error:?}"),
        }
        event = Event::Contents(file);
    }
    panic!("there are two files to read");
}
