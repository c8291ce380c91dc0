//! The embedded STS is honest when clients that know nothing of it get along with it: boto3 and the AWS CLI
//! complete every operation against it, and are refused where AWS would refuse them.
//!
//! `STS_PYTHON` names a Python that has boto3, with the `aws` of awscli beside it.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use sts_tests::sts::Server;

#[test]
fn boto3_and_the_aws_cli_complete_every_operation() {
    let Some(python) = std::env::var_os("STS_PYTHON") else {
        let message = "STS_PYTHON names no Python that has boto3 and awscli";
        assert!(std::env::var_os("CI").is_none(), "{message}");
        // Past the test harness, which keeps what a passing test prints to itself.
        let _ =
            std::io::Write::write_fmt(&mut std::io::stdout().lock(), format_args!("skipped: {message}\n"));
        return;
    };
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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/honest.py");
    // Nothing of the surroundings is to be found: neither a configuration nor a proxy.
    let output = Command::new(&python)
        .arg("-I")
        .arg(script)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("STS_FACTS", facts.to_string())
        .output()
        .expect("STS_PYTHON starts");
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "honest.py says no: {}", output.status);

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
