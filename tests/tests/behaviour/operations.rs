//! The whole behaviour against the embedded STS, through both clients from one table of cases.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sts_proto::flow::{Effect, Event, Flow, Step};
use sts_proto::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, DecodeAuthorizationMessage, GetCallerIdentity,
    GetDelegatedAccessToken, GetFederationToken, GetSessionToken,
};
use sts_proto::{
    Context, Credentials, Error, ErrorCode, Fault, Operation, Presign, Retry, RetryClass, SendTimeouts,
    Settings, Timeouts, TransportErrorKind, input, output, sigv4,
};
use sts_tests::driver::{Driver, Setup};
use sts_tests::eleven::{ACTIONS, eleven};
use sts_tests::sts::Server;

fn alice(sts: &Server) -> Settings {
    let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    Settings::new().region("us-east-1").endpoint_url(sts.url()).credentials(keys)
}

fn both(settings: Settings) -> [Driver; 2] {
    Setup::new(settings).drivers().expect("the settings are good")
}

fn refused(result: Result<impl std::fmt::Debug, Error>, code: ErrorCode, status: u16) -> Error {
    let error = result.expect_err(code.as_str());
    assert_eq!(error.code(), Some(&code), "{error}");
    assert_eq!(error.metadata().map(|metadata| metadata.status().as_u16()), Some(status), "{error}");
    assert!(error.request_id().is_some(), "{error}");
    assert_eq!(error.as_service_error().map(|error| error.fault()), Some(Fault::Sender));
    error
}

#[test]
fn eleven_operations_through_two_clients() {
    let sts = Server::start();
    for driver in both(alice(&sts)) {
        sts.forget_requests();
        let rows = eleven(&driver, &sts);
        assert_eq!(rows.len(), 11);
        assert_eq!(rows.iter().map(|row| row.operation).collect::<Vec<_>>(), ACTIONS);
        let arrived = sts.requests();
        for (row, arrived) in rows.iter().zip(&arrived) {
            let (shown, request_id) =
                row.outcome.as_ref().unwrap_or_else(|e| panic!("{driver} {}: {e}", row.operation));
            assert!(!shown.is_empty() && !shown.contains('?'), "{driver} {}: {shown}", row.operation);
            assert_eq!(arrived.action.as_deref(), Some(row.operation));
            assert_eq!(&arrived.request_id, request_id, "{driver} {}", row.operation);
            let header = |name: &str| arrived.headers.get(name).and_then(|value| value.to_str().ok());
            assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded; charset=utf-8"));
            assert_eq!(header("host").map(|host| format!("http://{host}")), Some(sts.url()));
            assert_eq!(header("amz-sdk-request"), Some("attempt=1; max=3"));
            assert!(header("amz-sdk-invocation-id").is_some_and(|id| id.len() == 36));
            assert!(header("user-agent").is_some_and(|agent| agent.starts_with(&format!("sts-{driver}/"))));
            assert_eq!(header("content-length"), Some(arrived.body.len().to_string().as_str()));
            assert_eq!(header("transfer-encoding"), None, "bodies are sized, never chunked");
            let unsigned = matches!(row.operation, "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity");
            assert_eq!(header("authorization").is_none(), unsigned, "{driver} {}", row.operation);
        }
        let ids: std::collections::BTreeSet<_> = arrived
            .iter()
            .map(|arrived| arrived.headers["amz-sdk-invocation-id"].clone())
            .map(|id| id.to_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), 11, "every call has an invocation id of its own");
        // hyper hands a connection back a moment after the answer, so the next request may be sooner.
        let connections: std::collections::BTreeSet<_> =
            arrived.iter().map(|arrived| arrived.connection).collect();
        assert!(connections.len() < 11, "{driver}: no connection was kept alive");
    }
}

