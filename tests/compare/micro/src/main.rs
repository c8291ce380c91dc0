//! The workloads of `sts-proto/benches/cost`, performed by other libraries and measured in the same way.

#[path = "../../../../sts-proto/benches/cost/callgrind.rs"]
mod callgrind;
#[path = "../../../../sts-proto/benches/cost/harness.rs"]
mod harness;
mod reqsign;

use std::alloc::System;
use std::cell::RefCell;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::config::Region;
use aws_sdk_sts::operation::assume_role::AssumeRole;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use harness::{Meter, Workload, Workloads};
use sha2::{Digest, Sha256};
use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = harness::ALLOCATOR;

fn main() -> ExitCode {
    harness::main::<Others>()
}

struct Others;

impl Workloads for Others {
    const WORKLOADS: &'static [Workload] = &[
        Workload { name: "sha256-12-blocks", ceiling: None },
        Workload { name: "aws-sigv4-sign", ceiling: None },
        Workload { name: "reqsign-sign", ceiling: None },
        Workload { name: "aws-sdk-sts-parse", ceiling: None },
        Workload { name: "aws-sdk-sts-call", ceiling: None },
        Workload { name: "reqsign-call", ceiling: None },
    ];

    fn run(name: &str, meter: &mut impl Meter) -> bool {
        match name {
            "sha256-12-blocks" => {
                let text = vec![b'x'; 12 * 64 - 9];
                meter.measure(|| (), |()| Sha256::digest(black_box(&text)));
            }
            "aws-sigv4-sign" => sign_form(meter),
            "reqsign-sign" => reqsign::sign_form(meter),
            "aws-sdk-sts-parse" => parse(meter),
            "aws-sdk-sts-call" => call(meter),
            "reqsign-call" => reqsign::call(meter),
            _ => return false,
        }
        true
    }
}

/// The signature only; the form is prepared.
fn sign_form(meter: &mut impl Meter) {
    let identity = keys().into();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_784_000_000);
    meter.measure(
        || (),
        |()| {
            let mut request = http::Request::post("https://sts.eu-west-1.amazonaws.com/")
                .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
                .body(FORM)
                .expect("a valid request");
            let parameters = v4::SigningParams::builder()
                .identity(&identity)
                .region("eu-west-1")
                .name("sts")
                .time(now)
                .settings(SigningSettings::default())
                .build()
                .expect("all is set");
            let headers =
                request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text")));
            let signable =
                SignableRequest::new("POST", request.uri().to_string(), headers, SignableBody::Bytes(FORM));
            let signed = sign(signable.expect("signable"), &parameters.into()).expect("signed");
            signed.into_parts().0.apply_to_request_http1x(&mut request);
            request
        },
    );
}

fn parse(meter: &mut impl Meter) {
    let layer = AssumeRole::new().config().expect("a configuration");
    let reader = layer.load::<SharedResponseDeserializer>().expect("a deserializer");
    let bag = RefCell::new(ConfigBag::of_layers(vec![]));
    meter.measure(answer, |answer| {
        let output =
            reader.deserialize_nonstreaming_with_config(&answer, &bag.borrow()).expect("a valid response");
        (output, answer)
    });
}

fn call(meter: &mut impl Meter) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let canned = Canned::default();
    let connector = SharedHttpConnector::new(canned.clone());
    let config = aws_sdk_sts::Config::builder()
        .region(Region::new("eu-west-1"))
        .credentials_provider(keys())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    let client = aws_sdk_sts::Client::from_conf(config);
    meter.measure(
        || {
            canned.0.lock().expect("no panic").push(answer());
            client
                .assume_role()
                .role_arn("arn:aws:iam::123456789012:role/deployment-of-the-shop")
                .role_session_name("build-42-of-the-main-branch")
                .duration_seconds(900)
                .external_id("b6d1c9")
        },
        |call| runtime.block_on(call.send()).expect("a valid response"),
    );
}

/// The answers of the calls that are measured next, which are made outside of what is counted.
#[derive(Clone, Debug, Default)]
struct Canned(Arc<Mutex<Vec<HttpResponse>>>);

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        black_box(request);
        let answer = self.0.lock().expect("no panic").pop();
        HttpConnectorFuture::ready(Ok(answer.expect("one answer for each call")))
    }
}

fn answer() -> HttpResponse {
    http::Response::builder()
        .header("x-amzn-requestid", "c6104cbe-af31-11e0-8154-cbc7ccf896c7")
        .header("x-amz-sts-extended-request-id", "MTphcC1ub3J0aGVhc3QtMTpTOjE3ODQwMDAwMDA=")
        .header("content-type", "text/xml")
        .header("content-length", "1446")
        .header("date", "Tue, 14 Jul 2026 03:33:20 GMT")
        .body(SdkBody::from(ANSWER))
        .expect("a valid response")
        .try_into()
        .expect("a valid response")
}

fn keys() -> Credentials {
    Credentials::new(KEY_ID, SECRET, None, None, "bench")
}

const KEY_ID: &str = "AKIDEXAMPLEAKIDEXAMP";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const FORM: &[u8] = include_bytes!("../../assume_role.form");
const ANSWER: &str = include_str!("../../../../sts-proto/benches/cost/assume_role.xml");
