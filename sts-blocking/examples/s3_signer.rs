//! Hands credentials that a client keeps fresh to another signer: here the core's own, for Amazon S3. Needs no network; a
//! real program would send what is printed.
//!
//! `AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret cargo run --example s3_signer`

use std::error::Error;
use std::time::SystemTime;

use bytes::Bytes;
use sts_blocking::sts_proto::sigv4::{Scope, sign};
use sts_blocking::{Client, CredentialsProvider};

fn main() -> Result<(), Box<dyn Error>> {
    // Any provider will do. This one calls STS only if a role is to be assumed, so it needs no region of its own.
    let provider = Client::builder().credentials_only().build()?;
    for key in ["one.txt", "two.txt"] {
        // Asked for each request: it costs next to nothing while they hold, and new ones come in time.
        let request = get_object(&provider, key)?;
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
) -> Result<http::Request<Bytes>, Box<dyn Error>> {
    let keys = provider.credentials()?;
    let mut request = http::Request::get(format!("https://my-bucket.s3.eu-west-1.amazonaws.com/{key}"))
        .header("host", "my-bucket.s3.eu-west-1.amazonaws.com")
        // S3 wants to be told the body's hash; this one is of nothing.
        .header("x-amz-content-sha256", EMPTY)
        .body(Bytes::new())?;
    sign(&mut request, &keys, &Scope::new("eu-west-1", "s3"), SystemTime::now())?;
    Ok(request)
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
