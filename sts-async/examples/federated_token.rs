//! Keeps a token that proves this program's AWS identity in a file, where SDKs of other clouds look for one.
//!
//! ```text
//! AZURE_FEDERATED_TOKEN_FILE=/run/app/token cargo run --example federated_token
//! ```
//!
//! The account has to have outbound web identity federation enabled. The application in Microsoft Entra ID has to have a
//! federated credential with the issuer of the account and the subject of this identity.

use std::num::NonZeroUsize;
use std::time::Duration;

use sts_async::operations::GetWebIdentityToken;
use sts_async::{Client, WebIdentityTokenProvider};

const AUDIENCE: &str = "api://AzureADTokenExchange";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file =
        std::env::var_os("AZURE_FEDERATED_TOKEN_FILE").ok_or("set AZURE_FEDERATED_TOKEN_FILE to a path")?;
    let tokens = WebIdentityTokenProvider::new(Client::from_env()?, NonZeroUsize::MIN);
    let input = GetWebIdentityToken::new([AUDIENCE], "RS256").duration_seconds(3600);
    // An error here is one of the configuration, as a rule.
    let token = tokens.token(&input).await?;
    println!("the first token is valid until {:?}", token.expiration);
    loop {
        // The same token is written at once. It is renewed from now on.
        let Err(error) = tokens.keep_in_file(&input, &file).await;
        eprintln!("{error}");
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}