#[test]
fn sessions_work_and_end() {
    let sts = Server::builder().min_duration_seconds(1).start();
    for driver in both(alice(&sts)) {
        let issued = |issued: Credentials| both(alice(&sts).credentials(issued));
        let role = driver.send(AssumeRole::new(sts.role_arn("demo"), "me")).unwrap();
        let web = AssumeRoleWithWebIdentity::new(sts.role_arn("web"), "bob", sts.web_identity_token("bob"));
        let saml =
            AssumeRoleWithSaml::new(sts.role_arn("saml"), sts.saml_provider_arn(), sts.saml_assertion("bob"));
        for (keys, name) in [
            (role.credentials, "assumed-role/demo/me"),
            (driver.send(web).unwrap().credentials, "assumed-role/web/bob"),
            (driver.send(saml).unwrap().credentials, "assumed-role/saml/bob"),
            (driver.send(GetFederationToken::new("carol")).unwrap().credentials, "federated-user/carol"),
            (driver.send(GetSessionToken::new()).unwrap().credentials, "user/alice"),
        ] {
            assert!(keys.expiration.is_some_and(|end| end > SystemTime::now()));
            for session in issued(keys.clone()) {
                let me = session.send(GetCallerIdentity::new()).unwrap();
                assert!(me.arn.ends_with(name), "{driver}: {} is not {name}", me.arn);
            }
            let tampered = keys.with_session_token("tampered");
            for session in both(alice(&sts).credentials(tampered)) {
                refused(session.send(GetCallerIdentity::new()), ErrorCode::InvalidClientTokenId, 403);
            }
        }
        let short = driver.send(AssumeRole::new(sts.role_arn("demo"), "short").duration_seconds(1)).unwrap();
        let sessions = issued(short.credentials);
        let seen = sessions.each_ref().map(|session| session.send(GetCallerIdentity::new()).is_ok());
        assert_eq!(seen, [true, true]);
        std::thread::sleep(Duration::from_millis(2100));
        for session in sessions {
            refused(session.send(GetCallerIdentity::new()), ErrorCode::ExpiredToken, 403);
        }
    }
}

#[test]
fn refusals_have_types() {
    let sts = Server::start();
    let demo = || AssumeRole::new(sts.role_arn("demo"), "me");
    for driver in both(alice(&sts)) {
        refused(
            driver.send(AssumeRole::new(sts.role_arn("demo"), "bad,name!")),
            ErrorCode::ValidationError,
            400,
        );
        refused(driver.send(demo().duration_seconds(5)), ErrorCode::ValidationError, 400);
        refused(driver.send(demo().policy("{")), ErrorCode::MalformedPolicyDocument, 400);
        refused(driver.send(AssumeRole::new(sts.role_arn("nobody"), "me")), ErrorCode::AccessDenied, 403);
        let web = |token: String| AssumeRoleWithWebIdentity::new(sts.role_arn("web"), "bob", token);
        refused(driver.send(web("no.jwt".into())), ErrorCode::InvalidIdentityToken, 400);
        let expired = sts.expired_web_identity_token("bob");
        refused(driver.send(web(expired)), ErrorCode::ExpiredTokenException, 400);
        let decode = DecodeAuthorizationMessage::new("nonsense");
        refused(driver.send(decode), ErrorCode::InvalidAuthorizationMessageException, 400);
        let trade = GetDelegatedAccessToken::new("nonsense");
        refused(driver.send(trade), ErrorCode::ExpiredTradeInTokenException, 400);
        let mfa = GetSessionToken::new().serial_number(sts.mfa_serial()).token_code("000000");
        refused(driver.send(mfa), ErrorCode::AccessDenied, 403);
        refused(driver.send(NoSuchAction::new()), ErrorCode::InvalidAction, 400);
        refused(driver.send(NotSigned::new()), ErrorCode::MissingAuthenticationToken, 403);
    }
    for driver in both(alice(&sts).credentials(Credentials::new(sts.access_key_id(), "wrong"))) {
        let wrong = refused(driver.send(GetCallerIdentity::new()), ErrorCode::SignatureDoesNotMatch, 403);
        assert_eq!(wrong.retry_class(), RetryClass::Never);
    }
    for driver in both(alice(&sts).credentials(Credentials::new("AKIANOSUCHKEY0000000", "x"))) {
        refused(driver.send(GetCallerIdentity::new()), ErrorCode::InvalidClientTokenId, 403);
    }
    let pinned = Server::builder().region("eu-west-1").start();
    for driver in both(alice(&pinned)) {
        refused(driver.send(GetCallerIdentity::new()), ErrorCode::SignatureDoesNotMatch, 403);
    }
}

