//! Who am I, with the official SDK.

use std::env::var;

use aws_sdk_sts::config::{Credentials, Region};
use aws_sdk_sts::{Client, Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keys = Credentials::new(
        var("AWS_ACCESS_KEY_ID")?,
        var("AWS_SECRET_ACCESS_KEY")?,
        var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = Config::builder().region(Region::new(var("AWS_REGION")?)).credentials_provider(keys);
    if let Ok(url) = var("AWS_ENDPOINT_URL_STS") {
        config = config.endpoint_url(url);
    }
    let me = Client::from_conf(config.build()).get_caller_identity().send().await?;
    println!("{}", me.arn().unwrap_or("-"));
    Ok(())
}
