//! Prints the caller's identity, with sts-async.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sts_async::Error> {
    println!("{}", sts_async::Client::from_env()?.get_caller_identity().await?.arn);
    Ok(())
}
