//! The AWS CLI and both clients use each other's sessions, so that a code of an MFA device is asked for once.
//!
//! `STS_PYTHON` names a Python that has the `aws` of awscli beside it.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use sts_proto::operations::GetCallerIdentity;
use sts_tests::driver::{Setup, through_both};
use sts_tests::home::Home;
use sts_tests::sts::Server;

use super::python;

#[test]
fn the_aws_cli_and_both_clients_use_each_others_sessions() {
    let Some(python) = python::python("awscli") else { return };
    for begins_with_cli in [false, true] {
        through_both(|make| {
            let sts = Server::start();
            let (serial, code) = (sts.mfa_serial(), sts.mfa_code().to_owned());
            let home = home(&sts);
            let cli = || aws(&python, &home, &sts.url(), &code);
            let asked = Arc::new(AtomicUsize::new(0));
            let ask = {
                let (asked, code) = (Arc::clone(&asked), code.clone());
                move |device: &str| {
                    asked.fetch_add(1, Ordering::SeqCst);
                    (device == serial).then(|| code.as_str().into())
                }
            };
            let url = sts.url();
            let variables = home.variables(&[("AWS_ENDPOINT_URL_STS", &url)]);
            let setup = Setup::of_environment(variables).profile("r").share_cli_cache().mfa_code(ask);
            let sts_client = || make(&setup).unwrap();
            let mut arns = Vec::new();
            if begins_with_cli {
                arns.push(cli());
            }
            let client = sts_client();
            arns.push(client.send(GetCallerIdentity::new()).unwrap().arn);
            let told = client.explain().to_string();
            let expected =
                if begins_with_cli { "from the aws cli's cache, " } else { "kept in the aws cli's cache, " };
            assert!(told.contains(expected), "{told}");
            // The next process uses the same session.
            arns.push(sts_client().send(GetCallerIdentity::new()).unwrap().arn);
            arns.push(cli());
            assert!(arns.iter().all(|arn| *arn == arns[0] && arn.contains("/demo/")), "{arns:?}");
            assert_eq!(asked.load(Ordering::SeqCst), usize::from(!begins_with_cli), "how often it was asked");
            let begun = sts.requests().iter().filter(|it| it.action.as_deref() == Some("AssumeRole")).count();
            assert_eq!(begun, 1, "sessions were begun");
        });
    }
}

/// A home directory with a profile `r`, a role that needs a code.
fn home(sts: &Server) -> Home {
    Home::with_config(&format!(
        "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
         [profile r]\nrole_arn = {}\nsource_profile = base\nmfa_serial = {}\nexternal_id = x:1\n",
        sts.access_key_id(),
        sts.secret_access_key(),
        sts.role_arn("demo"),
        sts.mfa_serial(),
    ))
}

/// The ARN that the AWS CLI has. It reads the code, if it asks, from its input, since it has no terminal.
fn aws(python: &Path, home: &Home, url: &str, code: &str) -> String {
    let aws = python.parent().expect("a Python is in a folder").join("aws");
    let mut child = python::command(python)
        .args(["-c", WITHOUT_TERMINAL])
        .arg(aws)
        .args(["sts", "get-caller-identity", "--profile", "r", "--output", "json"])
        .envs(home.variables(&[("AWS_ENDPOINT_URL_STS", url), ("AWS_PAGER", ""), ("PYTHONUTF8", "1")]))
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("STS_PYTHON starts");
    // It may end without having read it.
    let _ = child.stdin.take().expect("it has an input").write_all(format!("{code}\n").as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "aws: {}", String::from_utf8_lossy(&output.stderr));
    let identity: Value = serde_json::from_slice(&output.stdout).expect("it prints json");
    identity["Arn"].as_str().expect("it prints an ARN").to_owned()
}

const WITHOUT_TERMINAL: &str = "import os, runpy, sys
if hasattr(os, 'setsid'): os.setsid()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
";
