//! The JSON document with keys that container endpoints and the instance metadata service return.

use super::fetch::Reply;
use crate::error::CredentialsError;
use crate::keys::Credentials;
use crate::wire::json::{JsonError, Object};

/// Reads the keys from an answer (Amazon ECS Developer Guide, "Task IAM role"; Amazon EC2 User Guide, "Retrieve security
/// credentials from instance metadata"). Keys, token and expiration are required; other members, and optional ones
/// of another type, are ignored. A token is empty where a server on the user's machine gives long-term keys.
pub(super) fn read(reply: &Reply) -> Result<Credentials, CredentialsError> {
    let unusable = |error: JsonError| reply.unusable(error, ADVICE);
    let mut document = Object::parse(reply.body()).map_err(unusable)?;
    if let Some(code) = document.optional("Code").filter(|code| code.expose() != "Success") {
        let code = reply.shown(code.expose()).unwrap_or("in an unknown format");
        return Err(reply.unusable(
            format_args!("it says that there are no credentials, with the code {code}"),
            "check the role and its trust policy",
        ));
    }
    let id = reply.id("access key", document.required("AccessKeyId").map_err(unusable)?, ADVICE)?;
    let secret = document.required("SecretAccessKey").map_err(unusable)?;
    let token = document.required_or_empty("Token").map_err(unusable)?;
    let expiration = document.required_instant("Expiration");
    let mut credentials =
        Credentials::new(id.expose(), secret).with_expiration(expiration.map_err(unusable)?);
    credentials.session_token = token;
    if let Some(account) = document.optional("AccountId") {
        credentials = credentials.with_account_id(reply.id("account", account, ADVICE)?.expose());
    }
    Ok(credentials)
}

const ADVICE: &str = "check that a credentials endpoint listens there, not a web page or a proxy";
