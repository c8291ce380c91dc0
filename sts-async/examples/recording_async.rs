//! A transport for tests: it keeps what is sent and answers what it was told to. Runs offline.
//!
//! ```sh
//! cargo run --example recording_async
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sts_async::operations::AssumeRole;
use sts_async::{
    Client, Credentials, SendTimeouts, Transport, TransportError, TransportErrorKind, TransportFuture,
};

/// Clones share what was sent and what is left to answer.
#[derive(Clone, Default)]
struct Recording {
    sent: Arc<Mutex<Vec<http::Request<Bytes>>>>,
    answers: Arc<Mutex<VecDeque<http::Response<Bytes>>>>,
}

impl Recording {
    /// Answers the next request with this.
    fn answer(self, status: http::StatusCode, body: &'static str) -> Self {
        let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = status;
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(response);
        self
    }

    /// What was sent since one asked last.
    fn sent(&self) -> Vec<http::Request<Bytes>> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for Recording {
    fn send(&self, request: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let nothing = || TransportError::new(TransportErrorKind::Other, "the recording has no more answers");
        Box::pin(async move { answer.ok_or_else(nothing) })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sts_async::Error> {
    let recording = Recording::default()
        .answer(http::StatusCode::SERVICE_UNAVAILABLE, "")
        .answer(http::StatusCode::OK, ROLE);
    let sts = Client::builder()
        .region("eu-west-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
        .transport(recording.clone())
        .build()?;

    let role = AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42");
    let role = sts.assume_role(role).await?;
    println!("{} after {} attempts", role.credentials.access_key_id, role.metadata.attempts());

    for request in recording.sent() {
        println!("{} {}", request.method(), request.uri());
        println!("    {}", request.headers()["amz-sdk-request"].to_str().unwrap_or("?"));
        println!("    {}", String::from_utf8_lossy(request.body()));
    }
    Ok(())
}

const ROLE: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>\
    <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
    <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>\
    <Arn>arn:aws:sts::123456789012:assumed-role/demo/build-42</Arn><AssumedRoleId>AROA:build-42</AssumedRoleId>\
    </AssumedRoleUser></AssumeRoleResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>\
    </AssumeRoleResponse>";
