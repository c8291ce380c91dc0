//! Prints the caller's identity, on AWS or wherever `AWS_ENDPOINT_URL_STS` points.
//!
//! Region and credentials come from where the AWS CLI finds them. To try other ones:
//!
//!     AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… cargo run --example whoami

use std::error::Error;
use std::process::ExitCode;

use sts_blocking::Client;

fn main() -> ExitCode {
    match Client::from_env().and_then(|sts| sts.get_caller_identity()) {
        Ok(me) => {
            println!("account  {}", me.account);
            println!("arn      {}", me.arn);
            println!("user id  {}", me.user_id);
            println!("request  {}", me.metadata.request_id().unwrap_or("-"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("whoami: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
