//! A server's own action in one file: MinIO's `AssumeRoleWithLDAPIdentity`.
//!
//! The input and the output are declared with the crate's macros; with the `Operation` implementation below, the
//! action goes through everything that the built-in ones go through: the values, `Call`, and both clients' `send`.

use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::{Credentials, Operation, Secret, input, output};

input! {
    /// Returns temporary keys for a name and a password of an LDAP directory.
    pub struct AssumeRoleWithLdapIdentity {
        /// The name in the directory.
        ldap_username: String = "LDAPUsername",
        /// The password.
        ldap_password: Secret = "LDAPPassword",
        ..
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds.
        duration_seconds: u32 = "DurationSeconds",
    }
}

output! {
    /// What `AssumeRoleWithLdapIdentity` returns.
    pub struct AssumeRoleWithLdapIdentityOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
    }
    metadata
}

impl Operation for AssumeRoleWithLdapIdentity {
    const ACTION: &'static str = "AssumeRoleWithLDAPIdentity";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithLdapIdentityOutput;
}

fn main() -> Result<(), sts_proto::Error> {
    let operation = AssumeRoleWithLdapIdentity::new("alice", "correct horse").duration_seconds(3600);
    println!("{operation:?}");

    let minio = EndpointParams { endpoint_url: Some("http://localhost:9000"), ..Default::default() };
    let request = operation.to_request(&Endpoint::resolve(&minio)?);
    println!("{} {}, {} bytes", request.method(), request.uri(), request.body().len());

    // What MinIO answers.
    let response = http::Response::new(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <AssumeRoleWithLDAPIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithLDAPIdentityResult>
            <Credentials>
              <AccessKeyId>Y4RJU1RNFGK48LGO9I2S</AccessKeyId>
              <SecretAccessKey>sYLRKS1Z7hSjluf6gEbb9066hnx315wHTiACPAjg</SecretAccessKey>
              <SessionToken>eyJhbGciOiJIUzUxMiJ9.e30.c2ln</SessionToken>
              <Expiration>2030-01-31T12:00:00Z</Expiration>
            </Credentials>
          </AssumeRoleWithLDAPIdentityResult>
        </AssumeRoleWithLDAPIdentityResponse>"#,
    );
    println!("{:?}", AssumeRoleWithLdapIdentity::parse(&response)?);
    Ok(())
}
