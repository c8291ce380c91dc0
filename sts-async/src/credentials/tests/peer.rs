use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sts_proto::SendTimeouts;

use crate::{Transport, TransportFuture};

/// A transport that answers out of the request, and knows how many there were.
#[derive(Clone)]
pub(super) struct Peer {
    answer: Arc<Answer>,
    sent: Arc<Mutex<Vec<http::Request<Bytes>>>>,
}

type Answer = dyn Fn(&http::Request<Bytes>) -> http::Response<Bytes> + Send + Sync;

impl Peer {
    pub(super) fn new(
        answer: impl Fn(&http::Request<Bytes>) -> http::Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self { answer: Arc::new(answer), sent: Arc::default() }
    }

    /// Knows who everybody is.
    pub(super) fn sts() -> Self {
        Self::new(|_| response(200, IDENTITY))
    }

    /// The access key ids that requests were signed with; empty for one that was not signed.
    pub(super) fn signers(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(signer).collect()
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        let text = |request: &http::Request<Bytes>| String::from_utf8(request.body().to_vec()).unwrap();
        self.sent.lock().unwrap().iter().map(text).collect()
    }
}

impl Transport for Peer {
    fn send(&self, request: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        let response = (self.answer)(&request);
        self.sent.lock().unwrap().push(request);
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(response)
        })
    }
}

/// The access key id that a request was signed with.
pub(super) fn signer(request: &http::Request<Bytes>) -> String {
    let header = request.headers().get("authorization").map_or("", |value| value.to_str().unwrap());
    let (_, scope) = header.split_once("Credential=").unwrap_or_default();
    scope.split('/').next().unwrap_or_default().to_owned()
}

pub(super) fn response(status: u16, body: &'static str) -> http::Response<Bytes> {
    http::Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap()
}

pub(super) const EXPIRED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>\
    <Message>The security token included in the request is expired</Message></Error></ErrorResponse>";

pub(super) const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
    <Account>0123</Account><Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
