//! Services that answer both clients in place of the network, and what tests have them answer.

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::testing::Service;
use sts_proto::{Settings, TransportError};

use crate::driver::Setup;
use crate::exchange;
use crate::sts::Server;

/// A service of the kit that answers with whole responses.
#[derive(Clone)]
pub struct Peer(Service);

/// What comes of a request.
pub type Answered = Result<Response<Bytes>, TransportError>;

impl Peer {
    /// A peer that answers with this.
    pub fn new(answer: impl Fn(&Request<Bytes>) -> Answered + Send + Sync + 'static) -> Self {
        Self(Service::new(move |request| answer(request)))
    }

    /// A peer that answers `GetCallerIdentity`, whatever it is asked.
    pub fn sts() -> Self {
        Self::new(|_| answer(200, IDENTITY))
    }

    /// A peer that refuses requests signed with this access key as expired, and answers others as [`sts`](Self::sts).
    pub fn refusing(access_key_id: &'static str) -> Self {
        Self::new(move |request| match signer(request) == access_key_id {
            true => answer(403, EXPIRED),
            false => answer(200, IDENTITY),
        })
    }

    /// A network in which every STS of AWS is this one.
    pub fn network_of(sts: &Server) -> Self {
        let url = sts.url();
        let setup = Setup::new(Settings::new().region("us-east-1").endpoint_url(&*url));
        let [driver, _] = setup.drivers().expect("the settings are good");
        Self::new(move |request| {
            assert!(request.uri().host().is_some_and(|host| host.ends_with(".amazonaws.com")));
            let mut request = request.clone();
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            *request.uri_mut() = format!("{url}{target}").parse().expect("a url");
            Ok(exchange::send(&driver, request).expect("an answer"))
        })
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.0.received().iter().map(|received| Request::clone(received)).collect()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.0.forget();
    }

    /// The access key ids that requests were signed with; empty for one that was not signed.
    pub fn signers(&self) -> Vec<String> {
        self.requests().iter().map(signer).collect()
    }

    /// The bodies of the requests so far.
    pub fn bodies(&self) -> Vec<String> {
        let text = |request: &Request<Bytes>| String::from_utf8_lossy(request.body()).into_owned();
        self.requests().iter().map(text).collect()
    }

    /// The service itself.
    pub fn service(&self) -> &Service {
        &self.0
    }
}

/// The access key id that a request was signed with.
pub fn signer(request: &Request<Bytes>) -> String {
    let header = request.headers().get("authorization").map(|value| value.to_str().expect("it is text"));
    let (_, scope) = header.and_then(|header| header.split_once("Credential=")).unwrap_or_default();
    scope.split('/').next().unwrap_or_default().to_owned()
}

/// An answer.
pub fn answer(status: u16, body: impl Into<Bytes>) -> Answered {
    Ok(Response::builder().status(status).body(body.into()).expect("the status is one"))
}

/// What `GetCallerIdentity` is answered with.
pub const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
    <Account>0123</Account><Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// What a request with an expired token is answered with.
pub const EXPIRED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
    <Message>The security token included in the request is expired</Message></Error></ErrorResponse>";
