//! reqwest as the transport. Prints the caller's identity, on AWS or wherever `AWS_ENDPOINT_URL_STS` points; without a region
//! or credentials it says what is missing:
//!
//! ```sh
//! AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… cargo run --example reqwest
//! ```

use std::error::Error;
use std::process::ExitCode;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use sts_async::sts_proto::wire::MAX_BODY;
use sts_async::{
    Client, Phase, SendTimeouts, Transport, TransportError, TransportErrorKind, TransportFuture,
};

/// Sends with a reqwest client, which may be shared with the rest of the program if it follows no redirects: they would
/// carry the session token elsewhere.
struct Reqwest(reqwest::Client);

impl Reqwest {
    /// reqwest knows no time-out for a single request to connect, so it is the same for all.
    fn new(timeouts: SendTimeouts) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().redirect(Policy::none()).connect_timeout(timeouts.connect);
        client.build().map(Self)
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let mut request =
            reqwest::Request::try_from(request).map_err(|error| failed(error, Phase::Response))?;
        *request.timeout_mut() = Some(timeouts.attempt);
        let mut answer = self.0.execute(request).await.map_err(|error| failed(error, Phase::Response))?;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(error, Phase::Body))? {
            if chunk.len() > MAX_BODY - body.len() {
                return Err(TransportErrorKind::TooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl Transport for Reqwest {
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(self.exchange(request, timeouts))
    }
}

/// The kind decides whether the call is tried again.
fn failed(error: reqwest::Error, phase: Phase) -> TransportError {
    let kind = match (error.is_timeout(), error.is_connect()) {
        (true, true) => TransportErrorKind::Timeout(Phase::Connect),
        (true, false) => TransportErrorKind::Timeout(phase),
        (false, true) => TransportErrorKind::Connect,
        (false, false) if error.is_request() || error.is_body() || error.is_decode() => {
            TransportErrorKind::Closed
        }
        (false, false) => TransportErrorKind::Other,
    };
    TransportError::new(kind, error.without_url())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match whoami().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reqwest: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn whoami() -> Result<(), Box<dyn Error>> {
    // Built without a cryptography provider of its own, reqwest takes the process's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let transport = Reqwest::new(SendTimeouts::default())?;
    let sts = Client::builder().transport(transport).build()?;
    println!("{}", sts.get_caller_identity().await?.arn);
    Ok(())
}
