//! Who am I, with hyper and nothing else: signed by nobody, read by nobody.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let form = b"Action=GetCallerIdentity&Version=2011-06-15";
    let answer = whoami_hyper::post(&whoami_hyper::client(), &whoami_hyper::uri(), form).await?;
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}
