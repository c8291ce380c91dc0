//! Prints the caller's identity, on AWS or wherever `AWS_ENDPOINT_URL_STS` points. Region and credentials come from where the
//! AWS CLI finds them. To try other ones:
//!
//! ```sh
//! AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… cargo run --example whoami_async
//! ```

use std::error::Error;
use std::process::ExitCode;

use sts_async::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match whoami().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("whoami: {error}");
            let mut cause = error.source();
            while let Some(below) = cause {
                eprintln!("  because: {below}");
                cause = below.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn whoami() -> Result<(), sts_async::Error> {
    let me = Client::from_env()?.get_caller_identity().await?;
    println!("account  {}", me.account);
    println!("arn      {}", me.arn);
    println!("user id  {}", me.user_id);
    println!("request  {}", me.metadata.request_id().unwrap_or("-"));
    Ok(())
}
