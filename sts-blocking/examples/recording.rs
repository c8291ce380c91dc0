//! A transport for tests: keeps what would be sent, and answers with what it was given. Needs no network.
//!
//! `cargo run --example recording`

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use sts_blocking::operations::AssumeRole;
use sts_blocking::{Client, Credentials, SendTimeouts, Transport, TransportError, TransportErrorKind};

/// Clones share what was sent and what is to be answered.
#[derive(Clone, Default)]
struct Recording {
    sent: Arc<Mutex<Vec<http::Request<Bytes>>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

type Answer = Result<http::Response<Bytes>, TransportErrorKind>;

impl Recording {
    /// Once what came before has been answered.
    fn then(self, status: u16, body: &'static str) -> Self {
        let mut answer = http::Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        self.answers.lock().expect("no panic elsewhere").push_back(Ok(answer));
        self
    }

    fn then_fails(self, kind: TransportErrorKind) -> Self {
        self.answers.lock().expect("no panic elsewhere").push_back(Err(kind));
        self
    }
}

impl Transport for Recording {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _: SendTimeouts,
    ) -> Result<http::Response<Bytes>, TransportError> {
        self.sent.lock().expect("no panic elsewhere").push(request);
        let answer = self.answers.lock().expect("no panic elsewhere").pop_front();
        Ok(answer.unwrap_or(Err(TransportErrorKind::Unsupported))?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let recording = Recording::default()
        .then_fails(TransportErrorKind::Closed)
        .then(503, "<html>try later</html>")
        .then(200, ROLE);
    let sts = Client::builder()
        .region("eu-west-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
        .transport(recording.clone())
        .build()?;

    // What a program under test does.
    let role = sts.assume_role(AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42"))?;

    // What its test looks at.
    assert_eq!(role.credentials.access_key_id, "ASIAEXAMPLE");
    assert_eq!(role.metadata.attempts(), 3);
    assert!(role.metadata.total_retry_delay() < Duration::from_secs(1));
    let sent = recording.sent.lock().expect("no panic elsewhere");
    for request in sent.iter() {
        println!("{} {}", request.method(), request.uri());
        println!("  {}", request.headers()["amz-sdk-request"].to_str()?);
        println!("  {}", std::str::from_utf8(request.body())?);
    }
    assert_eq!(sent.len(), 3);
    Ok(())
}

const ROLE: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>\
    <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
    <Expiration>2030-01-31T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
