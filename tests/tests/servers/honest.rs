//! The embedded STS is honest when clients that know nothing of it get along with it: boto3 and the AWS CLI
//! complete every operation against it, and are refused where AWS would refuse them.
//!
//! `STS_PYTHON` names a Python that has boto3, with the `aws` of awscli beside it.

use serde_json::json;
use sts_tests::sts::Server;

use super::python;

#[test]
fn boto3_and_the_aws_cli_complete_every_operation() {
    let Some(python) = python::python("boto3 and awscli") else { return };
    let sts = Server::builder().min_duration_seconds(1).packed_policy_limit(4096).start();
    let facts = json!({
        "url": sts.url(),
        "account": sts.account(),
        "access_key_id": sts.access_key_id(),
        "secret_access_key": sts.secret_access_key(),
        "user_arn": sts.user_arn(),
        "mfa_serial": sts.mfa_serial(),
        "mfa_code": sts.mfa_code(),
        "role_arn": sts.role_arn("demo"),
        "web_role_arn": sts.role_arn("web"),
        "saml_role_arn": sts.role_arn("saml"),
        "saml_provider_arn": sts.saml_provider_arn(),
        "web_identity_token": sts.web_identity_token("bob"),
        "expired_web_identity_token": sts.expired_web_identity_token("bob"),
        "saml_assertion": sts.saml_assertion("bob"),
        "trade_in_token": sts.trade_in_token(),
        "message": r#"{"allowed": false, "why": "<&>"}"#,
        "encoded_message": sts.authorization_message(r#"{"allowed": false, "why": "<&>"}"#),
    });
    let output = python::run(&python, "honest.py", &facts);
    print!("{}", String::from_utf8_lossy(&output.stdout));

    let operations = [
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
        "DecodeAuthorizationMessage",
        "GetAccessKeyInfo",
        "GetCallerIdentity",
        "GetDelegatedAccessToken",
        "GetFederationToken",
        "GetSessionToken",
        "GetWebIdentityToken",
    ];
    let requests = sts.requests();
    for operation in operations {
        for client in ["Boto3/", "aws-cli/"] {
            let completed = requests.iter().any(|request| {
                let agent = request
                    .headers
                    .get("user-agent")
                    .and_then(|agent| agent.to_str().ok())
                    .unwrap_or_default();
                request.action.as_deref() == Some(operation)
                    && request.status == 200
                    && agent.starts_with(client)
            });
            assert!(completed, "{client} has not completed {operation}");
        }
    }
}
