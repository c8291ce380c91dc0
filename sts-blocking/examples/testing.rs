//! A program that assumes a role, and its test: the kit answers in place of the network.
//!
//! `cargo run -p sts-blocking --example testing --features testing`

use std::time::Duration;

use sts_blocking::operations::{AssumeRole, AssumeRoleOutput};
use sts_blocking::testing::{Answer, Refusal, Service};
use sts_blocking::{Builder, Client, Credentials, Error, ErrorCode, TransportErrorKind};

/// The program: a session for a team, or none where it is not let in.
fn session(sts: &Client, team: &str) -> Result<Option<Credentials>, Error> {
    let role = AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42")
        .tags([("team", team)])
        .duration_seconds(Duration::from_secs(900));
    match sts.assume_role(role) {
        Ok(output) => Ok(Some(output.credentials)),
        Err(error) if error.code() == Some(&ErrorCode::AccessDenied) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Its test.
fn main() -> Result<(), Error> {
    let keys = Credentials::new("ASIAEXAMPLE", "secret").with_session_token("token");
    let service = Service::from([
        Answer::from(TransportErrorKind::Closed),
        Refusal::new(400, ErrorCode::Throttling, "Rate exceeded").into(),
        AssumeRoleOutput::new(keys).packed_policy_size(7).into(),
        Refusal::new(403, ErrorCode::AccessDenied, "not you").into(),
    ]);
    let sts = Builder::answered_by(&service).build()?;

    // Two attempts fail, and the call waits between them no time that the test would notice.
    let keys = session(&sts, "payments")?.expect("the third answer has keys");
    assert_eq!(keys.access_key_id, "ASIAEXAMPLE");
    assert!(session(&sts, "billing")?.is_none());

    let received = service.received();
    assert_eq!(received.len(), 4);
    assert_eq!(received[3].member("Tags.member.1.Value"), Some("billing"));
    println!("{:#?}", received[3]);
    Ok(())
}
