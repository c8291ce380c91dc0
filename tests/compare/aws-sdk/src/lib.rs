//! The official SDK in a minimal set-up.

use std::env::var;

use aws_sdk_sts::config::{Credentials, Region};
use aws_sdk_sts::{Client, Config};

/// Region, keys and endpoint from the environment, without aws-config.
pub fn client() -> Result<Client, std::env::VarError> {
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
    Ok(Client::from_conf(config.build()))
}
