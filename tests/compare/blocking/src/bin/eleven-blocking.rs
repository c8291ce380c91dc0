//! Uses each operation once, with sts-blocking: how large that makes a program. It is not run.

use sts_blocking::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage,
    GetAccessKeyInfo, GetDelegatedAccessToken, GetFederationToken, GetSessionToken, GetWebIdentityToken,
};

fn main() -> Result<(), sts_blocking::Error> {
    let client = sts_blocking::Client::from_env()?;
    println!("{:?}", client.get_caller_identity()?.arn);
    println!("{:?}", client.assume_role(AssumeRole::new("arn", "name"))?.credentials.access_key_id);
    println!(
        "{:?}",
        client
            .assume_role_with_saml(AssumeRoleWithSaml::new("arn", "arn", "assertion"))?
            .credentials
            .access_key_id
    );
    println!(
        "{:?}",
        client
            .assume_role_with_web_identity(AssumeRoleWithWebIdentity::new("arn", "name", "token"))?
            .credentials
            .access_key_id
    );
    println!("{:?}", client.assume_root(AssumeRoot::new("account", "arn"))?.credentials.access_key_id);
    println!(
        "{:?}",
        client.decode_authorization_message(DecodeAuthorizationMessage::new("message"))?.decoded_message
    );
    println!("{:?}", client.get_access_key_info(GetAccessKeyInfo::new("key"))?.account);
    println!(
        "{:?}",
        client.get_delegated_access_token(GetDelegatedAccessToken::new("token"))?.credentials.access_key_id
    );
    println!("{:?}", client.get_federation_token(GetFederationToken::new("name"))?.credentials.access_key_id);
    println!("{:?}", client.get_session_token(GetSessionToken::new())?.credentials.access_key_id);
    println!(
        "{:?}",
        client.get_web_identity_token(GetWebIdentityToken::new(["audience"], "ES384"))?.expiration
    );
    Ok(())
}
