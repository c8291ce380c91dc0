//! Prints the caller's identity, with bare hyper: no signing, no parsing.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let form = b"Action=GetCallerIdentity&Version=2011-06-15";
    let answer = whoami_hyper::post(&whoami_hyper::client(), &whoami_hyper::uri(), form).await?;
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}
