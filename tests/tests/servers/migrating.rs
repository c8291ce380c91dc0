//! The code of other clients in MIGRATING.md does what it says there.
//!
//! `STS_PYTHON` names a Python that has boto3, `STS_NODE_MODULES` a folder with the packages of the JavaScript client.

use std::path::Path;

use serde_json::json;
use sts_tests::sts::Server;

use super::python;

#[test]
fn the_code_of_other_clients_runs() {
    let Some(python) = python::python("boto3") else { return };
    let modules = std::env::var_os("STS_NODE_MODULES");
    if modules.is_none() {
        let message = "STS_NODE_MODULES names no folder with @aws-sdk/client-sts";
        assert!(std::env::var_os("CI").is_none(), "{message}");
        super::say(format_args!("without JavaScript: {message}"));
    }
    // The code in the examples of all clients.
    let sts = Server::builder().mfa_code("123456").start();
    let facts = json!({
        "url": sts.url(),
        "access_key_id": sts.access_key_id(),
        "secret_access_key": sts.secret_access_key(),
        "mfa_serial": sts.mfa_serial(),
        "role_arn": sts.role_arn("demo"),
        "web_identity_token": sts.web_identity_token("bob"),
    });
    let mut command = python::command(&python);
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrating/check");
    command.arg(check).arg("run").env("STS_FACTS", facts.to_string());
    command.envs(modules.map(|modules| ("STS_NODE_MODULES", modules)));
    let output = command.output().expect("STS_PYTHON starts");
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
