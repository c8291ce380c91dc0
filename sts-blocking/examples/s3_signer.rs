//! Hands credentials that a client keeps fresh to another signer: here the core's own, for Amazon S3. Needs no network; a
//! real program would send what is printed.
//!
//! `AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret cargo run --example s3_signer`

use std::error::Error;
use std::time::SystemTime;

use bytes::Bytes;
use sts_blocking::sts_proto::sigv4::{Scope, Signer};
use sts_blocking::{Client, CredentialsProvider};

fn main() -> Result<(), Box<dyn Error>> {
    // Any provider will do. This one calls STS only if a role is to be assumed, so it needs no region of its own.
    let provider = Client::builder().credentials_only().build()?;
    // As they stand in the URL: the second object is called `a b.txt`.
    for key in ["one.txt", "a%20b.txt"] {
        // Asked for each request: it costs next to nothing while they hold, and new ones come in time.
        let request = get_object(&provider, key, SystemTime::now())?;
        println!("{} {}", request.method(), request.uri());
        for (name, value) in request.headers() {
            println!("  {name}: {}", if value.is_sensitive() { "…" } else { value.to_str()? });
        }
    }
    Ok(())
}

fn get_object(
    provider: &impl CredentialsProvider,
    key: &str,
    now: SystemTime,
) -> Result<http::Request<Bytes>, Box<dyn Error>> {
    let keys = provider.credentials()?;
    let mut request = http::Request::get(format!("https://my-bucket.s3.eu-west-1.amazonaws.com/{key}"))
        .header("host", "my-bucket.s3.eu-west-1.amazonaws.com")
        .body(Bytes::new())?;
    let scope = Scope::new("eu-west-1", "s3");
    // The path is signed as it is sent, since `a//b` and `a/../b` are names of objects, and the body's hash is a header.
    // For other services the defaults of the signer are right.
    let signer = Signer::new(&keys, &scope, now);
    signer.normalize_path(false).double_encode(false).content_sha256(true).sign(&mut request)?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sts_blocking::Credentials;

    use super::*;

    /// Computed from the documentation of S3 ("Signature Calculations for the Authorization Header"), by another program.
    #[test]
    fn paths_are_signed_as_they_are_sent() {
        let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        for (key, signature) in [
            ("one.txt", "b11910757b20b5997ea39c59bf38922ec2114fb6b4f5b52888d65aa6b40654d3"),
            ("a%20b.txt", "177f16cf97e6a34ea734ae61fafd36c0cdd7196f081cee9488ec24c16c84c60f"),
            ("a//b/../c.txt", "72524391487f5a263123e6b828cbea6a76938c88413611713f5457838f45231e"),
        ] {
            let request = get_object(&keys, key, now).expect("it is signed");
            assert_eq!(request.uri().path(), format!("/{key}"));
            let authorization = request.headers()["authorization"].to_str().expect("it is text");
            assert!(authorization.ends_with(signature), "{key}: {authorization}");
        }
    }
}
