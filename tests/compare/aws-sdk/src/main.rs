//! Prints the caller's identity, with the official SDK.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let me = whoami_aws_sdk::client()?.get_caller_identity().send().await?;
    println!("{}", me.arn().unwrap_or("-"));
    Ok(())
}
