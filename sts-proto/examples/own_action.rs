//! A server's own action in one file.
//!
//! The input and the output are declared with the crate's macros; with the `Operation` implementation below, the
//! action goes through everything that the built-in ones go through: the values, `Call`, and both clients' `send`.
//! The actions of MinIO and SeaweedFS are in `sts_proto::dialects`.

use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::{Credentials, Operation, Secret, input, output};

input! {
    /// Returns temporary keys for a badge and its number.
    pub struct AssumeRoleWithBadge {
        /// What is printed on the badge.
        badge: String = "Badge",
        /// The number.
        number: Secret = "Number",
        ..
        /// Lifetime in seconds.
        duration_seconds: u32 = "DurationSeconds",
    }
}

output! {
    /// What `AssumeRoleWithBadge` returns.
    pub struct AssumeRoleWithBadgeOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// Whose badge it is.
        holder: Option<String> = "Holder",
    }
    metadata
}

impl Operation for AssumeRoleWithBadge {
    const ACTION: &'static str = "AssumeRoleWithBadge";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithBadgeOutput;
}

fn main() -> Result<(), sts_proto::Error> {
    let operation = AssumeRoleWithBadge::new("blue 7", "0042").duration_seconds(3600);
    println!("{operation:?}");

    let server = EndpointParams { endpoint_url: Some("http://localhost:9000"), ..Default::default() };
    let request = operation.to_request(&Endpoint::resolve(&server)?);
    println!("{} {}, {} bytes", request.method(), request.uri(), request.body().len());

    // What the server answers.
    let response = http::Response::new(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <AssumeRoleWithBadgeResponse>
          <AssumeRoleWithBadgeResult>
            <Credentials>
              <AccessKeyId>Y4RJU1RNFGK48LGO9I2S</AccessKeyId>
              <SecretAccessKey>sYLRKS1Z7hSjluf6gEbb9066hnx315wHTiACPAjg</SecretAccessKey>
              <SessionToken>eyJhbGciOiJIUzUxMiJ9.e30.c2ln</SessionToken>
              <Expiration>2030-01-31T12:00:00Z</Expiration>
            </Credentials>
            <Holder>alice</Holder>
          </AssumeRoleWithBadgeResult>
        </AssumeRoleWithBadgeResponse>"#,
    );
    println!("{:?}", AssumeRoleWithBadge::parse(&response)?);
    Ok(())
}
