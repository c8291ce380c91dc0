//! Uses each operation once, with sts-async: how large that makes a program. It is not run.

use sts_async::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage,
    GetAccessKeyInfo, GetDelegatedAccessToken, GetFederationToken, GetSessionToken, GetWebIdentityToken,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), sts_async::Error> {
    let client = sts_async::Client::from_env()?;
    println!("{:?}", client.get_caller_identity().await?.arn);
    println!("{:?}", client.assume_role(AssumeRole::new("arn", "name")).await?.credentials.access_key_id);
    println!(
        "{:?}",
        client
            .assume_role_with_saml(AssumeRoleWithSaml::new("arn", "arn", "assertion"))
            .await?
            .credentials
            .access_key_id
    );
    println!(
        "{:?}",
        client
            .assume_role_with_web_identity(AssumeRoleWithWebIdentity::new("arn", "name", "token"))
            .await?
            .credentials
            .access_key_id
    );
    println!("{:?}", client.assume_root(AssumeRoot::new("account", "arn")).await?.credentials.access_key_id);
    println!(
        "{:?}",
        client
            .decode_authorization_message(DecodeAuthorizationMessage::new("message"))
            .await?
            .decoded_message
    );
    println!("{:?}", client.get_access_key_info(GetAccessKeyInfo::new("key")).await?.account);
    println!(
        "{:?}",
        client
            .get_delegated_access_token(GetDelegatedAccessToken::new("token"))
            .await?
            .credentials
            .access_key_id
    );
    println!(
        "{:?}",
        client.get_federation_token(GetFederationToken::new("name")).await?.credentials.access_key_id
    );
    println!("{:?}", client.get_session_token(GetSessionToken::new()).await?.credentials.access_key_id);
    println!(
        "{:?}",
        client.get_web_identity_token(GetWebIdentityToken::new(["audience"], "ES384")).await?.expiration
    );
    Ok(())
}
