//! Calls the eleven operations of the embedded STS through one client. The tour prints the results, the tests
//! check them.

use sts_proto::operations::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage,
    GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken, GetFederationToken, GetSessionToken,
    GetWebIdentityToken,
};
use sts_proto::{Error, Operation, Output};

use crate::driver::Driver;
use crate::sts::Server;

macro_rules! actions {
    (() $($(#[$sentence:meta])* $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt)*) => {
        &[$(<sts_proto::operations::$operation as Operation>::ACTION),*]
    };
}

/// The actions of the list of operations.
pub const ACTIONS: &[&str] = sts_proto::for_each_operation!(actions);

/// The result of one operation.
#[derive(Debug)]
pub struct Row {
    /// The action.
    pub operation: &'static str,
    /// A short description of the output and the request id, or the error.
    pub outcome: Result<(String, String), Error>,
}

/// Asks for all eleven, in the order of the list, each with something that the server grants, as its user `alice`.
pub fn eleven(driver: &Driver, sts: &Server) -> Vec<Row> {
    let demo = sts.role_arn("demo");
    let message = sts.authorization_message(r#"{"allowed":false}"#);
    vec![
        row(driver, GetCallerIdentity::new(), |me| me.arn.clone()),
        row(
            driver,
            AssumeRole::new(&demo, "tour").duration_seconds(900).tags([("team", "a b+c/é")]).policy(POLICY),
            |role| format!("{} for 15 minutes", role.credentials.access_key_id),
        ),
        row(
            driver,
            AssumeRoleWithSaml::new(sts.role_arn("saml"), sts.saml_provider_arn(), sts.saml_assertion("bob")),
            |role| {
                format!("{} for {}", role.credentials.access_key_id, role.subject.as_deref().unwrap_or("?"))
            },
        ),
        row(
            driver,
            AssumeRoleWithWebIdentity::new(sts.role_arn("web"), "bob", sts.web_identity_token("bob")),
            |role| {
                let subject = role.subject_from_web_identity_token.as_deref().unwrap_or("?");
                format!("{} for {subject}", role.credentials.access_key_id)
            },
        ),
        row(
            driver,
            AssumeRoot::new(sts.account(), "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"),
            |root| format!("{} for one task", root.credentials.access_key_id),
        ),
        row(driver, DecodeAuthorizationMessage::new(&message), |decoded| decoded.decoded_message.clone()),
        row(driver, GetAccessKeyInfo::new(sts.access_key_id()), |key| format!("account {}", key.account)),
        row(driver, GetDelegatedAccessToken::new(sts.trade_in_token()), |delegated| {
            format!("{} for a partner", delegated.credentials.access_key_id)
        }),
        row(driver, GetFederationToken::new("carol").duration_seconds(900), |federated| {
            let arn = federated.federated_user.as_ref().and_then(|user| user.arn.as_deref());
            let name = arn.and_then(|arn| arn.rsplit('/').next());
            format!("{} for {}", federated.credentials.access_key_id, name.unwrap_or("?"))
        }),
        row(
            driver,
            GetSessionToken::new().serial_number(sts.mfa_serial()).token_code(sts.mfa_code()),
            |session| format!("{} with mfa", session.credentials.access_key_id),
        ),
        row(driver, GetWebIdentityToken::new(["https://api.example.com"], "ES384"), |token| {
            format!("a token of {} characters", token.web_identity_token.expose().len())
        }),
    ]
}

fn row<O: Operation + Send + 'static>(
    driver: &Driver,
    operation: O,
    shown: impl FnOnce(&O::Output) -> String,
) -> Row {
    let outcome = driver.send(operation).map(|output| {
        let request_id = output.metadata().request_id().unwrap_or("none").to_owned();
        (shown(&output), request_id)
    });
    Row { operation: O::ACTION, outcome }
}

/// With spaces and line breaks, as in policies written by hand.
const POLICY: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \
                      \"Resource\": \"*\"}]\n}";
