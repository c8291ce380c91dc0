//! Prints the caller's identity, with the official SDK and aws-config.

use aws_config::BehaviorVersion;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let me = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await?;
    println!("{}", me.arn().unwrap_or("-"));
    Ok(())
}