#[test]
fn a_wrong_clock_is_told_from_a_wrong_secret_and_corrected() {
    let sts = Server::start();
    for hours in [-1, 1] {
        sts.set_clock_offset_ms(hours * 3_600_000);
        for driver in both(alice(&sts).retry(Retry::off())) {
            let skewed =
                refused(driver.send(GetCallerIdentity::new()), ErrorCode::SignatureDoesNotMatch, 403);
            assert_eq!(skewed.retry_class(), RetryClass::ClockSkew, "{skewed}");
        }
        for driver in both(alice(&sts)) {
            let attempts = [1, 2].map(|_| driver.send(GetCallerIdentity::new()).unwrap().metadata.attempts());
            assert_eq!(attempts, [2, 1], "{driver}: once corrected, the clock stays so");
        }
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let sts = Server::start();
    let context = Context::new(&alice(&sts), "test/1").unwrap();
    let signed = || {
        let mut request = AssumeRole::new(sts.role_arn("demo"), "me").to_request(context.endpoint().unwrap());
        let scope = context.endpoint().unwrap().scope().unwrap();
        sigv4::sign(&mut request, context.credentials().unwrap(), scope, SystemTime::now()).unwrap();
        request
    };
    for driver in both(alice(&sts)) {
        assert!(AssumeRole::parse(&driver.run(Exchange::of(signed())).unwrap()).is_ok());
        let mut body = signed();
        *body.body_mut() = Bytes::from([body.body().as_ref(), b"&DurationSeconds=901"].concat());
        let mut header = signed();
        header.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        for changed in [body, header] {
            let response = driver.run(Exchange::of(changed)).unwrap();
            refused(AssumeRole::parse(&response), ErrorCode::SignatureDoesNotMatch, 403);
        }
    }
}

#[test]
fn a_presigned_url_works_until_it_is_changed() {
    let sts = Server::start();
    let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    let context = Context::new(&alice(&sts), "test/1").unwrap();
    let options = Presign::new(Duration::from_secs(60))
        .header("x-k8s-aws-id".parse().unwrap(), "a  b ".parse().unwrap());
    for driver in both(alice(&sts)) {
        let session = driver.send(AssumeRole::new(sts.role_arn("demo"), "me")).unwrap().credentials;
        for (keys, name) in [(keys.clone(), "user/alice"), (session, "assumed-role/demo/me")] {
            let presigned = GetCallerIdentity::new()
                .presign(context.endpoint().unwrap(), &keys, SystemTime::now(), &options)
                .unwrap();
            let me = GetCallerIdentity::parse(&driver.run(Exchange::of(presigned.clone())).unwrap()).unwrap();
            assert!(me.arn.ends_with(name), "{}", me.arn);
            let mut without_header = presigned.clone();
            without_header.headers_mut().remove("x-k8s-aws-id");
            let mut other_action = presigned;
            let uri = other_action.uri().to_string().replace("GetCallerIdentity", "GetSessionToken");
            *other_action.uri_mut() = uri.parse().unwrap();
            for changed in [without_header, other_action] {
                let response = driver.run(Exchange::of(changed)).unwrap();
                refused(GetCallerIdentity::parse(&response), ErrorCode::SignatureDoesNotMatch, 403);
            }
        }
    }
}

#[test]
fn clients_are_shared_by_many_callers() {
    let sts = Server::start();
    for driver in both(alice(&sts)) {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let driver = driver.clone();
                scope.spawn(move || {
                    for _ in 0..20 {
                        driver.send(GetCallerIdentity::new()).unwrap();
                    }
                });
            }
        });
    }
    assert_eq!(sts.requests().len(), 2 * 8 * 20);
}

#[test]
fn a_call_ends_within_its_time() {
    let sts = Server::start();
    sts.respond_with(|_| {
        std::thread::sleep(Duration::from_millis(400));
        None
    });
    let timeouts = Timeouts { call: Duration::from_millis(100), ..Timeouts::default() };
    for driver in both(alice(&sts).timeouts(timeouts)) {
        let error = driver.send(GetCallerIdentity::new()).unwrap_err();
        let kind = error.as_transport_error().map(|error| error.kind());
        assert!(matches!(kind, Some(TransportErrorKind::Timeout(_))), "{error:?}");
        assert_eq!(error.retry_class(), RetryClass::Transient);
    }
}

/// A flow that sends one request as it is.
struct Exchange(Option<http::Request<Bytes>>);

impl Exchange {
    fn of(request: http::Request<Bytes>) -> Self {
        Self(Some(request))
    }
}

impl Flow for Exchange {
    type Output = http::Response<Bytes>;
    type Error = Error;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Self::Output>, Error> {
        match (self.0.take(), event) {
            (Some(request), Event::Start) => {
                Ok(Step::Perform(Effect::Send(request, SendTimeouts::default())))
            }
            (None, Event::Response(response)) => Ok(Step::Done(response)),
            (_, Event::Failed(error)) => Err(error.into()),
            (_, event) => panic!("{event:?} was not asked for"),
        }
    }
}

input! {
    /// An action that no server knows.
    pub struct NoSuchAction {}
}

output! {
    /// What no server returns.
    pub struct NoSuchActionOutput {}
    metadata
}

impl Operation for NoSuchAction {
    const ACTION: &'static str = "NoSuchAction";
    type Output = NoSuchActionOutput;
}

input! {
    /// An action that has to be signed and is not.
    pub struct NotSigned {}
}

impl Operation for NotSigned {
    const ACTION: &'static str = "GetCallerIdentity";
    const SIGNED: bool = false;
    type Output = NoSuchActionOutput;
}
