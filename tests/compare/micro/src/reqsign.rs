//! The workloads with reqsign.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use reqsign_aws_v4::constants::X_AMZ_CONTENT_SHA_256;
use reqsign_aws_v4::{AssumeRoleGrant, AssumeRoleGranter, RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Granter, HttpSend, Result, Signer, hash};

use crate::harness::Meter;
use crate::{ANSWER, FORM, KEY_ID, SECRET};

/// The signature only; the form is prepared.
pub fn sign_form(meter: &mut impl Meter) {
    let keys = StaticCredentialProvider::new(KEY_ID, SECRET);
    let signer = Signer::new(Context::new(), keys, RequestSigner::new("sts", "eu-west-1"));
    meter.measure(
        || (),
        |()| {
            let request = http::Request::post("https://sts.eu-west-1.amazonaws.com/")
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
                // Without this, reqsign does not sign the body.
                .header(X_AMZ_CONTENT_SHA_256, hash::hex_sha256(FORM));
            let (mut head, form) = request.body(FORM).expect("a valid request").into_parts();
            now(signer.sign(&mut head, None)).expect("signed");
            http::Request::from_parts(head, form)
        },
    );
}

/// Its own AssumeRole: a GET with the form in the query; it reads only the credentials from the response.
pub fn call(meter: &mut impl Meter) {
    let keys = StaticCredentialProvider::new(KEY_ID, SECRET);
    let role = || {
        let role = "arn:aws:iam::123456789012:role/deployment-of-the-shop";
        let grant = AssumeRoleGrant::new(role, "build-42-of-the-main-branch").with_external_id("b6d1c9");
        AssumeRoleGranter::new("eu-west-1", grant)
    };
    let canned = Canned::default();
    let granter = Granter::new(Context::new().with_http_send(canned.clone()), keys, role());
    meter.measure(
        || {
            canned.0.lock().expect("no panic").push(answer());
            granter.clone().with_credential_granter(role())
        },
        |granter| now(granter.grant(Some(Duration::from_secs(900)))).expect("a valid response"),
    );
}

/// The answers of the calls that are measured next, which are made outside of what is counted.
#[derive(Clone, Debug, Default)]
struct Canned(Arc<Mutex<Vec<http::Response<Bytes>>>>);

impl HttpSend for Canned {
    async fn http_send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>> {
        std::hint::black_box(request);
        Ok(self.0.lock().expect("no panic").pop().expect("one answer for each call"))
    }
}

fn answer() -> http::Response<Bytes> {
    http::Response::builder()
        .header("x-amzn-requestid", "c6104cbe-af31-11e0-8154-cbc7ccf896c7")
        .header("x-amz-sts-extended-request-id", "MTphcC1ub3J0aGVhc3QtMTpTOjE3ODQwMDAwMDA=")
        .header("content-type", "text/xml")
        .header("content-length", "1446")
        .header("date", "Tue, 14 Jul 2026 03:33:20 GMT")
        .body(Bytes::from_static(LASTING.as_bytes()))
        .expect("a valid response")
}

/// The result of a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// The response with keys that have not expired: reqsign compares their end with the machine's clock.
static LASTING: LazyLock<String> = LazyLock::new(|| {
    let lasting = ANSWER.replace("<Expiration>2026-", "<Expiration>2126-");
    assert!(lasting != ANSWER && lasting.len() == ANSWER.len());
    lasting
});
